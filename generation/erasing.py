"""Erasing: what somebody wants forgotten is forgotten at once in every row, and in sight of all.

One transaction of the web process deletes the openings, empties the columns, seals the file, and
leaves its entry for the log. No key is needed for that. The file itself follows in redacting.py,
by a worker; until it has, nobody is handed the file.
"""

import logging
import secrets
import uuid
from collections.abc import Callable, Iterable, Sequence

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from provenance.core.records import EntryType
from provenance.log import erasure, outbox
from provenance.verify import reports
from provenance.verify.models import Credential

from . import asking, describing, erasures
from .errors import ErasureRefused
from .models import Act, Clip, Generation, Proposal, RequestSignature, Visibility
from .rules import rules

log = logging.getLogger(__name__)

LOG_WAIT_SECONDS = 10
NAMELESS = "unnamed-"  # and random digits: what an account is called whose name was erased
# What each act takes out of the entry `attempt`, by the names of the log.
_FIELDS = {
    Act.Kind.PROMPT_ERASED: ("prompt",),
    Act.Kind.NAME_ERASED: ("artist",),
    Act.Kind.CLIP_ERASED: ("prompt", "artist"),
}


# A name can be erased from what is under a hold, so that every account can be closed.
_DESTROYING = frozenset({Act.Kind.PROMPT_ERASED, Act.Kind.CLIP_ERASED})


def erase(
    generation: Generation,
    kind: Act.Kind,
    by: str,
    reason: str,
    *,
    person_id: int | None = None,
    before: bool = False,
) -> None:
    """Erase a prompt, a name, or a whole clip; what is erased already stays so.

    `by` is a role of By, `reason` a short code, mostly of Reason; the log keeps both, and never
    who it was. `before` says that it was erased before and came back with a backup. Raises
    ErasureRefused, with words for the page, while the attempt is under way, where there is no
    clip to erase, or where the rules of the site say that it has to be kept;
    outbox.LogUnavailable where an entry has no index yet that could be named.
    """
    with transaction.atomic():
        row = Generation.objects.select_for_update().get(pk=generation.pk)
        if row.acts.filter(kind__in={kind, Act.Kind.CLIP_ERASED}).exists():
            return
        if not (row.is_final or row.cancel_requested):
            raise ErasureRefused(_("The attempt is still under way: cancel it first."))
        clip = Clip.objects.select_for_update().filter(generation=row).first()
        if clip and not before and kind in _DESTROYING:
            _refuse_what_is_kept(clip)
        ticket: uuid.UUID | None
        if kind == Act.Kind.CLIP_ERASED:
            ticket = _erase_clip(row, clip, by, reason)
        else:
            ticket = next(iter(_forget(row, kind, by, reason)), None)
        Act.objects.create(
            generation=row, kind=kind, by=by, reason=reason, ticket=ticket, person_id=person_id
        )
        _ring_for(_seal(row, _FIELDS[kind]))
        transaction.on_commit(_note, robust=True)


def _refuse_what_is_kept(clip: Clip) -> None:
    if words := rules().refusal_of_erasure(clip):
        raise ErasureRefused(words)


def erase_again() -> int:
    """Erase anew what the list outside the database names and the database still has.

    For one that was restored from a backup older than the erasures. Returns how much it was;
    raises outbox.LogUnavailable where the log does not know the attempt.
    """
    count = 0
    for erased in erasures.read(erasures.place()):
        generation = Generation.objects.filter(attempt=erased.attempt).first()
        if generation is None or generation.acts.filter(kind=erased.kind).exists():
            continue
        erase(generation, Act.Kind(erased.kind), erased.by, erased.reason, before=True)
        count += 1
    return count


def erase_name_everywhere(artist: AbstractBaseUser, by: str, reason: str) -> int:
    """Erase an account's pseudonym from all its attempts and clips, and from the account.

    For whoever closes accounts; may be called again after it was broken off. What is under way is
    cancelled. Returns how many attempts bore the name. Raises outbox.LogUnavailable.
    """
    for waiting in Generation.objects.filter(artist_id=artist.pk, finished_at__isnull=True):
        asking.cancel(waiting, by)
    Proposal.objects.filter(artist_id=artist.pk).delete()
    _rename(artist)
    named = Generation.objects.filter(artist_id=artist.pk, name_erased_at__isnull=True)
    count = 0
    for generation in list(named):
        outbox.wait_for(generation.attempt_ticket, LOG_WAIT_SECONDS)
        erase(generation, Act.Kind.NAME_ERASED, by, reason)
        count += 1
    return count


def inherit(generation: Generation) -> None:
    """A new clip may carry the credential of one that was erased from while it was rendered.

    To be called in the transaction that records it.
    """
    lineage = _ancestors(generation)
    # The same lock that an erasure takes: whichever comes second sees the other's work.
    list(Generation.objects.select_for_update().filter(pk__in=[each.pk for each in lineage]))
    for ancestor in lineage:
        ancestor.refresh_from_db()
        if ancestor.erased:
            _ring_for(_seal(ancestor, ancestor.erased))


def _note() -> None:
    """Once it is committed; where the file cannot be written the sweep does it later."""
    try:
        erasures.note()
    except OSError as error:
        log.warning("the list of erasures could not be written: %s", error.strerror)


def ring(clip_id: uuid.UUID) -> bool:
    """Tell the broker of a clip whose file is to be redacted; False where it could not be told."""
    send: Callable[[str], None] = import_string("generation.tasks.send_redaction")
    try:
        send(str(clip_id))
    except Exception as error:  # noqa: BLE001 - any broker's own error; the row is the truth
        log.warning("clip %s waits: the broker is away (%s)", clip_id, type(error).__name__)
        return False
    return True


