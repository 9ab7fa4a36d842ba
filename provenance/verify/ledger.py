"""Questions to the ledger of issued files, answered in the words of the trusted core."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.utils.module_loading import import_string

from provenance.core.records import EntryType, Opening
from provenance.core.verdicts import Issued, Ledger
from provenance.core.wording import Superseded
from provenance.log import outbox, receipts
from provenance.log.models import Entry

from .models import Credential, Revealed

PUBLISHED = "published"


@dataclass(frozen=True)
class Clip:
    """What the line says of a clip: what became of it, and where its signed file lies."""

    standing: str
    path: Path


_table = Credential._meta.db_table
# One question for all, each part by its own index: most files that come were never issued here.
_KNOWN = f"""
SELECT EXISTS (SELECT FROM {_table} WHERE sha256 = %s)
    OR EXISTS (SELECT FROM {_table} WHERE manifest_id = ANY(%s))
    OR EXISTS (SELECT FROM {_table} WHERE pictures_size > 0 AND pictures_size = %s)
"""  # noqa: S608


def knows(sha256: str, manifest_ids: Sequence[str], pictures_size: int) -> bool:
    """Whether any issued file has this hash, one of these manifests, or as many bytes of pictures;
    where not, `consult` and `with_pictures` find nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [sha256, list(manifest_ids), pictures_size])
        ((known,),) = cursor.fetchall()
    return bool(known)


def consult(sha256: str, manifest_ids: Sequence[str]) -> Ledger:
    """What was issued under this hash (lower-case hex), and under one of these manifests."""
    named = Q(sha256=sha256) | Q(manifest_id__in=list(manifest_ids))
    found = list(Credential.objects.filter(named).order_by("created_at"))
    by_sha256 = _issued(next((row for row in found if row.sha256 == sha256), None))
    if by_sha256 is not None and by_sha256.manifest_id in manifest_ids:
        return Ledger(by_sha256, by_sha256)
    by_manifest = next((row for row in found if row.manifest_id in manifest_ids), None)
    return Ledger(by_sha256, _issued(by_manifest))


def with_pictures(
    size: int, pictures: Callable[[], str], manifest_ids: Sequence[str]
) -> Issued | None:
    """An issued file with these very pictures, rather the one that bears one of the manifests.

    Their hash is only asked for where some issued file has as many bytes of them.
    """
    if not size or not Credential.objects.filter(pictures_size=size).exists():
        return None
    found = list(Credential.objects.filter(pictures_size=size, pictures_sha256=pictures())[:100])
    found.sort(key=lambda each: each.manifest_id not in manifest_ids)
    return _issued(found[0]) if found else None


@dataclass(frozen=True)
class Named:
    """An issued file that was asked for by a name; `told` says whether its hash is nobody's secret.

    Of a clip that was never published the log tells the manifest, but not the hash.
    """

    credential: Credential
    issued: Issued
    entry: int | None
    told: bool


def look_up(text: str) -> Named | None:
    """What was issued under a SHA-256, a clip's id or address, or a manifest's id."""
    credential = _named(text)
    if credential is None:
        return None
    found = issued(credential)
    told = found.public or credential.sha256 in text.lower()
    return Named(credential, found, entry_of(credential), told)


def _named(text: str) -> Credential | None:
    word = text.strip().rstrip("/").rpartition("/")[2].removesuffix(".mp4")
    if "\0" in word:  # which no name has, and no database takes
        return None
    if word.startswith("urn:"):
        return Credential.objects.filter(manifest_id=word).first()
    if len(word) == 64:
        return Credential.objects.filter(sha256=word.lower()).first()
    try:
        files = Credential.objects.filter(clip_id=uuid.UUID(word))
        return files.order_by(F("retired_at").desc(nulls_first=True)).first()
    except ValueError:
        return None


def issued(credential: Credential) -> Issued:
    """A row in the words of the core."""
    index = outbox.index_of(credential.generated_ticket)
    clip = clip_of(credential.clip_id)
    return Issued(
        sha256=credential.sha256,
        manifest_id=credential.manifest_id,
        generated=None if index is None else receipts.first_receipt(index),
        erased=tuple(credential.erased),
        superseded=_superseded(credential),
        size=credential.size,
        clip=str(credential.clip_id),
        at=credential.created_at,
        standing=clip.standing if clip else "",
        revealed=_revealed(credential) if clip and clip.standing == PUBLISHED else (),
    )


def entry_of(credential: Credential) -> int | None:
    """The number of its entry in the log, once a checkpoint covers it."""
    return outbox.index_of(credential.generated_ticket)


def clip_of(clip_id: uuid.UUID) -> Clip | None:
    """What the line says of a clip; it is named in the settings, because it rests on this room."""
    found = _line()(clip_id)
    return Clip(*found) if found else None


def public_file(credential: Credential) -> Path | None:
    """Where an issued file lies, if everybody may have it and no other took its place."""
    found = clip_of(credential.clip_id) if credential.retired_at is None else None
    if found is None or found.standing != PUBLISHED or not found.path.exists():
        return None
    return found.path


def _line() -> Callable[[uuid.UUID], tuple[str, Path] | None]:
    line: Callable[[uuid.UUID], tuple[str, Path] | None] = import_string(settings.VERIFY_CLIPS)
    return line


def _revealed(credential: Credential) -> tuple[Opening, ...]:
    """What its artist hid at first and has shown to everybody since."""
    attempt = Entry.objects.filter(attempt=credential.attempt, kind=EntryType.ATTEMPT).first()
    if attempt is None:
        return ()
    shown = Revealed.objects.filter(ticket=attempt.ticket).values_list("field", flat=True)
    openings = outbox.openings_of(attempt.ticket) if shown else {}
    return tuple(openings[field] for field in shown if field in openings)


def _issued(credential: Credential | None) -> Issued | None:
    return None if credential is None else issued(credential)


def _superseded(credential: Credential) -> Superseded:
    """What became of the archive's own copy of the file."""
    if credential.retired_at is None:
        return ""
    current = Credential.objects.filter(attempt=credential.attempt, retired_at__isnull=True)
    return "redacted" if current.exists() else "erased"
