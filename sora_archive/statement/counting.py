"""How many have signed: as the pages show it, and worked out anew from the log alone."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count as DbCount
from django.db.models import Q

from provenance.core.records import EntryType
from provenance.core.tallies import Count, Tally
from provenance.log import reading

from .models import Signature, State, Tier, Version

KINDS = (
    EntryType.STATEMENT_VERSION, EntryType.SIGNATURE, EntryType.SIGNATURE_WITHDRAWN,
    EntryType.SIGNATURE_INVALIDATED, EntryType.SIGNATURE_REINSTATED,
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A version, and how many signatures the pages show under it."""

    version: Version
    counted: int
    by_tier: Sequence[tuple[str, int, int]]  # label, how many, how many a curator confirmed

    @property
    def unnamed(self) -> int:
        """How many count that the list does not name."""
        signed = self.version.signatures.filter(state=State.COUNTED)
        return signed.filter(Q(anonymous=True) | Q(name="")).count()


@dataclass(frozen=True)
class Recount:
    """What the log says: by version, up to which entry, and what in it makes no sense."""

    size: int
    root: str
    counts: Sequence[Count]
    problems: Sequence[str]

    def of(self, number: int) -> int:
        """How many signatures of a version count."""
        return next((count.counted for count in self.counts if count.version == number), 0)


@dataclass
class _Reader:
    """A tally that goes on where it stopped: the log only grows, so nothing is read twice."""

    tally: Tally = field(default_factory=Tally)
    root: bytes | None = None
    problems: list[str] = field(default_factory=list)


_lock = threading.Lock()
_reader = _Reader()


def shown(version: Version) -> Shown:
    """What the pages say about a version."""
    signed = version.signatures.filter(state=State.COUNTED)
    confirmed = dict(
        signed.exclude(confirmed_tier="").values_list("confirmed_tier").annotate(DbCount("pk"))
    )
    claimed = dict(signed.filter(confirmed_tier="").values_list("tier").annotate(DbCount("pk")))
    rows = [
        (str(tier.label), claimed.get(tier, 0) + confirmed.get(tier, 0), confirmed.get(tier, 0))
        for tier in Tier
    ]
    return Shown(version, sum(number for _, number, _ in rows), rows)


def numbers() -> dict[int, int]:
    """How many signatures count, by version, as the pages show it."""
    rows = Signature.objects.filter(state=State.COUNTED).values_list("version")
    return dict(rows.annotate(DbCount("pk")))


def recount() -> Recount:
    """Count anew from the entries under the newest signed checkpoint.

    Raises LogUnavailable where nothing was signed yet.
    """
    size, root = reading.signed_head()
    with _lock:
        _go_on(size, root)
        return Recount(size, root.hex(), _reader.tally.counts, tuple(_reader.problems))


def _go_on(size: int, root: bytes) -> None:
    global _reader
    # Another log than the one that was read so far: as after a restored backup.
    if size < _reader.tally.size or (
        _reader.root is not None and reading.root_at(_reader.tally.size) != _reader.root
    ):
        _reader = _Reader()
    for place, entry in reading.entries(_reader.tally.size, size, KINDS):
        _reader.problems += [
            f"entry {place}: {words}" for words in _reader.tally.take(place, entry)
        ]
    _reader.tally.size, _reader.root = size, root
