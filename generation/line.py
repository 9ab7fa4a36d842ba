"""The line of a clip: claim, render, encode, log, describe, sign, read back, keep, record.

Whatever happens, the generation ends in exactly one outcome that is logged together with its row,
or goes back to the queue untouched.
"""

import logging
import secrets
import tempfile
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import (
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)

from provenance import vault
from provenance.core import credentials, manifests, readings
from provenance.core.boxes import pictures_of
from provenance.core.errors import ProvenanceError, SignerUnavailable, StampUnavailable
from provenance.core.proofs import Receipt
from provenance.core.records import EntryType, Opening
from provenance.log import outbox
from provenance.log.receipts import receipt
from provenance.verify.models import Credential

from . import asking, describing, encode, erasing, leases, progress, signing, storage, telling
from .engines.base import EngineFacts, Frames, RenderRequest
from .engines.catalog import ModelCard, card
from .engines.pool import engine_for
from .errors import AttemptFailed, Cancelled, LeaseLost, Refused
from .models import Clip, Generation, State
from .rules import rules

log = logging.getLogger(__name__)

REQUEST_FIELDS = (
    "prompt", "negative_prompt", "seed", "steps", "guidance", "width", "height", "frames", "fps",
)  # fmt: skip
LOG_AWAY = "The public log could not be reached, so no clip was made. Please ask again later."
DATABASE_AWAY = "The database went away again and again. Please ask again later."
WORDS_UNSIGNED = "The clip could not be given its credential."
WORDS_UNKNOWN = "Something went wrong in the worker. The operator can see what in its log."


@dataclass(frozen=True)
class Job:
    """One generation under one lease, with the model it asks for."""

    generation: Generation
    owner: uuid.UUID
    card: ModelCard


Render = Callable[[Job], tuple[Frames, EngineFacts]]


@dataclass(frozen=True)
class Evidence:
    """The `rendered` entry of this try and the receipts that go into the credential."""

    rendered_index: int
    receipts: tuple[Receipt, ...]
    media: Opening


@dataclass(frozen=True)
class Signed:
    """A clip that was signed, read back and found trusted, kept under its hash."""

    stored: storage.StoredFile
    manifest_id: str
    signer_serial: str
    file: Opening
    pictures: tuple[str, int]
    stamped_at: datetime | None


def run(generation_id: uuid.UUID) -> None:
    """Run the line once for a generation; does nothing where another worker has it."""
    close_old_connections()
    owner = uuid.uuid4()
    generation = leases.claim(generation_id, owner)
    if generation is None:
        log.info("generation %s is not there to be claimed", generation_id)
        return
    work_on(generation, owner)


def work_on(generation: Generation, owner: uuid.UUID, render: Render | None = None) -> None:
    """The line for a claimed generation; `render` gives frames that are there already."""
    with ending(generation, owner):
        log.info("generation %s claimed, try %d", generation.pk, generation.tries)
        with leases.heartbeat(generation.pk, owner):
            _clip(Job(generation, owner, card(generation.model)), render or _render)
        telling.OUTCOMES.labels(generation.model, State.DONE.value).inc()
        log.info("generation %s done", generation.pk)


@contextmanager
def ending(generation: Generation, owner: uuid.UUID) -> Iterator[None]:
    """Whatever is raised within becomes the attempt's outcome, or sends it back to the queue."""
    with telling.about(generation.pk):
        try:
            yield
        except Exception as failure:  # noqa: BLE001 - it must end in an outcome all the same
            _ended_by(failure, generation, owner)
        except (SystemExit, KeyboardInterrupt):
            let_go(generation, owner)
            raise


def _ended_by(failure: Exception, generation: Generation, owner: uuid.UUID) -> None:
    match failure:
        case Cancelled():
            _end(generation, owner, State.CANCELLED, EntryType.CANCELLED, {"by": "artist"}, "")
        case LeaseLost():
            log.warning("generation %s: the lease was lost, another worker goes on", generation.pk)
        case outbox.LogUnavailable() | SignerUnavailable() | StampUnavailable():
            _postpone(generation, owner, failure)
        case OperationalError() | InterfaceError():
            _without_database(generation, owner, failure)
        case AttemptFailed():
            refused = isinstance(failure, Refused)
            _fail(generation, owner, failure.code, failure.words, refused)
        case ProvenanceError():
            log.error("generation %s: %s", generation.pk, type(failure).__name__)
            _fail(generation, owner, "credential_refused", WORDS_UNSIGNED)
        case OSError():
            log.error("generation %s: %s", generation.pk, failure.strerror)
            words = f"The clip could not be stored: {failure.strerror}."
            _fail(generation, owner, "storage", words)
        case _:
            # The message of an unknown error may quote the prompt: only where and what it was.
            name, where = type(failure).__name__, _where(failure)
            log.error("generation %s: %s\n%s", generation.pk, name, where)
            _fail(generation, owner, "internal", WORDS_UNKNOWN)


