"""What an entry of the log is: its type, its canonical bytes, and salted commitments.

An entry is canonical JSON (RFC 8785), so that anyone hashes the same bytes. What may have to be
forgotten one day never stands in it: only a commitment does, whose salt and value can be erased.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeAlias

import rfc8785

from .errors import ProvenanceError
from .forms import BODIES, LOOKED_UP, Glimpse, fits, glimpse
from .forms import EntryType as EntryType

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

SCHEMA = 1
ENTRY_LIMIT = 65_535  # bytes; C2SP tlog-tiles gives an entry a 16-bit length
SALT_BYTES = 32
_CONTEXT = b"sora-archive/commit/v1"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_TIME_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_ENVELOPE = frozenset({"schema", "type", "at"})
_SAFE_INTEGER = 2**53 - 1


class EntryRefused(ProvenanceError):
    """These values make no entry of the log; the text says which and why."""


class MalformedEntry(ProvenanceError):
    """These bytes are no entry of a log of this kind."""


OUTCOMES = frozenset(
    {EntryType.GENERATED, EntryType.FAILED, EntryType.REFUSED, EntryType.CANCELLED}
)


# What the entry of a finished file is: that of the line, or of an erasure that replaced the file.
ISSUING = frozenset({EntryType.GENERATED, EntryType.ERASURE})


@dataclass(frozen=True)
class Entry:
    """An entry as read: `at` is what the writer claims, in UTC; `body` is all the rest."""

    schema: int
    type: str
    at: datetime
    body: Mapping[str, JSON]

    @property
    def issues_a_file(self) -> bool:
        """Whether it names a finished file by its manifest and a commitment to its bytes."""
        return self.type in ISSUING and self.body.keys() >= {"manifest", "file"}


@dataclass(frozen=True)
class Opening:
    """What opens a commitment: the field's name, 32 random bytes, and the value."""

    field: str
    salt: bytes
    value: JSON

    @property
    def commitment(self) -> str:
        """The commitment that stands in the log."""
        return commitment(self.field, self.salt, self.value)


@dataclass(frozen=True)
class Hidden:
    """A value that is kept back: the field's name and the commitment that stands in the log."""

    field: str
    commitment: str


def canonical(value: JSON) -> bytes:
    """The one form of a JSON value by RFC 8785, as UTF-8.

    Raises EntryRefused for what has none: integers beyond +-(2^53 - 1) (give them as strings),
    NaN, lone surrogates, keys that are no text, and anything nested too deeply to be read back.
    """
    if type(value) is dict and _is_plain(value):
        text = _PLAIN_FORM.encode(value)
        if text.isascii():
            return text.encode()
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError, AttributeError) as error:
        raise EntryRefused(f"The value has no canonical JSON form: {error}") from error


def _is_plain(value: Mapping[Any, Any]) -> bool:
    """Whether an object holds text and integers alone, as almost every entry: with ASCII alone in
    it, what Python's own encoder in C writes is the canonical form, ten times as fast.
    """
    for key, item in value.items():
        kind = type(item)
        if type(key) is not str or (
            kind is not str and (kind is not int or abs(item) > _SAFE_INTEGER)
        ):
            return False
    return True


def commitment(field: str, salt: bytes, value: JSON) -> str:
    """Lower-case hex of SHA-256(context 00 field 00 salt JCS(value)); the salt has 32 bytes.

    The zero bytes and the fixed length of the salt keep the parts apart.
    """
    if len(salt) != SALT_BYTES:
        raise EntryRefused(f"A salt has {SALT_BYTES} bytes, not {len(salt)}.")
    if not field or "\0" in field:
        raise EntryRefused("A field has a name without zero bytes.")
    parts = (_CONTEXT, b"\0", _utf8(field), b"\0", salt, canonical(value))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def entry_bytes(kind: EntryType, at: datetime, body: Mapping[str, JSON]) -> bytes:
    """The bytes of a new entry, at most 65,535; `at` is aware and kept to the second.

    Raises EntryRefused where a key is missing, unknown, or holds what it must not hold.
    """
    if at.tzinfo is None:
        raise EntryRefused("The time of an entry needs a time zone.")
    _check_body(kind, body)
    stamp = at.astimezone(UTC).strftime(_TIME)
    data = canonical({**body, "schema": SCHEMA, "type": kind.value, "at": stamp})
    if len(data) > ENTRY_LIMIT:
        raise EntryRefused(f"The entry has {len(data)} bytes; the limit is {ENTRY_LIMIT}.")
    return data


