"""The file of a clip after an erasure: a redacted successor takes its place, the old bytes go.

For the worker, which has the signing key. Each step can be broken off anywhere and done again:
the new file lies on disk before the row that names it, and the old one goes after that row.
"""

import hashlib
import logging
import secrets
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from provenance import vault
from provenance.core import credentials, readings, redactions
from provenance.core.clip_facts import Generator
from provenance.core.credentials import RawReport
from provenance.core.errors import ProvenanceError
from provenance.core.records import JSON, SALT_BYTES, Opening
from provenance.core.redactions import Redaction
from provenance.log import erasure, outbox
from provenance.log.receipts import receipt
from provenance.verify.models import Credential

from . import storage
from .describing import title_of
from .errors import RedactionFailed
from .models import Act, Clip, Generation, Visibility

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Successor:
    """A signed file that was read back, kept, and found to disclose nothing that was erased."""

    stored: storage.StoredFile
    manifest_id: str
    signer_serial: str
    file: Opening
    stamped_at: datetime | None


def run(clip_id: uuid.UUID) -> None:
    """Do for a clip's files what its erasures ask for; does nothing where all is done.

    What cannot be done now is left sealed, and said in the log: the sweep sends it again.
    """
    close_old_connections()
    with _alone(clip_id) as alone:
        if not alone:
            return
        try:
            _replace(Clip.objects.select_related("credential", "generation").get(pk=clip_id))
            _delete_retired(Clip.objects.select_related("generation").get(pk=clip_id))
        except (ProvenanceError, RedactionFailed) as failure:
            log.error("clip %s stays sealed: %s", clip_id, failure)
        except OSError as failure:
            log.error("clip %s stays sealed: %s", clip_id, failure.strerror)


def _replace(clip: Clip) -> None:
    old = clip.credential
    if old.retired_at is not None or not old.sealed:
        return
    wanted = sorted(set(old.erased))
    with tempfile.TemporaryDirectory(dir=storage.work_folder()) as folder:
        new = _sign(clip, wanted, Path(folder))
    if new is None:
        Credential.objects.filter(pk=old.pk, erased=old.erased).update(redacted=old.erased)
        return
    index = outbox.wait_for(old.generated_ticket, settings.LOG_WAIT_SECONDS)
    with transaction.atomic():
        row = Clip.objects.select_for_update(of=("self",)).get(pk=clip.pk)
        current = Credential.objects.select_for_update().get(pk=row.credential_id)
        if current.pk != old.pk or current.retired_at or sorted(set(current.erased)) != wanted:
            return  # something else was erased meanwhile: the next run sees to both
        _exchange(row, current, new)
    log.info("clip %s: its file of entry %d has a redacted successor", clip.pk, index)


def _exchange(row: Clip, old: Credential, new: Successor) -> None:
    """Retire one file, issue the other: entry, ledger and clip in the caller's transaction."""
    last = _acts(old.erased, old.attempt)[-1]
    named: dict[str, JSON] = {"manifest": new.manifest_id}
    if row.published_at is not None:
        named |= {"clip": str(row.pk), "sha256": new.stored.sha256}
    ticket = erasure.erase_file(old.generated_ticket, last.by, last.reason, named, new.file)
    old.retired_at = timezone.now()
    old.save(update_fields=["retired_at"])
    row.credential = Credential.objects.create(
        sha256=new.stored.sha256,
        size=new.stored.size,
        manifest_id=new.manifest_id,
        signer_serial=new.signer_serial,
        attempt=old.attempt,
        rendered_index=old.rendered_index,
        generated_ticket=ticket,
        clip_id=old.clip_id,
        pictures_sha256=old.pictures_sha256,
        pictures_size=old.pictures_size,
        stamped_at=new.stamped_at,
        erased=old.erased,
        redacted=old.erased,
        supersedes=old,
    )
    row.save(update_fields=["credential"])


def _sign(clip: Clip, wanted: list[str], folder: Path) -> Successor | None:
    """None where the file discloses nothing of that, such as a remix of a redacted clip."""
    source = _sound_file(clip.credential)
    anchors = vault.anchors(settings.KEYS_DIR)
    before = _report(source, anchors)
    asked = [_redaction(name, clip.generation.attempt) for name in wanted]
    if not any(redactions.disclosing(before.store, redaction) for redaction in asked):
        return None
    file_salt = secrets.token_bytes(SALT_BYTES)
    facts = redactions.SuccessorFacts(
        title=title_of(clip.generation),
        at=timezone.now(),
        generator=Generator(settings.SITE_NAME, settings.VERSION),
        redactions=asked,
        receipts=[receipt(index) for index in _entries(clip, wanted)],
        file_salt=file_salt,
        log_origin=settings.LOG_ORIGIN,
    )
    target = folder / "clip.mp4"
    embedded = credentials.embed(
        source, target, redactions.successor_manifest(before.store, facts),
        credentials.thumbnail_of(source, anchors),
        vault.signing_identity(settings.KEYS_DIR, settings.TSA_URL), anchors,
        credentials.Ingredient(source, redactions.PARENT, title_of(clip.generation), "parentOf"),
    )  # fmt: skip
    found = _check(target, anchors, before, asked)
    stored = storage.keep(target)
    opening = Opening("file", file_salt, {"sha256": stored.sha256})
    serial = str(found.signer["serial"])
    return Successor(stored, embedded.manifest_id, serial, opening, found.stamped_at)