def _clip(job: Job, render: Render) -> None:
    wait_until_logged(job)
    frames, facts = render(job)
    with tempfile.TemporaryDirectory(dir=storage.work_folder()) as folder:
        media = Path(folder) / "media.mp4"
        with telling.timed(job.card.id, "encode"):
            encode.encode_mp4(frames, job.generation.fps, media)
        leases.check_cancel(job.generation.pk, job.owner)
        with telling.timed(job.card.id, "log"):
            evidence = _log_rendered(job, media)
        with telling.timed(job.card.id, "sign"):
            signed = _sign(job, facts, evidence, media, encode.thumbnail(frames))
        pictures = _pictures(frames, job.generation.fps)
    try:
        _record(job, evidence, signed, pictures, frames.shape)
    except (Cancelled, LeaseLost):
        storage.delete(signed.stored.sha256)  # it tells who asked for what, and no row names it
        raise


def wait_until_logged(job: Job) -> None:
    """No frame is rendered before the attempt stands in the log."""
    outbox.wait_for(job.generation.attempt_ticket, settings.LOG_WAIT_SECONDS)


def _render(job: Job) -> tuple[Frames, EngineFacts]:
    generation = job.generation
    engine, request = engine_for(job.card), request_of(generation)
    with telling.timed(job.card.id, "render"):
        frames = engine.render(request, progress.reporter(generation.pk, job.owner))
    return encode.enlarge(frames, job.card.upscale, job.card.upscale_filter), engine.facts


def request_of(generation: Generation) -> RenderRequest:
    """What the engine is asked for; the frame to begin with comes from our own storage."""
    asked = {name: getattr(generation, name) for name in REQUEST_FIELDS}
    parent = _parent(generation) if generation.begins_with else None
    first = encode.frame_of(parent.source, generation.begins_with) if parent else None
    return RenderRequest(**asked, first=first)


def _log_rendered(job: Job, media: Path) -> Evidence:
    """Entry `rendered`: a salted commitment to the unsigned media, with this try's number."""
    generation = job.generation
    digest = storage.sha256_of(media)
    if refusal := rules().refusal_of_file(digest):
        raise Refused(*refusal)
    opening = outbox.new_opening("media", {"sha256": digest})
    with transaction.atomic():
        ticket = outbox.submit(
            EntryType.RENDERED, {"attempt": generation.attempt, "try": generation.tries}, [opening]
        )
    index = outbox.wait_for(ticket, settings.LOG_WAIT_SECONDS)
    attempt_index = outbox.wait_for(generation.attempt_ticket, settings.LOG_WAIT_SECONDS)
    return Evidence(index, (receipt(attempt_index), receipt(index)), opening)


def _sign(
    job: Job, facts: EngineFacts, evidence: Evidence, media: Path, thumbnail: bytes
) -> Signed:
    """Describe, sign, read back, keep: what does not read as Trusted under our list is no clip."""
    file_salt = secrets.token_bytes(32)
    manifest = manifests.clip_manifest(
        describing.facts_of(
            job.generation, job.card, facts, evidence.receipts, evidence.media, file_salt
        )
    )
    anchors = vault.anchors(settings.KEYS_DIR)
    target = media.with_name("clip.mp4")
    parent = _parent(job.generation)
    embedded = signing.patiently(
        lambda identity: credentials.embed(
            media, target, manifest, thumbnail, identity, anchors, parent
        ),
        lambda: leases.check_cancel(job.generation.pk, job.owner),
    )
    reading = _read_back(target, anchors)
    stored = storage.keep(target)
    opening = Opening("file", file_salt, {"sha256": stored.sha256})
    return Signed(
        stored, embedded.manifest_id, str(reading.signer["serial"]), opening,
        _pictures_of(stored.path), reading.stamped_at,
    )  # fmt: skip


def _pictures_of(path: Path) -> tuple[str, int]:
    """What a copy without its credential is known by: hash and size of the pictures alone."""
    with path.open("rb") as stream:
        return pictures_of(stream)


def _read_back(target: Path, anchors: list[credentials.Anchor]) -> readings.Reading:
    raw = credentials.read(target, anchors)
    reading = readings.reading(raw) if raw else None
    if (
        reading is None
        or reading.state != "trusted"
        or reading.trust_uri not in _uris(anchors)
        or any(failure.about_bytes for failure in reading.failures)  # those of a parent too
    ):
        raise AttemptFailed(
            "credential_refused", "The clip's credential did not hold when read back."
        )
    return reading


def _parent(generation: Generation) -> credentials.Ingredient | None:
    """The clip that this one is a remix of, from our own storage and as it was issued."""
    parent = (
        Clip.objects.select_related("credential", "generation").filter(remixes=generation).first()
    )
    if parent is None:
        return None
    if parent.credential.sealed:
        words = "Something is being taken out of the clip that this would be a remix of. Ask again."
        raise AttemptFailed("parent_sealed", words)
    if not parent.published:
        words = "The clip that this would be a remix of was taken down meanwhile."
        raise AttemptFailed("parent_withdrawn", words)
    file = storage.path_of(parent.credential.sha256)
    if storage.sha256_of(file) != parent.credential.sha256:
        words = "The archive's copy of the clip that this would be a remix of is damaged."
        raise AttemptFailed("parent_damaged", words)
    return credentials.Ingredient(
        file, manifests.PARENT, describing.title_of(parent.generation), "inputTo"
    )