def unfinished() -> list[uuid.UUID]:
    """The clips of which a file is still to be redacted or deleted, those that wait longest first.

    The sweep sends them again; doing it twice changes nothing.
    """
    sealed = Q(retired_at__isnull=True) & ~Q(erased__contained_by=F("redacted"))
    doomed = Q(retired_at__isnull=False, deleted_at__isnull=True)
    attempts = Credential.objects.filter(sealed | doomed).order_by("created_at")
    wanted = list(attempts.values_list("attempt", flat=True)[:100])
    return list(Clip.objects.filter(generation__attempt__in=wanted).values_list("pk", flat=True))


def _forget(row: Generation, kind: Act.Kind, by: str, reason: str) -> list[uuid.UUID]:
    """Empty the columns and delete the openings of an attempt; the tickets of what says so."""
    now = timezone.now()
    if "prompt" in _FIELDS[kind] and row.prompt_erased_at is None:
        row.prompt, row.negative_prompt, row.prompt_erased_at = "", "", now
        row.title, row.description = "", ""  # what was meant for a clip may quote the prompt
    if "artist" in _FIELDS[kind] and row.name_erased_at is None:
        row.name_erased_at = now
        _forget_key(row, by, reason)
    row.save(
        update_fields=[
            "prompt", "negative_prompt", "title", "description", "prompt_erased_at",
            "name_erased_at",
        ]
    )  # fmt: skip
    return erasure.erase(row.attempt_ticket, _FIELDS[kind], by, reason)


def _forget_key(row: Generation, by: str, reason: str) -> None:
    """A signature over the request tells whose passkey made it, which is as good as a name."""
    signature = RequestSignature.objects.filter(generation=row).first()
    if signature is not None:
        erasure.erase(signature.ticket, ["signed"], by, reason)
        signature.delete()


def _erase_clip(row: Generation, clip: Clip | None, by: str, reason: str) -> uuid.UUID:
    if clip is None:
        raise ErasureRefused(_("No clip came of this attempt, so there is none to erase."))
    _forget(row, Act.Kind.CLIP_ERASED, by, reason)
    for rendered in erasure.entries_of(row.attempt, EntryType.RENDERED):
        erasure.erase(rendered, ["media"], by, reason)
    public = {"clip": str(clip.pk)} if clip.published_at else {}
    ticket = erasure.erase_file(clip.credential.generated_ticket, by, reason, public, None)
    clip.visibility, clip.withdrawal_ticket = Visibility.ERASED, None
    clip.title, clip.description = describing.title_of(row), ""
    clip.save(update_fields=["visibility", "withdrawal_ticket", "title", "description"])
    Credential.objects.filter(attempt=row.attempt, retired_at__isnull=True).update(
        retired_at=timezone.now()
    )
    return ticket


def _seal(row: Generation, fields: Sequence[str]) -> list[Generation]:
    """Mark every file that may disclose what was erased; the attempts whose files those are."""
    _mark(row.attempt, fields, undisclosed=row.prompt_hidden)
    issued = Credential.objects.filter(attempt=row.attempt)
    reports.forget(list(issued.values_list("manifest_id", flat=True)), fields)
    descendants = list(_descendants(row))
    inherited = [f"{row.attempt}:{field}" for field in fields]
    for descendant in descendants:
        _mark(descendant.attempt, inherited, undisclosed=row.prompt_hidden)
    return [row, *descendants]


def _mark(attempt: str, names: Iterable[str], *, undisclosed: bool) -> None:
    """`undisclosed` where the prompt was hidden, so that no file ever disclosed it."""
    for credential in Credential.objects.select_for_update().filter(attempt=attempt):
        for name in names:
            if name not in credential.erased:
                credential.erased.append(name)
            hidden = undisclosed and name.rpartition(":")[2] == "prompt"
            if hidden and name not in credential.redacted:
                credential.redacted.append(name)
        credential.save(update_fields=["erased", "redacted"])


def _ring_for(rows: Iterable[Generation]) -> None:
    clips = list(Clip.objects.filter(generation__in=list(rows)).values_list("pk", flat=True))
    transaction.on_commit(lambda: [ring(clip_id) for clip_id in clips], robust=True)


def _descendants(row: Generation) -> Iterable[Generation]:
    """Remixes, and remixes of remixes: their files carry the credential of this one's clip."""
    generation = [row]
    while generation:
        parents = [each.pk for each in generation]
        generation = list(
            Generation.objects.filter(parent__generation__in=parents, clip__isnull=False)
        )
        yield from generation


def _ancestors(generation: Generation) -> list[Generation]:
    found: list[Generation] = []
    while generation.parent_id and len(found) < 1000:
        generation = Generation.objects.get(clip=generation.parent_id)
        found.append(generation)
    return found


def _rename(artist: AbstractBaseUser) -> None:
    """The account keeps a name that says nothing, also where the admin's history quotes it."""
    people = get_user_model()
    if people.objects.filter(pk=artist.pk, pseudonym__startswith=NAMELESS).exists():
        return
    name = f"{NAMELESS}{secrets.token_hex(6)}"
    people.objects.filter(pk=artist.pk).update(pseudonym=name)
    LogEntry.objects.filter(
        content_type__app_label=people._meta.app_label,
        content_type__model=people._meta.model_name,
        object_id=str(artist.pk),
    ).update(object_repr=name)
