"""Everything in the log derived anew from its entries' bytes, and held against what is stored.

The audit trusts no hash, tile, root or column of the database: it recomputes all of them from
the entries alone, and names the place where something does not agree. It reads every table once,
in step with the entries, so that a long log takes long and not much room.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from provenance.core.histories import History
from provenance.core.merkle import HASH_BYTES, leaf_hash
from provenance.core.notes import NoteRefused, open_checkpoint, parse_vkey
from provenance.core.records import MalformedEntry, look_at
from provenance.core.tiles import WIDTH, Edge, FullTile, split

from . import beside, binary, seals, tickets
from .models import Head, Tile
from .steps import InStep

_ENTRIES = """
    SELECT index, leaf_hash, data, kind, attempt, uuid_send(ticket), seal FROM log_entry
    ORDER BY index
"""
_ORIGIN = "SELECT origin, vkey FROM log_origin ORDER BY id"
_HEADS = "SELECT size, prev_size, root FROM log_head ORDER BY size"
_CHECKPOINTS = "SELECT size, note FROM log_checkpoint ORDER BY size"
_MENTIONS = "SELECT index, term FROM log_mention ORDER BY index"
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
    contradictions: int = 0
    waiting: int = 0
    pending: Mapping[int, datetime] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def audit(progress: Callable[[int, int], None] = lambda done, total: None) -> Report:
    """Audit the whole log in one snapshot of the database; reads only.

    `progress` is told the number of entries done and of all.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return audit_here(progress)


def audit_here(progress: Callable[[int, int], None] = lambda done, total: None) -> Report:
    """The same as the caller's transaction sees the database."""
    origin, vkey = next(binary.stream(_ORIGIN), ("", ""))
    (newest,) = Head.objects.order_by("-size").values_list("size", flat=True)[:1] or (0,)
    run = _Audit(vkey, newest)
    run.signed_size()
    for row in binary.stream(_ENTRIES):
        run.entry(*row)
        if run.report.entries % _ROUND == 0:
            progress(run.report.entries, run.newest)
    run.ends()
    if vkey and _name(vkey) != origin:
        run.problem("entry 0: the origin stored is not the name of the log's key")
    report = run.report
    report.problems += seals.broken()
    report.problems += beside.open_attempts(run.history.under_way)
    report.openings = run.sound(beside.openings())
    report.cosignatures = run.sound(beside.cosignatures())
    report.anchors = run.sound(beside.anchors())
    report.contradictions = run.sound(beside.contradictions(run.vkey))
    report.waiting = run.sound(beside.waiting())
    report.problems += tickets.lost()
    report.pending = run.history.pending
    return report


