"""What the entries of a log say together: that each attempt begins once and ends in one outcome."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .records import OUTCOMES, Entry, EntryType


@dataclass
class _Attempt:
    begun: int | None = None
    at: datetime | None = None
    outcomes: int = 0


@dataclass
class History:
    """The attempts of a log, read from its first entry to its last.

    It cannot show attempts that were never logged; every one that was is held to its outcome.
    """

    _attempts: dict[str, _Attempt] = field(default_factory=dict)

    def take(self, place: int, entry: Entry) -> Iterator[str]:
        """Take in the entry of the next index; yields in words what is wrong about it.

        Entries of unknown types are taken as they are.
        """
        name = entry.body.get("attempt")
        if not isinstance(name, str):
            return
        attempt = self._attempts.setdefault(name, _Attempt())
        if entry.type == EntryType.ATTEMPT:
            if attempt.begun is not None:
                yield f"the attempt was begun before, by entry {attempt.begun}"
            else:
                attempt.begun, attempt.at = place, entry.at
        elif attempt.begun is None:
            yield "its attempt has no entry before it"
        if entry.type in OUTCOMES:
            attempt.outcomes += 1
            if attempt.outcomes > 1:
                yield f"another outcome of the attempt of entry {attempt.begun}"

    @property
    def pending(self) -> Mapping[int, datetime]:
        """The attempts without an outcome: index of the entry that began each, and its time."""
        return {
            attempt.begun: attempt.at
            for attempt in self._attempts.values()
            if attempt.begun is not None and attempt.at is not None and not attempt.outcomes
        }
