"""What lies beside the entries, held against them: what they are found by, what opens them, and
what others have signed.

Each function yields, for every row it looks at, None or what is wrong, with the entry's index.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection

from provenance.core.cosignatures import parse_cosigner
from provenance.core.errors import ProvenanceError
from provenance.core.notes import parse_signatures, split_note
from provenance.core.records import EntryType, Opening
from provenance.core.stamps import read_stamp

from .models import Cosignature, OpenAttempt

_ROUND = 2000
_MENTIONS = "SELECT index, term FROM log_mention ORDER BY index"
_OPENINGS = """
    SELECT e.index, p.id IS NOT NULL, e.data, o.field, o.salt, o.value
    FROM log_opening o LEFT JOIN log_entry e USING (ticket) LEFT JOIN log_pending p USING (ticket)
    ORDER BY e.index
"""
_ANCHORS = """
    SELECT e.index, p.id IS NOT NULL, e.data, a.size, a.authority, a.at, a.token, h.root
    FROM log_anchor a JOIN log_head h USING (size)
    LEFT JOIN log_entry e USING (ticket) LEFT JOIN log_pending p USING (ticket)
    ORDER BY a.id
"""


class Named:
    """The terms that entries can be looked up by, read once, in step with the entries."""

    def __init__(self) -> None:
        self._rows: Iterator[tuple[int, frozenset[str]]] | None = None
        self._next: tuple[int, frozenset[str]] | None = None
        self._strays: list[int] = []

    def of(self, place: int) -> frozenset[str]:
        """The terms stored for an entry; places must be asked for in rising order."""
        if self._rows is None:
            self._rows = _mentions()
            self._next = next(self._rows, None)
        while self._next is not None and self._next[0] < place:
            self._strays.append(self._next[0])
            self._next = next(self._rows, None)
        if self._next is None or self._next[0] != place:
            return frozenset()
        _, terms = self._next
        self._next = next(self._rows, None)
        return terms

    def rest(self) -> list[str]:
        """What is left where no entry asked for it."""
        left = [*self._strays, *([self._next[0]] if self._next else [])]
        left += [place for place, _ in self._rows or ()]
        return [f"entry {place}: something is looked up there, and no entry is" for place in left]


def open_attempts(derived: set[int]) -> list[str]:
    """The list that the public page shows must leave nobody out; `derived` is what it must be."""
    stored = set(OpenAttempt.objects.values_list("index", flat=True))
    out, wrong = sorted(derived - stored), sorted(stored - derived)
    return [
        *(f"entry {at}: the list of attempts without outcome leaves this one out" for at in out),
        *(f"entry {at}: the list of attempts without outcome has it wrongly" for at in wrong),
    ]


def openings() -> Iterator[str | None]:
    """An opening that opens nothing would show a visitor a value that was never logged."""
    for place, waits, data, name, salt, value in _read(_OPENINGS):
        if waits:
            continue
        if place is None:
            yield f"an opening of {name!r} belongs to no entry: its ticket is lost"
        elif _opens(bytes(data), name, bytes(salt), value):
            yield None
        else:
            yield f"entry {place}: the stored opening of {name!r} is another value"


def cosignatures() -> Iterator[str | None]:
    """A witness's line must be its own, over the checkpoint beside it, and say the stored time."""
    rows = Cosignature.objects.select_related("checkpoint").order_by("checkpoint_id", "id")
    for row in rows.iterator(_ROUND):
        at = (
            f"entry {max(row.checkpoint_id - 1, 0)}: the cosignature of {row.checkpoint_id} entries"
        )
        try:
            cosigner = parse_cosigner(row.cosigner)
            [line] = parse_signatures(row.line)
            time = cosigner.time_of(split_note(row.checkpoint.note)[0], line.signature)
        except (ProvenanceError, ValueError) as error:
            yield f"{at} does not hold: {error}"
            continue
        sound = cosigner.signed(line) and time == row.at and line.line == row.line
        yield None if sound else f"{at} is not the one that its row says"


def anchors() -> Iterator[str | None]:
    """A stamp must be the one to which an entry of the log has committed."""
    for place, waits, data, size, authority, at, token, root in _read(_ANCHORS):
        if waits:
            continue
        if place is None:
            yield f"entry {max(size - 1, 0)}: the anchor of {size} entries has no entry itself"
            continue
        body = json.loads(bytes(data))
        committed = (EntryType.ANCHOR, size, bytes(root).hex(), _sha256(token))
        said = tuple(body.get(key) for key in ("type", "size", "root", "sha256"))
        sound = said == committed and _says(bytes(token), authority, at)
        yield None if sound else f"entry {place}: the stamp stored for it is another one"


def _opens(data: bytes, name: str, salt: bytes, value: str) -> bool:
    try:
        logged = json.loads(data).get(name)
        return bool(Opening(name, salt, json.loads(value)).commitment == logged)
    except (ValueError, AttributeError, ProvenanceError):
        return False


def _says(token: bytes, authority: str, at: object) -> bool:
    try:
        stamp = read_stamp(token)
    except ProvenanceError:
        return False
    return (stamp.authority, stamp.at) == (authority, at)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(bytes(data)).hexdigest()


def _mentions() -> Iterator[tuple[int, frozenset[str]]]:
    for place, rows in groupby(_read(_MENTIONS), key=itemgetter(0)):
        yield place, frozenset(term for _, term in rows)


def _read(query: str) -> Iterator[Sequence[Any]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(_ROUND):
            yield from rows
