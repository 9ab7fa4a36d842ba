"""A reviewed data file into the record: checked as a whole, loaded in one transaction.

Loading twice changes nothing, and a row that somebody has edited here is left as it is: a row
remembers the digest of what it was loaded with; one whose content has another digest was edited.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from .errors import NoMoment, RecordRefused
from .models import Citation, Confidence, Dated, Document, Fact, Question, Row, Source, Version
from .moments import Moment

SHIPPED = Path(__file__).with_name("data") / "protest-2024.toml"
LARGEST_BYTES = 5_000_000
_NOT_CONTENT = frozenset({"loaded_digest", "updated_at"})
_NO_TEXT = ""

Cited: TypeAlias = tuple[tuple[str, str], ...]  # pairs of a source's slug and what it says


@dataclass(frozen=True)
class _Form:
    """The keys of one kind of table in the file."""

    model: type[Row]
    required: frozenset[str]
    optional: frozenset[str] = frozenset()


_DATED = frozenset({"as_of", "confidence", "sources"})
_DOUBTS = frozenset({"zone", "roughly", "note", "withdrawn_because"})
# In the order of loading: what is referred to comes first.
_FORMS: Mapping[str, _Form] = {
    "source": _Form(
        Source,
        frozenset({"title", "publisher", "reading", "read_on"}),
        frozenset({"published", "url", "note", "copy_sha256"}),
    ),
    "question": _Form(Question, frozenset({"text", "contested"}), frozenset({"note"})),
    "document": _Form(
        Document, frozenset({"title", "author", "about"}), frozenset({"withdrawn_because"})
    ),
    "fact": _Form(
        Fact, _DATED | {"claim"}, _DOUBTS | {"value", "speaker", "question", "document"}
    ),
    "version": _Form(
        Version, _DATED | {"document", "number", "summary"}, _DOUBTS | {"copy_sha256"}
    ),
}  # fmt: skip
_LINKS = ("question", "document")


@dataclass
class Outcome:
    """What loading did, by slug; `edited` rows differ from what was loaded and were left alone."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)


def load_file(path: Path) -> Outcome:
    """Load a data file; raises RecordRefused, and then nothing of it was loaded."""
    try:
        with path.open("rb") as opened:
            data = opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise RecordRefused(f"{path.name} cannot be read: {error.strerror}.") from error
    return load(data)


def load(data: bytes) -> Outcome:
    """Load the bytes of a data file in one transaction; raises RecordRefused."""
    if len(data) > LARGEST_BYTES:
        raise RecordRefused(f"The file is longer than {LARGEST_BYTES:,} bytes.")
    try:
        tables = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise RecordRefused(f"The file is no TOML in UTF-8: {error}") from error
    outcome = Outcome()
    try:
        with transaction.atomic():
            for row, cited in _rows(tables):
                _keep(row, cited, outcome)
    except IntegrityError as error:  # such as two versions of one document with one number
        raise RecordRefused(f"Two lines exclude each other: {error}") from error
    return outcome


def _rows(tables: Mapping[str, Any]) -> Iterator[tuple[Row, Cited]]:
    if unknown := tables.keys() - _FORMS.keys():
        raise RecordRefused(f"Nothing in a record is called {', '.join(sorted(unknown))}.")
    for kind, form in _FORMS.items():
        named = tables.get(kind, {})
        if not isinstance(named, dict):
            raise RecordRefused(f"Every {kind} needs a name of its own: [{kind}.name].")
        for slug, values in named.items():
            try:
                yield _row(form, slug, values)
            except (RecordRefused, NoMoment) as error:
                raise RecordRefused(f"{kind}.{slug}: {error}") from error
            except ValidationError as error:
                words = "; ".join(error.messages)
                raise RecordRefused(f"{kind}.{slug}: {words}") from error


