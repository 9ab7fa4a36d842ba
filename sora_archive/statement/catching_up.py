"""After an older backup was restored: the signatures are brought to where the log says they are.

The log has every withdrawal, erasure and decision; nothing is entered anew. Who had taken a
signature back is forgotten again, before the list can show the name.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from provenance.core.records import EntryType
from provenance.core.tallies import FIELD, Tally
from provenance.log import erasure, outbox, reading

from . import counting
from .errors import CuratorRefused
from .models import Invalidation, Reason, Signature, State
from .signing import take_back


@dataclass
class _Log:
    """What the log says: the tally, why signatures do not count, and whose names were erased."""

    tally: Tally = field(default_factory=Tally)
    reasons: dict[int, str] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)


def catch_up() -> int:
    """Bring every confirmed signature to its standing in the log; returns how many were not there.

    May be called again: a second call finds nothing. Raises LogUnavailable where nothing was signed
    yet, CuratorRefused while an entry waits for the log.
    """
    with transaction.atomic():
        rows = list(Signature.objects.select_for_update().exclude(state=State.WAITING))
        if outbox.waiting():  # what was done a moment ago is not in the log yet, and is no error
            raise CuratorRefused(_("The log is taking up entries. Run this again in a minute."))
        log = _read()
        late = list(_late(rows, log))
        for row, place in late:
            _bring(row, log.tally.standing(place) or "", nameless=place in log.erased)
        invalid = [(row, log.reasons[place]) for row, place in late if row.state == State.INVALID]
        _invalidate(invalid)
    return len(late)


def _read() -> _Log:
    log = _Log()
    kinds = [*counting.KINDS, EntryType.ERASURE]
    for place, entry in reading.entries(0, reading.signed_head()[0], kinds):
        if entry.type == EntryType.ERASURE and entry.body.get("field") == FIELD:
            log.erased.add(int(str(entry.body["target"])))
        if entry.type == EntryType.SIGNATURE_INVALIDATED:
            log.reasons[int(str(entry.body["signature"]))] = str(entry.body["reason"])
        list(log.tally.take(place, entry))  # what makes no sense is told by countsignatures
    return log


def _late(rows: Sequence[Signature], log: _Log) -> Iterator[tuple[Signature, int]]:
    """The rows that stand otherwise than the log says, each with its place there."""
    places = outbox.indexes_of([row.ticket for row in rows if row.ticket])
    for row in rows:
        place = places.get(row.ticket) if row.ticket else None
        standing = None if place is None else log.tally.standing(place)
        if place is None or standing is None or row.state == State.WITHDRAWN:
            continue
        if standing != row.state or (row.name and place in log.erased):
            yield row, place


def _bring(row: Signature, standing: str, *, nameless: bool) -> None:
    """To its standing in the log; one that does not count is saved with its decision."""
    if row.ticket and (nameless or standing == State.WITHDRAWN):
        erasure.forget(row.ticket, [FIELD])
        row.name = row.role = row.place = row.link = ""
    if standing == State.WITHDRAWN:
        take_back(row)
    row.state = State(standing)
    if row.state != State.INVALID:
        row.invalidation = None
        row.save()


def _invalidate(rows: Sequence[tuple[Signature, str]]) -> None:
    """A decision for each version and reason, in place of those that the backup did not have."""
    bare = [(row, reason) for row, reason in rows if row.invalidation_id is None]
    sizes = Counter((row.version_id, reason) for row, reason in bare)
    made = {(number, why): _decision(number, why, size) for (number, why), size in sizes.items()}
    for row, reason in bare:
        row.invalidation = made[row.version_id, reason]
    for row, _reason in rows:
        row.save()


def _decision(number: int, reason: str, size: int) -> Invalidation:
    note = _(
        "From the log, after a backup was restored that did not have the words of the decision."
    )
    return Invalidation.objects.create(
        criteria={"version": number}, reason=Reason(reason), note=note, made_at=timezone.now(),
        size=size,
    )  # fmt: skip
