"""What the entries of a log say together: that each attempt begins once and ends in one outcome."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from .forms import EntryType, Glimpse
from .records import OUTCOMES

_NEVER = -1  # in place of the index of the entry that began it


class Begun(NamedTuple):
    """An attempt under way: the index of the entry that began it, and the time that it says."""

    place: int
    at: str


@dataclass
class History:
    """The attempts of a log, read from its first entry to its last.

    It cannot show attempts that were never logged; every one that was is held to its outcome.
    """

    under_way: dict[str, Begun] = field(default_factory=dict)
    # Most of a log has ended: of that only the name, packed, and where it began is kept.
    _ended: dict[bytes | str, int] = field(default_factory=dict)

    def take(self, place: int, entry: Glimpse) -> Iterator[str]:
        """Take in the entry of the next index; yields in words what is wrong about it.

        Entries of unknown types are taken as they are.
        """
        name = entry.attempt
        if name is None:
            return
        if entry.type == EntryType.ATTEMPT:
            yield from self._begin(name, Begun(place, entry.at))
        elif name not in self.under_way:
            yield from self._late(name, entry.type)
        elif entry.type in OUTCOMES:
            self._ended[_packed(name)] = self.under_way.pop(name).place

    def _begin(self, name: str, begun: Begun) -> Iterator[str]:
        before = self.under_way.get(name)
        place = before.place if before else self._ended.get(_packed(name))
        if place is None:
            self.under_way[name] = begun
        elif place == _NEVER:
            self._ended[_packed(name)] = begun.place
        else:
            yield f"the attempt was begun before, by entry {place}"

    def _late(self, name: str, kind: str) -> Iterator[str]:
        """An entry of an attempt that is not under way: it has ended, or never began."""
        place = self._ended.get(_packed(name))
        if place is None or place == _NEVER:
            yield "its attempt has no entry before it"
        if kind in OUTCOMES:
            if place == _NEVER:
                yield "another outcome of an attempt that has no entry before it"
            elif place is not None:
                yield f"another outcome of the attempt of entry {place}"
            self._ended.setdefault(_packed(name), _NEVER)

    @property
    def pending(self) -> Mapping[int, datetime]:
        """The attempts without an outcome: index of the entry that began each, and its time."""
        return {place: datetime.fromisoformat(at) for place, at in self.under_way.values()}


def _packed(name: str) -> bytes | str:
    """A name of ours in half its room; any other as it is."""
    try:
        packed = bytes.fromhex(name)
    except ValueError:
        return name
    return packed if packed.hex() == name else name