def _row(form: _Form, slug: str, values: object) -> tuple[Row, Cited]:
    if not isinstance(values, dict):
        raise RecordRefused("is no table.")
    if missing := form.required - values.keys():
        raise RecordRefused(f"{', '.join(sorted(missing))} missing.")
    if unknown := values.keys() - form.required - form.optional:
        raise RecordRefused(f"{', '.join(sorted(unknown))} not known.")
    if _holds_nul(values):
        raise RecordRefused("holds a NUL character.")
    content = dict(values)
    cited = _cited(content.pop("sources", []))
    for name in _LINKS:
        if name in content:
            content[f"{name}_id"] = content.pop(name)
    if issubclass(form.model, Dated):
        content |= _moment(content)
        _check_sources(content["confidence"], cited)
    row = form.model(slug=slug, **content)
    row.clean_fields()  # existence of what it refers to included
    row.clean()
    return row, cited


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_holds_nul(item) for item in inner)


def _moment(content: dict[str, Any]) -> dict[str, Any]:
    as_of, zone = content.pop("as_of"), content.get("zone", _NO_TEXT)
    if not isinstance(as_of, str) or not isinstance(zone, str):
        raise RecordRefused("as_of and zone are texts in quotes.")
    moment = Moment.parse(as_of, zone)
    return {"moment": moment.at, "precision": moment.precision.value}


def _cited(sources: object) -> Cited:
    """The citations: names of sources, or `{source = name, says = words}`."""
    if not isinstance(sources, list):
        raise RecordRefused("sources is a list.")
    found = []
    for item in sources:
        pair = {"source": item} if isinstance(item, str) else item
        if not isinstance(pair, dict) or not isinstance(pair.get("source"), str):
            raise RecordRefused("A source is a name, or a table with source and says.")
        if pair.keys() - {"source", "says"} or not isinstance(pair.get("says", _NO_TEXT), str):
            raise RecordRefused("A source is a name, or a table with source and says.")
        found.append((pair["source"], pair.get("says", _NO_TEXT)))
    if len({source for source, _ in found}) < len(found):
        raise RecordRefused("A source is named twice.")
    return tuple(found)


def _check_sources(confidence: object, cited: Cited) -> None:
    if not cited:
        raise RecordRefused("A line without a source does not go on the record.")
    if confidence == Confidence.FIRM and len(cited) < 2:
        raise RecordRefused("“firm” takes two sources.")
    known = set(
        Source.objects.filter(pk__in=[slug for slug, _ in cited]).values_list("pk", flat=True)
    )
    if missing := {slug for slug, _ in cited} - known:
        raise RecordRefused(f"There is no source {', '.join(sorted(missing))}.")


def _keep(row: Row, cited: Cited, outcome: Outcome) -> None:
    """Add the row, or bring the one of that name up to date unless it was edited here."""
    row.loaded_digest = digest(row, cited)
    there = type(row)._default_manager.select_for_update().filter(pk=row.pk).first()
    if there is None:
        outcome.added.append(row.slug)
    elif digest(there, _cited_now(there)) != there.loaded_digest:
        outcome.edited.append(row.slug)
        return
    elif there.loaded_digest == row.loaded_digest:
        outcome.unchanged.append(row.slug)
        return
    else:
        outcome.changed.append(row.slug)
    row.save()
    if isinstance(row, Fact | Version):
        row.citations.all().delete()
        link = "fact" if isinstance(row, Fact) else "version"
        Citation.objects.bulk_create(
            Citation(source_id=source, says=says, **{link: row}) for source, says in cited
        )


def _cited_now(row: Row) -> Cited:
    if not isinstance(row, Fact | Version):
        return ()
    return tuple(row.citations.values_list("source_id", "says"))


def digest(row: Row, cited: Sequence[tuple[str, str]]) -> str:
    """SHA-256 (hex) of everything that a reader sees of the row, its citations included."""
    content = {
        column.attname: _plain(getattr(row, column.attname))
        for column in row._meta.concrete_fields
        if column.name not in _NOT_CONTENT
    }
    text = json.dumps([content, sorted(cited)], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> str | None:
    if isinstance(value, datetime):
        return str(int(value.timestamp()))
    return None if value is None else str(value)