def mentions(body: Mapping[str, JSON]) -> list[str]:
    """What an entry can be looked up by, each once: the clip, the manifest, the plain hash."""
    named = [body[key] for key in LOOKED_UP if key in body]
    terms = [name for name in named if isinstance(name, str) and _is_term(name)]
    return terms if len(terms) < 2 else list(dict.fromkeys(terms))


def _is_term(name: str) -> bool:
    return 0 < len(name) <= 100 and name.isprintable()


def look_at(data: bytes) -> Glimpse:
    """What the log has to know of an entry; raises MalformedEntry where parse_entry does."""
    found = glimpse(data)
    if found is None:
        value = read_entry(data)
        attempt = value.get("attempt")
        name = attempt if isinstance(attempt, str) else None
        found = Glimpse(value["type"], value["at"], name, tuple(mentions(value)))
    return found


def parse_entry(data: bytes) -> Entry:
    """Read an entry of any type; raises MalformedEntry where the bytes are not canonical."""
    value = read_entry(data)
    body = {key: item for key, item in value.items() if key not in _ENVELOPE}
    return Entry(value["schema"], value["type"], datetime.fromisoformat(value["at"]), body)


def read_entry(data: bytes) -> Mapping[str, Any]:
    """The object that an entry's bytes are, with its envelope; raises as parse_entry does."""
    if len(data) > ENTRY_LIMIT:
        raise MalformedEntry("The entry is too long.")
    value = _load(data)
    if not isinstance(value, dict):
        raise MalformedEntry("The entry is no JSON object.")
    _check_form(data, value)
    schema, kind = value.get("schema"), value.get("type")
    if type(schema) is not int or schema < 1 or not isinstance(kind, str) or not kind:
        raise MalformedEntry("The entry has no schema number or no type.")
    _check_time(value.get("at"))
    return value


def _check_form(data: bytes, value: JSON) -> None:
    try:
        known_form = canonical(value) == data
    except EntryRefused as error:
        raise MalformedEntry(str(error)) from error
    if not known_form:
        raise MalformedEntry("The entry is not in canonical form (RFC 8785).")


def _load(data: bytes) -> Any:
    try:
        text = data.decode("utf-8")
        value, end = _STRICT.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise MalformedEntry("The entry is no JSON text in UTF-8.") from error
    if end != len(text):
        raise MalformedEntry("Something follows the entry's JSON text.")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


# Made once: the functions of `json` would make one for each entry.
_STRICT = json.JSONDecoder(parse_constant=_no_constant)
_PLAIN_FORM = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _check_time(value: object) -> None:
    if not isinstance(value, str) or not _TIME_FORM.fullmatch(value):
        raise MalformedEntry("The entry's time is not of the form 2026-11-23T19:04:36Z.")
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        raise MalformedEntry("The entry's time is no time.") from error


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise EntryRefused("A field's name is no Unicode text.") from error


def _check_body(kind: EntryType, body: Mapping[str, JSON]) -> None:
    form = BODIES[kind]
    if missing := form.required - body.keys():
        raise EntryRefused(f"{kind.value}: {', '.join(sorted(missing))} missing.")
    if unknown := body.keys() - form.required - form.optional:
        raise EntryRefused(f"{kind.value}: {', '.join(sorted(unknown))} not allowed.")
    for key, value in body.items():
        if not fits(key, value):
            raise EntryRefused(f"{kind.value}: {key!r} does not hold what it must hold.")
