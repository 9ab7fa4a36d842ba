"""What a restored database lacks comes back from a copy of the log: an export, or anybody's mirror.

Nothing of the copy is believed. Its entries are taken only where they continue what the database
has and hash to a checkpoint that this log's key has signed.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from provenance.core import mirrors
from provenance.core.mirrors import BUNDLE_LIMIT, FileMissing, Read
from provenance.core.notes import Checkpoint
from provenance.core.tiles import WIDTH, Tile, TileRefused, unbundle_sound

from . import seals
from .errors import ImportRefused
from .integrate import Waiting, grow
from .models import Head, Origin, Pending

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Imported:
    """The size of the log before and after."""

    before: int
    after: int


def recover(read: Read, mark: Checkpoint | None, progress: Progress) -> Imported:
    """Take from a copy the entries that the database lacks, all or nothing.

    `mark` is the high-water mark, which the copy must reach. Raises ImportRefused, FileMissing,
    NoteRefused, Contradiction. The sequencer signs on from there.
    """
    origin = Origin.objects.first()
    if origin is None:
        raise ImportRefused("The database has no log yet: restore a backup first.")
    signed, _ = mirrors.checkpoint_of(read, origin.vkey)
    if seals.broken_waiting():
        raise ImportRefused("A row of log_pending is damaged: run manage.py mendoutbox first.")
    with transaction.atomic(durable=True):
        head = Head.objects.order_by("-size")[0]
        _check(head, signed, mark, origin)
        mirrors.check_growth(read, Checkpoint(origin.origin, head.size, bytes(head.root)), signed)
        stops = {signed.size: signed.root} | ({mark.size: mark.root} if mark else {})
        size = head.size
        for stop in sorted(stop for stop in stops if stop > head.size):
            grown = _grow_to(read, size, stop, lambda done: progress(done, signed.size))
            if bytes(grown.root) != stops[stop]:
                raise ImportRefused(
                    f"The copy's first {stop} entries do not hash to the signed root: it is "
                    "damaged. Try another copy."
                )
            size = stop
    return Imported(head.size, size)


def _check(head: Head, signed: Checkpoint, mark: Checkpoint | None, origin: Origin) -> None:
    if signed.size <= head.size:
        raise ImportRefused(
            f"The copy has {signed.size} entries and the database {head.size}: there is nothing "
            "to take from it."
        )
    if mark is not None and signed.size < mark.size:
        raise ImportRefused(
            f"The copy has {signed.size} entries, but {mark.size} were signed already: the "
            "sequencer would refuse all the same. Find a newer copy."
        )
    if signed.origin != origin.origin:
        raise ImportRefused(f"The copy is of the log {signed.origin!r}, not of this one.")


def _grow_to(read: Read, size: int, stop: int, tell: Callable[[int], None]) -> Head:
    waiting = _waiting()
    while size < stop:
        entries = _entries(read, size, stop)
        grown = grow(size, [_taken(size + at, data, waiting) for at, data in enumerate(entries)])
        size = grown.size
        tell(size)
    return grown


def _entries(read: Read, first: int, stop: int) -> list[bytes]:
    """The rest of the bundle in which an entry lies, as far as it is wanted."""
    n = first // WIDTH
    width = min(WIDTH, stop - n * WIDTH)
    found, _ = unbundle_sound(_bundle(read, n, width))
    if len(found) < width:
        raise TileRefused(f"The copy's bundle {n} is cut off.")
    return found[first - n * WIDTH : width]


def _bundle(read: Read, n: int, width: int) -> bytes:
    """The full bundle begins with the partial one, and the copy may have wider ones alone."""
    for candidate in _wider(n, width):
        try:
            return read(f"tile/{candidate.path}", BUNDLE_LIMIT)
        except FileMissing:
            continue
    raise FileMissing(f"The copy lacks the bundle {Tile(None, n, width).path}.")


def _wider(n: int, width: int) -> Iterator[Tile]:
    yield from (Tile(None, n, wide) for wide in range(width, WIDTH + 1))


def _waiting() -> dict[bytes, list[Pending]]:
    """Rows of the outbox by their bytes: such an entry was given its place after the backup."""
    rows: dict[bytes, list[Pending]] = {}
    for row in Pending.objects.order_by("-id"):
        rows.setdefault(bytes(row.data), []).append(row)
    return rows


def _taken(place: int, data: bytes, waiting: dict[bytes, list[Pending]]) -> Waiting:
    rows = waiting.get(data)
    if not rows:
        return _placed(place, uuid.uuid4(), data)
    row = rows.pop()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM log_pending WHERE id = %s", [row.pk])
    return _placed(place, row.ticket, data)


def _placed(place: int, ticket: uuid.UUID, data: bytes) -> Waiting:
    return Waiting(place.to_bytes(8, "big") + ticket.bytes + bytes(8), data, None)