def _pictures(frames: Frames, fps: int) -> dict[str, str]:
    """Posters and preview, kept: the columns of Clip.PICTURES with their hashes."""
    drawn = {f"poster_{kind}_sha256": encode.poster(frames, kind) for kind in ("avif", "jpeg")}
    drawn |= {
        "poster_sha256": encode.poster(frames),
        "preview_sha256": encode.preview(frames, fps),
    }
    return {column: storage.keep_bytes(picture).sha256 for column, picture in drawn.items()}


def _record(
    job: Job, evidence: Evidence, signed: Signed, pictures: dict[str, str], shape: tuple[int, ...]
) -> None:
    """Credential, clip, log entry and outcome in one transaction, only under our own lease."""
    generation = job.generation
    with transaction.atomic():
        row = _held_row(generation.pk, job.owner)
        ticket = outbox.submit(
            EntryType.GENERATED,
            {
                "attempt": row.attempt,
                "rendered": evidence.rendered_index,
                "manifest": signed.manifest_id,
            },
            [signed.file],
        )
        clip_id = uuid.uuid4()
        credential = Credential.objects.create(
            sha256=signed.stored.sha256,
            size=signed.stored.size,
            manifest_id=signed.manifest_id,
            signer_serial=signed.signer_serial,
            attempt=row.attempt,
            rendered_index=evidence.rendered_index,
            generated_ticket=ticket,
            clip_id=clip_id,
            pictures_sha256=signed.pictures[0],
            pictures_size=signed.pictures[1],
            stamped_at=signed.stamped_at,
        )
        Clip.objects.create(
            id=clip_id,
            generation=row,
            credential=credential,
            title=row.title or describing.title_of(row),
            description=row.description,
            model_title=job.card.title,
            untrained=job.card.untrained,
            **pictures,
            frames=shape[0],
            height=shape[1],
            width=shape[2],
            fps=row.fps,
        )
        row.title = row.description = ""  # the clip has them now
        erasing.inherit(row)
        asking.close(row, State.DONE, ticket)


def _held_row(generation_id: uuid.UUID, owner: uuid.UUID) -> Generation:
    row = leases.held(generation_id, owner).select_for_update().first()
    if row is None:
        raise LeaseLost
    if row.cancel_requested:
        raise Cancelled
    return row


def _end(
    generation: Generation, owner: uuid.UUID, state: State, entry: EntryType,
    body: dict[str, str], words: str,
) -> None:  # fmt: skip
    with transaction.atomic():
        row = leases.held(generation.pk, owner).select_for_update().first()
        if row is None:
            log.warning("generation %s: the lease was lost before its end", generation.pk)
            return
        asking.end(row, state, entry, body, words)
    telling.OUTCOMES.labels(generation.model, state.value).inc()
    log.info("generation %s %s", generation.pk, state.value)


def _fail(
    generation: Generation, owner: uuid.UUID, code: str, words: str, refused: bool = False
) -> None:
    state = State.REFUSED if refused else State.FAILED
    entry = EntryType.REFUSED if refused else EntryType.FAILED
    _end(generation, owner, state, entry, {"reason": code}, words)


def let_go(generation: Generation, owner: uuid.UUID) -> None:
    """The worker was told to stop: another one can begin at once, without waiting for the lease."""
    connection.close()  # the signal may have come in the middle of a query
    leases.hand_back(generation.pk, owner)
    log.info("generation %s goes back to the queue: the worker stops", generation.pk)


def _postpone(generation: Generation, owner: uuid.UUID, why: Exception) -> None:
    """Back to the queue; for stamp and signature as often as it takes: nothing else is wrong."""
    log.warning("generation %s goes back to the queue: %s", generation.pk, type(why).__name__)
    if isinstance(why, SignerUnavailable | StampUnavailable):
        leases.hand_back(generation.pk, owner)
    else:
        _try_again(generation, owner, "log_unavailable", LOG_AWAY)


def _without_database(generation: Generation, owner: uuid.UUID, why: Exception) -> None:
    """No fault of the attempt. Where it cannot even be handed back, its lease runs out."""
    log.warning("generation %s: the database is away (%s)", generation.pk, type(why).__name__)
    connection.close()
    try:
        _try_again(generation, owner, "database_unavailable", DATABASE_AWAY)
    except (OperationalError, InterfaceError):
        log.warning("generation %s is left to the sweep", generation.pk)
        connection.close()


def _try_again(generation: Generation, owner: uuid.UUID, code: str, words: str) -> None:
    if generation.tries >= settings.GENERATION_MAX_TRIES:
        _fail(generation, owner, code, words)
    else:
        leases.hand_back(generation.pk, owner)


def _uris(anchors: list[credentials.Anchor]) -> set[str]:
    return {anchor.trust_uri for anchor in anchors}


def _where(error: Exception) -> str:
    return "".join(traceback.format_tb(error.__traceback__))
