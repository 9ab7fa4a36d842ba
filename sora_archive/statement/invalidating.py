"""Signatures that do not count, by the bulk: criteria, a preview, the decision, and its undoing."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from provenance.core.records import EntryType
from provenance.log import outbox

from .errors import CuratorRefused
from .models import Invalidation, Reason, Signature, State, Version

MOST_AT_ONCE = 50_000


@dataclass(frozen=True)
class Criteria:
    """Which signatures are meant; what is left empty is not asked for."""

    version: int
    signature: str = ""  # the id of one
    name: str = ""  # part of a name, in any case
    source: int | None = None  # the number of a source
    after: datetime | None = None
    before: datetime | None = None

    def __bool__(self) -> bool:
        """Whether anything but the version was asked for."""
        return any((self.signature, self.name, self.source, self.after, self.before))

    @property
    def recorded(self) -> dict[str, str | int]:
        """What is kept with the decision, for everybody to read."""
        return {
            key: value.isoformat() if isinstance(value, datetime) else value
            for key, value in asdict(self).items()
            if value not in {None, ""}
        }


def chosen(criteria: Criteria) -> QuerySet[Signature]:
    """The counted signatures that the criteria choose; raises CuratorRefused where they choose
    all of a version."""
    if not criteria:
        raise CuratorRefused(_("Name at least one criterion: otherwise all signatures are chosen."))
    found = Q(version=criteria.version, state=State.COUNTED)
    if criteria.signature:
        found &= Q(pk=UUID(criteria.signature))
    if criteria.name:
        found &= Q(name__icontains=criteria.name)
    if criteria.source is not None:
        found &= Q(traces__source=criteria.source)
    if criteria.after:
        found &= Q(confirmed_at__gte=criteria.after)
    if criteria.before:
        found &= Q(confirmed_at__lt=criteria.before)
    return Signature.objects.filter(found).distinct()


def invalidate(
    criteria: Criteria, expected: int, why: tuple[Reason, str], curator_id: int
) -> Invalidation:
    """Decide that the chosen signatures do not count, each with its entry in the log.

    `expected` is how many the curator saw; `why` a reason and a note. Raises CuratorRefused where
    it are others by now, or the log has not taken up one of them.
    """
    reason, note = why
    with transaction.atomic():
        _one_at_a_time(criteria.version)
        rows = list(
            Signature.objects.select_for_update().filter(pk__in=chosen(criteria).values("pk"))
        )
        if len(rows) != expected or not rows:
            raise CuratorRefused(
                _("By now it are %(now)d signatures, and you saw %(seen)d. Look at them again.")
                % {"now": len(rows), "seen": expected}
            )
        if len(rows) > MOST_AT_ONCE:
            raise CuratorRefused(_("At most %(most)d at once.") % {"most": MOST_AT_ONCE})
        made = Invalidation.objects.create(
            criteria=criteria.recorded, reason=reason, note=note, made_by_id=curator_id,
            made_at=timezone.now(), size=len(rows),
        )  # fmt: skip
        _log(EntryType.SIGNATURE_INVALIDATED, rows, reason)
        _change(rows, State.INVALID, made)
    return made


def undo(invalidation_id: int, note: str, curator_id: int) -> int:
    """Let the signatures of a decision count again; returns how many still were to be had.

    Raises CuratorRefused where it was undone before.
    """
    with transaction.atomic():
        made = Invalidation.objects.select_for_update().get(pk=invalidation_id)
        if made.undone_at:
            raise CuratorRefused(_("This invalidation was undone before."))
        rows = list(made.signatures.select_for_update())
        _log(EntryType.SIGNATURE_REINSTATED, rows, made.reason)
        _change(rows, State.COUNTED, None)
        made.undone_at, made.undone_note, made.undone_by_id = timezone.now(), note, curator_id
        made.save(update_fields=["undone_at", "undone_note", "undone_by"])
    return len(rows)


def _one_at_a_time(number: int) -> None:
    Version.objects.select_for_update(no_key=True).get(pk=number)


def _log(kind: EntryType, rows: Sequence[Signature], reason: str) -> None:
    places = outbox.indexes_of([row.ticket for row in rows if row.ticket])
    if len(places) < len(rows):
        raise CuratorRefused(
            _("The log is taking up an entry just now. Nothing was changed: try again in a minute.")
        )
    outbox.submit_all(
        kind, [{"signature": place, "by": "curator", "reason": reason} for place in places.values()]
    )


def _change(rows: Sequence[Signature], state: State, made: Invalidation | None) -> None:
    Signature.objects.filter(pk__in=[row.pk for row in rows]).update(state=state, invalidation=made)
