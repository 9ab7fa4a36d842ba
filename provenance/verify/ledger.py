"""Questions to the ledger of issued files, answered in the words of the trusted core."""

from collections.abc import Sequence

from provenance.core.verdicts import Issued, Ledger
from provenance.core.wording import Superseded
from provenance.log import outbox, receipts

from .models import Credential


def consult(sha256: str, manifest_ids: Sequence[str]) -> Ledger:
    """What was issued under this hash (lower-case hex), and under one of these manifests."""
    by_sha256 = Credential.objects.filter(sha256=sha256).first()
    by_manifest = Credential.objects.filter(manifest_id__in=list(manifest_ids)).first()
    return Ledger(_issued(by_sha256), _issued(by_manifest))


def issued_as(sha256: str, manifest_id: str) -> Credential | None:
    """The row behind a verdict: the very file, or else the file that bore this manifest."""
    exact = Credential.objects.filter(sha256=sha256).first()
    return exact or Credential.objects.filter(manifest_id=manifest_id).first()


def _issued(credential: Credential | None) -> Issued | None:
    if credential is None:
        return None
    index = outbox.index_of(credential.generated_ticket)
    receipt = None if index is None else receipts.receipt(index)
    return Issued(
        credential.sha256, credential.manifest_id, receipt,
        erased=tuple(credential.erased), superseded=_superseded(credential),
    )  # fmt: skip


def _superseded(credential: Credential) -> Superseded:
    """What became of the archive's own copy of the file."""
    if credential.retired_at is None:
        return ""
    current = Credential.objects.filter(attempt=credential.attempt, retired_at__isnull=True)
    return "redacted" if current.exists() else "erased"
