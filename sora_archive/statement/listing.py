"""Who has signed: the public list with the salts that open its entries, and the curators' table."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, QuerySet

from provenance.core.tallies import FIELD
from provenance.log import outbox, reading

from .models import Act, ActKind, Signature, State, Version

NAMES_A_PAGE = 200
ERASURES_SHOWN = 100
_BATCH = 1000
_COLUMNS = (
    "entry", "version", "state", "name", "role", "place", "link", "anonymous", "tier",
    "confirmed_tier", "confirmed_at",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Listed:
    """A name of the list with its place in the log."""

    signature: Signature
    entry: int | None

    @property
    def confirmation(self) -> Act | None:
        """Who confirmed the tier."""
        return next((act for act in self.signature.acts.all() if act.kind == ActKind.TIER), None)


@dataclass(frozen=True)
class Page:
    """A page of the list."""

    names: Sequence[Listed]
    number: int
    pages: int


def page(version: Version, number: int) -> Page:
    """A page of the names under a version, in the order in which they were confirmed."""
    pages = Paginator(_listed(version), NAMES_A_PAGE)
    wanted = min(max(number, 1), pages.num_pages)
    rows = list(pages.page(wanted))
    places = outbox.indexes_of([row.ticket for row in rows if row.ticket])
    names = [Listed(row, places.get(row.ticket) if row.ticket else None) for row in rows]
    return Page(names, wanted, pages.num_pages)


def openings(version: Version) -> Iterator[str]:
    """Each listed name as a line of JSON with its entry and salt, so that anybody matches them."""
    for rows in _batches(_listed(version)):
        tickets = [row.ticket for row in rows if row.ticket]
        places, found = outbox.indexes_of(tickets), outbox.openings_of_all(tickets, FIELD)
        for ticket in tickets:
            if ticket in places and ticket in found:
                opening = found[ticket]
                line = {"entry": places[ticket], "salt": opening.salt.hex(), FIELD: opening.value}
                yield json.dumps(line, ensure_ascii=False) + "\n"


def table() -> Iterator[str]:
    """Every confirmed signature as CSV (RFC 4180), for curators: no address, no hash of one."""
    writer = csv.writer(_Echo())
    yield writer.writerow(_COLUMNS)
    signed = Signature.objects.exclude(state=State.WAITING).order_by(
        "version", "confirmed_at", "id"
    )
    for rows in _batches(signed):
        places = outbox.indexes_of([row.ticket for row in rows if row.ticket])
        for row in rows:
            entry = places.get(row.ticket) if row.ticket else None
            yield writer.writerow([_cell(value) for value in _values(row, entry)])


def search(words: str, state: str) -> QuerySet[Signature]:
    """Confirmed signatures with these words in name, role or place, the newest first.

    A number alone is that of an entry of the log, by which readers report a name.
    """
    found = Signature.objects.exclude(state=State.WAITING).select_related("version")
    if state in State.values:
        found = found.filter(state=state)
    if words.isdecimal() and len(words) < 19:
        return found.filter(ticket=reading.ticket_of(int(words)))
    for word in words.split()[:5]:
        found = found.filter(
            Q(name__icontains=word) | Q(role__icontains=word) | Q(place__icontains=word)
        )
    return found.order_by("-confirmed_at", "id")


def erased_by_curators() -> list[tuple[Act, int | None]]:
    """Curators' erasures of names with the entries of the signatures, the newest first."""
    acts = Act.objects.filter(kind=ActKind.ERASURE).select_related("made_by", "signature")
    newest = list(acts[:ERASURES_SHOWN])
    places = outbox.indexes_of([act.signature.ticket for act in newest if act.signature.ticket])
    return [
        (act, places.get(act.signature.ticket) if act.signature.ticket else None) for act in newest
    ]


def _listed(version: Version) -> QuerySet[Signature]:
    acts = Prefetch("acts", Act.objects.select_related("made_by"))
    signed = version.signatures.filter(state=State.COUNTED, anonymous=False).exclude(name="")
    return signed.order_by("confirmed_at", "id").prefetch_related(acts)


def _batches(rows: QuerySet[Signature]) -> Iterator[list[Signature]]:
    walking = rows.iterator(_BATCH)
    while batch := list(islice(walking, _BATCH)):
        yield batch


def _values(row: Signature, entry: int | None) -> Iterable[object]:
    yield "" if entry is None else entry
    for name in _COLUMNS[1:]:
        value = getattr(row, f"{name}_id" if name == "version" else name)
        yield value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP on CSV injection)."""
    text = str(value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text


class _Echo:
    """A file that gives back what is written."""

    def write(self, line: str) -> str:
        return line
