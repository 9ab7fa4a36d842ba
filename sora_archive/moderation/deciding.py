"""Decisions: each with its grounds, its words and its entry in the log, and carried out at once."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from generation import erasing, publishing
from generation.errors import ErasureRefused
from generation.models import Act, By, Clip, Reason, Visibility
from provenance.core.records import EntryType
from provenance.log import erasure, outbox

from .errors import ModerationRefused
from .models import About, Appeal, BlockedFile, Decision, Held, Outcome, Report
from .reporting import Subject, hide_what_waits

log = logging.getLogger(__name__)


class Keeper(Protocol):
    """Who decides: a person of the site with a role, whatever room it lives in."""

    pk: Any
    role: str


@dataclass(frozen=True)
class Ruling:
    """What a curator puts into the form; `hold_days` keeps a withdrawn clip's files that long."""

    outcome: str
    grounds: str
    statement: str
    hold_days: int | None = None
    block: bool = False


def decide(curator: Keeper, subject: Subject, ruling: Ruling) -> Decision:
    """The decision, carried out: open reports of the subject, its appeal and its hold are closed.

    Raises ModerationRefused where the outcome does not fit what the clip is by now,
    outbox.LogUnavailable where the log has not taken in yet what this rests on.
    """
    if subject.about == About.SIGNATURE:
        return _record(curator, subject, ruling)
    with transaction.atomic():
        clip = Clip.objects.select_for_update(of=("self",)).get(pk=subject.clip.pk)  # type: ignore[union-attr]
        if ruling.outcome not in fitting(clip, subject.about):
            raise ModerationRefused(
                _("Somebody else has decided meanwhile. Look at the clip again.")
            )
        _CARRY_OUT[Outcome(ruling.outcome)](curator, clip, ruling)
        return _record(curator, subject, ruling)


def fitting(clip: Clip, about: str) -> list[str]:
    """The outcomes that can be decided for a clip, or for its artist's name, as it is now."""
    if about == About.NAME:
        gone = clip.generation.name_erased_at is not None
        return [Outcome.KEPT] if gone else [Outcome.KEPT, Outcome.NAME_ERASED]
    if Held.objects.filter(clip=clip, decision__isnull=True).exists():
        return [Outcome.APPROVED, Outcome.DECLINED]
    # An appeal is answered: the same decision once more would be another to appeal against.
    appealed = Appeal.objects.filter(decision__clip=clip, answer__isnull=True).exists()
    if clip.visibility == Visibility.WITHDRAWN and publishing.withdrawn_by(clip) == By.ARTIST:
        return [Outcome.KEPT, Outcome.WITHDRAWN]  # only its artist can show it again
    if clip.visibility == Visibility.WITHDRAWN:
        return [Outcome.RESTORED, Outcome.UPHELD if appealed else Outcome.WITHDRAWN]
    if clip.visibility == Visibility.PUBLISHED:
        return [Outcome.KEPT, Outcome.WITHDRAWN]
    if clip.visibility == Visibility.DRAFT and appealed:
        return [Outcome.APPROVED, Outcome.UPHELD]
    return [Outcome.KEPT]


def is_open(clip: Clip) -> bool:
    """Whether something about a clip waits for a decision."""
    return (
        Report.objects.filter(clip=clip, decision__isnull=True).exists()
        or Held.objects.filter(clip=clip, decision__isnull=True).exists()
        or Appeal.objects.filter(decision__clip=clip, answer__isnull=True).exists()
    )


def appeal(clip: Clip, words: str) -> Appeal:
    """The artist's one appeal against the last decision; raises ModerationRefused."""
    decision = last(clip)
    if decision is None or not appealable(clip, decision):
        raise ModerationRefused(_("There is no decision to appeal against."))
    try:
        with transaction.atomic():
            return Appeal.objects.create(decision=decision, words=words)
    except IntegrityError as error:
        words = _("You have appealed against this decision already; it is answered once.")
        raise ModerationRefused(words) from error


def appealable(clip: Clip, decision: Decision) -> bool:
    """Whether a decision took or kept something from the public that can still be shown."""
    against = {Outcome.WITHDRAWN, Outcome.DECLINED}
    return decision.outcome in against and clip.visibility != Visibility.ERASED


def held_until(clip: Clip) -> datetime | None:
    """The end of the legal hold that a clip is under; none where it is under none.

    The last withdrawal says so: a curator who decides anew can shorten a hold or end it.
    """
    shown_or_not = clip.decisions.filter(outcome__in=(Outcome.WITHDRAWN, Outcome.RESTORED))
    found = shown_or_not.first()
    if found is None or not found.legal_hold or found.keep_until is None:
        return None
    return found.keep_until if found.keep_until > timezone.now() else None


def last(clip: Clip) -> Decision | None:
    """The last decision about a clip itself."""
    return clip.decisions.filter(about=About.CLIP).order_by("-at").first()


def sweep() -> str:
    """What has to be seen to once an hour; what was done, in words, or nothing."""
    hidden, erased = hide_what_waits(), delete_what_is_due()
    return f"{hidden} reported clips hidden, {erased} withdrawn ones erased" * bool(hidden + erased)