class _Audit:
    """The state of one run: the tree as it grows, and what is read in step with it."""

    def __init__(self, vkey: str, newest: int) -> None:
        self.vkey = vkey
        self.newest = newest
        self.report = Report()
        self.edge = Edge()
        self.history = History()
        self.heads = InStep(_HEADS)
        self.checkpoints = InStep(_CHECKPOINTS)
        self.mentions = InStep(_MENTIONS)
        self.previous: int | None = None

    def problem(self, words: str) -> None:
        self.report.problems.append(words)

    def sound(self, found: Iterable[str | None]) -> int:
        """Keep what is wrong; returns how many rows were looked at."""
        looked = 0
        for problem in found:
            looked += 1
            if problem is not None:
                self.problem(problem)
        return looked

    def entry(self, place: int, stored: bytes, data: bytes, *beside: Any) -> None:
        """The row of the next entry: its hash, its meaning, and all that ends with it.

        `beside` are type, attempt, ticket and seal.
        """
        kind, attempt, ticket, seal = beside
        self.report.entries += 1
        if place < self.edge.size or place >= self.newest:
            self.problem(f"entry {place}: no head of the log has room for an entry here")
            return
        while self.edge.size < place:
            self.problem(f"entry {self.edge.size} is missing: the next one stored is {place}")
            self._grow(bytes(HASH_BYTES))
        leaf = leaf_hash(data)
        if leaf != stored:
            self.problem(f"entry {place}: its bytes do not have the hash stored beside them")
        if seals.of_place(place, ticket) != seal:
            self.problem(f"entry {place}: its ticket is not the one that was given to it")
        self._meaning(place, data, (kind, attempt))
        self._grow(leaf)

    def _meaning(self, place: int, data: bytes, columns: tuple[str, str | None]) -> None:
        try:
            entry = look_at(data)
        except MalformedEntry as error:
            self.problem(f"entry {place}: {error}")
            return
        if (entry.type, entry.attempt) != columns:
            self.problem(f"entry {place}: type or attempt stored beside it are not its own")
        if {term for _, term in self.mentions.at(place)} != set(entry.terms):
            self.problem(f"entry {place}: what it can be looked up by is not what it names")
        for words in self.history.take(place, entry):
            self.problem(f"entry {place}: {words}")

    def _grow(self, leaf: bytes) -> None:
        for full in self.edge.append(leaf):
            self._tile(full)
        self.signed_size()

    def _tile(self, full: FullTile) -> None:
        self.report.tiles += 1
        stored = Tile.objects.filter(level=full.level, n=full.n).first()
        name, first = f"tile {full.level}/{full.n}", full.n * WIDTH ** (full.level + 1)
        if stored is None:
            self.problem(f"entry {first}: the {name} from here on is missing")
            return
        pairs = zip(split(full.hashes), split(bytes(stored.hashes)), strict=True)
        for at, (derived, found) in enumerate(pairs):
            if derived != found:
                place = first + at * WIDTH**full.level
                self.problem(f"entry {place}: hash {at} of {name} is not that of its entries")
        if bytes(stored.root) != full.root:
            self.problem(
                f"entry {first}: the root of {name} from here on is not that of its entries"
            )

    def signed_size(self) -> None:
        """What the log has said of the size that the tree has now."""
        for _, previous, root in self.heads.at(self.edge.size):
            self._head(previous, root)
        for _, note in self.checkpoints.at(self.edge.size):
            self._checkpoint(note)

    def _head(self, previous: int | None, root: bytes) -> None:
        size, at = self.edge.size, max(self.edge.size - 1, 0)
        if previous != self.previous:
            self.problem(
                f"entry {at}: head {size}, which ends here, does not follow head {self.previous}"
            )
        if root != self.edge.root:
            self.problem(
                f"entry {at}: the root of head {size}, which ends here, is not that of the first "
                f"{size} entries"
            )
        self.previous = size

    def _checkpoint(self, note: str) -> None:
        self.report.checkpoints += 1
        size, at = self.edge.size, max(self.edge.size - 1, 0)
        try:
            signed = open_checkpoint(note, self.vkey)
        except NoteRefused as error:
            self.problem(f"entry {at}: checkpoint {size}: {error}")
            return
        if (signed.size, signed.root) != (size, self.edge.root):
            self.problem(
                f"entry {at}: checkpoint {size} signs another root than that of its entries"
            )

    def ends(self) -> None:
        """What is left over where the entries end, and what is missing there."""
        for place in range(self.edge.size, min(self.newest, self.edge.size + 1)):
            self.problem(f"entry {place} is missing: there is none after it")
        if self.newest != self.report.entries:
            self.problem(
                f"the newest head has {self.newest} entries, {self.report.entries} are stored"
            )
        for what, left in (("a head", self.heads), ("a checkpoint", self.checkpoints)):
            for size, *_ in left.rest():
                self.problem(f"entry {max(size - 1, 0)}: {what} of {size} entries fits to no tree")
        for place, _ in self.mentions.rest():
            self.problem(f"entry {place}: something is looked up there, and no entry is")
        if (stored := Tile.objects.count()) != self.report.tiles:
            self.problem(f"{stored} tiles are stored where the tree has {self.report.tiles}")
        if self.newest > 0 and self.report.checkpoints == 0:
            self.problem("no checkpoint was ever signed")


def _name(vkey: str) -> str | None:
    try:
        return parse_vkey(vkey).name
    except NoteRefused:
        return None
