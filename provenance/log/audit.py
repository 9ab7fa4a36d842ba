"""Everything in the log derived anew from its entries' bytes, and held against what is stored.

The audit trusts no hash, tile, root or column of the database: it recomputes all of them from
the entries alone, and names the place where something does not agree.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from provenance.core.histories import History
from provenance.core.merkle import EMPTY_ROOT, leaf_hash
from provenance.core.notes import NoteRefused, open_checkpoint, parse_vkey
from provenance.core.records import MalformedEntry, mentions, parse_entry
from provenance.core.tiles import WIDTH, Edge, FullTile, split

from . import beside
from .models import Checkpoint, Head, Origin, Pending, Tile

_READ = "SELECT index, ticket, leaf_hash, data, kind, attempt FROM log_entry ORDER BY index"
_ROUND = 2000


@dataclass
class Report:
    """What the audit found; `problems` empty means that everything agrees."""

    entries: int = 0
    tiles: int = 0
    checkpoints: int = 0
    cosignatures: int = 0
    anchors: int = 0
    openings: int = 0
    waiting: int = 0
    pending: Mapping[int, datetime] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass
class _Audit:
    """The state of one run: the tree as it grows, and what later entries must fit to."""

    report: Report
    edge: Edge = field(default_factory=Edge)
    roots: dict[int, bytes] = field(default_factory=lambda: {0: EMPTY_ROOT})
    history: History = field(default_factory=History)
    named: beside.Named = field(default_factory=beside.Named)

    def problem(self, words: str) -> None:
        self.report.problems.append(words)


def audit(progress: Callable[[int, int], None] = lambda done, total: None) -> Report:
    """Audit the whole log in one snapshot of the database; reads only.

    `progress` is told the number of entries done and of all.
    """
    run = _Audit(Report())
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        heads = {row.size: row for row in Head.objects.all()}
        for row in _rows():
            _entry(run, row, heads)
            if run.report.entries % _ROUND == 0:
                progress(run.report.entries, max(heads, default=0))
        _tile_count(run)
        _heads(run, heads)
        _checkpoints(run, heads)
        run.report.problems += run.named.rest()
        run.report.problems += beside.open_attempts(set(run.history.pending))
        run.report.openings = _sound(run, beside.openings())
        run.report.cosignatures = _sound(run, beside.cosignatures())
        run.report.anchors = _sound(run, beside.anchors())
        run.report.waiting = Pending.objects.count()
    run.report.pending = run.history.pending
    return run.report


def _sound(run: _Audit, found: Iterable[str | None]) -> int:
    """Keep what is wrong; returns how many rows were looked at."""
    looked = 0
    for problem in found:
        looked += 1
        if problem is not None:
            run.problem(problem)
    return looked


def _rows() -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_READ)
        while rows := cursor.fetchmany(_ROUND):
            yield from rows


def _entry(run: _Audit, row: tuple[Any, ...], heads: dict[int, Head]) -> None:
    place, _, stored, data, kind, attempt = row
    data = bytes(data)
    if place != run.edge.size:
        run.problem(f"entry {run.edge.size} is missing: the next one stored is {place}")
    leaf = leaf_hash(data)
    if leaf != bytes(stored):
        run.problem(f"entry {place}: its bytes do not have the hash stored beside them")
    _meaning(run, place, data, (kind, attempt))
    for full in run.edge.append(leaf):
        _tile(run, full)
    run.report.entries += 1
    if run.edge.size in heads:
        run.roots[run.edge.size] = run.edge.root


def _meaning(run: _Audit, place: int, data: bytes, columns: tuple[str, str | None]) -> None:
    try:
        entry = parse_entry(data)
    except MalformedEntry as error:
        run.problem(f"entry {place}: {error}")
        return
    if (entry.type, entry.body.get("attempt")) != columns:
        run.problem(f"entry {place}: type or attempt stored beside it are not its own")
    if run.named.of(place) != set(mentions(entry.body)):
        run.problem(f"entry {place}: what it can be looked up by is not what it names")
    for words in run.history.take(place, entry):
        run.problem(f"entry {place}: {words}")


def _tile(run: _Audit, full: FullTile) -> None:
    run.report.tiles += 1
    stored = Tile.objects.filter(level=full.level, n=full.n).first()
    name, first = f"tile {full.level}/{full.n}", full.n * WIDTH ** (full.level + 1)
    if stored is None:
        run.problem(f"entry {first}: the {name} from here on is missing")
        return
    pairs = zip(split(full.hashes), split(bytes(stored.hashes)), strict=True)
    for at, (derived, found) in enumerate(pairs):
        if derived != found:
            place = first + at * WIDTH**full.level
            run.problem(f"entry {place}: hash {at} of {name} is not that of its entries")
    if bytes(stored.root) != full.root:
        run.problem(f"entry {first}: the root of {name} from here on is not that of its entries")


def _tile_count(run: _Audit) -> None:
    if (stored := Tile.objects.count()) != run.report.tiles:
        run.problem(f"{stored} tiles are stored where the tree has {run.report.tiles}")


def _heads(run: _Audit, heads: dict[int, Head]) -> None:
    previous = None
    for size, head in sorted(heads.items()):
        if head.previous_id != previous:
            run.problem(
                f"entry {max(size - 1, 0)}: head {size}, which ends here, does not follow "
                f"head {previous}"
            )
        if run.roots.get(size) != bytes(head.root):
            run.problem(
                f"entry {max(size - 1, 0)}: the root of head {size}, which ends here, is "
                f"not that of the first {size} entries"
            )
        previous = size
    if (newest := max(heads, default=0)) != run.report.entries:
        run.problem(f"the newest head has {newest} entries, {run.report.entries} are stored")


def _checkpoints(run: _Audit, heads: dict[int, Head]) -> None:
    origin = Origin.objects.first()
    if origin is not None and _name(origin.vkey) != origin.origin:
        run.problem("entry 0: the origin stored is not the name of the log's key")
    for row in Checkpoint.objects.order_by("head_id").iterator():
        run.report.checkpoints += 1
        try:
            signed = open_checkpoint(row.note, origin.vkey if origin else "")
        except NoteRefused as error:
            run.problem(f"entry {max(row.head_id - 1, 0)}: checkpoint {row.head_id}: {error}")
            continue
        if signed.size != row.head_id or signed.root != run.roots.get(row.head_id):
            run.problem(
                f"entry {max(row.head_id - 1, 0)}: checkpoint {row.head_id} signs another "
                "root than that of its entries"
            )
    if heads and run.report.checkpoints == 0 and max(heads) > 0:
        run.problem("no checkpoint was ever signed")


def _name(vkey: str) -> str | None:
    try:
        return parse_vkey(vkey).name
    except NoteRefused:
        return None