def delete_what_is_due() -> int:
    """Erase the clips that were withdrawn by decision and whose time is over; how many were.

    Not while an appeal waits for its answer.
    """
    due = Decision.objects.filter(
        keep_until__lt=timezone.now(), clip__visibility=Visibility.WITHDRAWN
    ).exclude(Q(appeal__isnull=False) & Q(appeal__answer__isnull=True))
    count = 0
    for decision in due.select_related("clip__generation"):
        if decision.clip is None or last(decision.clip) not in {decision, _answer(decision)}:
            continue
        try:
            erasing.erase(
                decision.clip.generation, Act.Kind.CLIP_ERASED, _by_role(decision.role),
                decision.grounds, person_id=decision.curator_id,
            )  # fmt: skip
        except outbox.LogUnavailable:
            log.warning("decision %s: erased as soon as the log goes on", decision.pk)
            continue
        except ErasureRefused:  # such as a report that came in while it was decided
            log.warning("decision %s: its clip waits for another decision", decision.pk)
            continue
        count += 1
    return count


def _answer(decision: Decision) -> Decision | None:
    made = Appeal.objects.filter(decision=decision).first()
    return made.answer if made else None


def _record(curator: Keeper, subject: Subject, ruling: Ruling) -> Decision:
    with transaction.atomic():
        body: dict[str, str] = {"decision": ruling.outcome, "by": str(_by(curator))}
        body["reason"] = ruling.grounds
        if subject.clip and subject.clip.published_at:
            body["clip"] = str(subject.clip.pk)
        ticket = outbox.submit(
            EntryType.DECISION, body, [outbox.new_opening("grounds", {"words": ruling.statement})]
        )
        decision = Decision.objects.create(
            about=subject.about, clip=subject.clip, signature=subject.signature,
            curator_id=curator.pk, role=curator.role, outcome=ruling.outcome,
            grounds=ruling.grounds, statement=ruling.statement, ticket=ticket, **_keeping(ruling),
        )  # fmt: skip
        same = Q(about=subject.about, clip=subject.clip, signature=subject.signature)
        Report.objects.filter(same, decision__isnull=True).update(decision=decision)
        if subject.clip and subject.about == About.CLIP:
            waits = Held.objects.filter(clip=subject.clip)
            if ruling.outcome != Outcome.APPROVED:  # an appeal can overturn what was declined
                waits = waits.filter(decision__isnull=True)
            waits.update(decision=decision)
            Appeal.objects.filter(decision__clip=subject.clip, answer__isnull=True).update(
                answer=decision
            )
            if ruling.block:
                _block(curator, subject.clip, ruling)
    log.info("decision %s: %s, %s", decision.pk, decision.outcome, decision.grounds)
    return decision


def _keeping(ruling: Ruling) -> dict[str, object]:
    if ruling.outcome != Outcome.WITHDRAWN:
        return {}
    days = max(ruling.hold_days or 0, settings.MODERATION_APPEAL_DAYS)
    held = ruling.hold_days is not None
    return {"keep_until": timezone.now() + timedelta(days=days), "legal_hold": held}


def _block(curator: Keeper, clip: Clip, ruling: Ruling) -> None:
    for digest in _hashes(clip):
        BlockedFile.objects.get_or_create(
            sha256=digest,
            ended_at=None,
            defaults={
                "grounds": ruling.grounds, "note": ruling.statement[:300], "curator_id": curator.pk
            },
        )  # fmt: skip


def _unblock(curator: Keeper, clip: Clip, ruling: Ruling) -> None:
    """What is shown again is not refused any more."""
    BlockedFile.objects.filter(sha256__in=_hashes(clip), ended_at=None).update(
        ended_at=timezone.now(), ended_by_id=curator.pk, ended_note=ruling.statement[:300]
    )


def _hashes(clip: Clip) -> set[str]:
    """The file as it is signed, and the pictures themselves as they come out of the model."""
    return {clip.credential.sha256, media_sha256(clip)} - {""}


def media_sha256(clip: Clip) -> str:
    """The hash of a clip's pictures before it was signed; empty where it was erased.

    The same prompt and seed give the same bytes, but every signed file is another.
    """
    for ticket in erasure.entries_of(clip.credential.attempt, EntryType.RENDERED):
        opening = outbox.openings_of(ticket).get("media")
        if opening and isinstance(opening.value, dict):
            return str(opening.value["sha256"])
    return ""


def _by(curator: Keeper) -> By:
    return _by_role(curator.role)


def _by_role(role: str) -> By:
    return By.OPERATOR if role == By.OPERATOR else By.CURATOR


def _withdraw(curator: Keeper, clip: Clip, ruling: Ruling) -> None:
    publishing.withdraw(clip, _by(curator), ruling.grounds, curator.pk)


def _restore(curator: Keeper, clip: Clip, ruling: Ruling) -> None:
    publishing.restore(clip, _by(curator), Reason.MISTAKE, curator.pk)
    _unblock(curator, clip, ruling)


def _erase_name(curator: Keeper, clip: Clip, ruling: Ruling) -> None:
    kind, by = Act.Kind.NAME_ERASED, _by(curator)
    erasing.erase(clip.generation, kind, by, ruling.grounds, person_id=curator.pk)


def _leave(curator: Keeper, clip: Clip, ruling: Ruling) -> None:
    """Nothing about the clip changes."""


_CARRY_OUT: Mapping[Outcome, Callable[[Keeper, Clip, Ruling], None]] = {
    Outcome.KEPT: _leave,
    Outcome.WITHDRAWN: _withdraw,
    Outcome.RESTORED: _restore,
    Outcome.NAME_ERASED: _erase_name,
    Outcome.APPROVED: _leave,
    Outcome.DECLINED: _leave,
    Outcome.UPHELD: _leave,
}