def _sound_file(credential: Credential) -> Path:
    """The file as it was issued: the archive does not sign anew what was changed meanwhile."""
    path = storage.path_of(credential.sha256)
    try:
        sound = storage.sha256_of(path) == credential.sha256
    except FileNotFoundError:
        sound = False
    if not sound:
        raise RedactionFailed(
            f"its file {credential.sha256} is missing or damaged: see manage.py fixity, and put "
            "it back from a backup"
        )
    return path


def _entries(clip: Clip, wanted: list[str]) -> list[int]:
    """Attempt, rendering, and the entries that say what was erased and by whom."""
    tickets = [clip.generation.attempt_ticket]
    tickets += [act.ticket for act in _acts(wanted, clip.generation.attempt) if act.ticket]
    seconds = settings.LOG_WAIT_SECONDS
    attempt, *erased = [outbox.wait_for(ticket, seconds) for ticket in tickets]
    return [attempt, clip.credential.rendered_index, *erased]


def _redaction(name: str, own_attempt: str) -> Redaction:
    attempt, _, field = name.rpartition(":")
    act = _acts([name], own_attempt)[-1]
    issued = Credential.objects.filter(attempt=attempt or own_attempt)
    return Redaction(
        field, act.by, act.reason, frozenset(issued.values_list("manifest_id", flat=True))
    )


def _acts(names: list[str], own_attempt: str) -> list[Act]:
    """The acts behind what was erased of a clip, or of one that it is a remix of."""
    found: list[Act] = []
    for name in names:
        attempt, _, field = name.rpartition(":")
        generation = Generation.objects.get(attempt=attempt or own_attempt)
        kinds = (field, Act.Kind.CLIP_ERASED)
        found += generation.acts.filter(kind__in=kinds).order_by("id")
    return sorted({act.pk: act for act in found}.values(), key=lambda act: act.pk)


def _check(
    target: Path, anchors: list[credentials.Anchor], before: RawReport, asked: list[Redaction]
) -> readings.Reading:
    """Read the successor back: trusted, and free of what was to be taken out of it."""
    after = _report(target, anchors)
    found = readings.reading(after)
    if found.state != "trusted" or found.trust_uri not in {each.trust_uri for each in anchors}:
        raise RedactionFailed("the redacted file did not hold when read back")
    data = target.read_bytes()
    if any(salt in data for salt in _salts(before, asked)) or any(
        redactions.disclosing(after.store, redaction) for redaction in asked
    ):
        raise RedactionFailed("the redacted file still disclosed what was erased")
    return found


def _salts(before: RawReport, asked: list[Redaction]) -> Iterator[bytes]:
    """The salts that the old file disclosed, as they stand in it."""
    for redaction in asked:
        for manifest_id in redaction.manifests & before.store["manifests"].keys():
            for each in before.store["manifests"][manifest_id].get("assertions") or ():
                if each["label"] == redactions.LABELS[redaction.field] and "salt" in each["data"]:
                    yield str(each["data"]["salt"]).encode()


def _report(path: Path, anchors: list[credentials.Anchor]) -> RawReport:
    raw = credentials.read(path, anchors)
    if raw is None:
        raise RedactionFailed("its file carries no credential")
    return raw


def _delete_retired(clip: Clip) -> None:
    """Delete the bytes of every retired file of a clip, and all of an erased one's pictures."""
    doomed = Credential.objects.filter(
        attempt=clip.generation.attempt, retired_at__isnull=False, deleted_at__isnull=True
    )
    for credential in list(doomed):
        storage.delete(credential.sha256)
        if clip.visibility == Visibility.ERASED:
            _delete_pictures(clip)
        Credential.objects.filter(pk=credential.pk).update(deleted_at=timezone.now())
        log.info("clip %s: the bytes of a retired file are deleted", clip.pk)


def _delete_pictures(clip: Clip) -> None:
    """Two clips of the same request have the same pictures: those that another shows stay."""
    for column in Clip.PICTURES:
        picture = getattr(clip, column)
        others = Clip.objects.filter(**{column: picture}).exclude(pk=clip.pk)
        if picture and not others.exists():
            storage.delete(picture)
    Clip.objects.filter(pk=clip.pk).update(**dict.fromkeys(Clip.PICTURES, ""))


@contextmanager
def _alone(clip_id: uuid.UUID) -> Iterator[bool]:
    """Whether no other worker is at this clip; the lock goes with the connection."""
    digest = hashlib.sha256(b"redact " + clip_id.bytes).digest()
    key = int.from_bytes(digest[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        (got,) = cursor.fetchone()
    try:
        yield bool(got)
    finally:
        if got:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
