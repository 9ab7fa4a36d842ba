"""An entry that is known at a glance is read as the standard reads it, and so is any other."""

import json
import re

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from provenance.core.forms import BODIES, NUMBERS, TEXTS, EntryType, Glimpse, glimpse
from provenance.core.records import JSON, MalformedEntry, look_at, mentions, parse_entry

# A value of each key's form; those whose form is a hash, a code or a number are made below.
_VALUES: dict[str, st.SearchStrategy[JSON]] = {
    **{key: st.from_regex(re.compile(form, re.ASCII), fullmatch=True)
       for key, form in {**TEXTS, "key": r"[\x21-\x7e]{1,9}"}.items()},
    **{key: st.integers(least, 2**53 - 1) for key, least in NUMBERS.items()},
    "at": st.datetimes().map(lambda at: f"{at.year:04}-{at:%m-%dT%H:%M:%SZ}"),
}  # fmt: skip


@st.composite
def entries(draw: st.DrawFn) -> bytes:
    """Any entry that the archive could write."""
    kind = draw(st.sampled_from([*EntryType]))
    body = BODIES[kind]
    more = draw(st.sets(st.sampled_from(sorted(body.optional)))) if body.optional else set()
    value = {key: draw(_VALUES[key]) for key in ("at", *sorted(body.required | more))}
    return rfc8785.dumps({**value, "schema": 1, "type": kind.value})


def by_the_long_way(data: bytes) -> Glimpse:
    entry = parse_entry(data)
    attempt = entry.body.get("attempt")
    name = attempt if isinstance(attempt, str) else None
    at = f"{entry.at.year:04}-{entry.at:%m-%dT%H:%M:%SZ}"
    return Glimpse(entry.type, at, name, tuple(mentions(entry.body)))


@pytest.mark.slow
@given(entries())
def test_a_glance_sees_what_reading_finds(data: bytes) -> None:
    assert look_at(data) == by_the_long_way(data)
    assert glimpse(data) in {None, by_the_long_way(data)}


@pytest.mark.slow
@given(entries(), st.integers(0), st.binary(max_size=2), st.booleans())
@example(b'{"at":"2026-02-30T00:00:00Z","attempt":"' + b"0" * 32
         + b'","reason":"x","schema":1,"type":"failed"}', 0, b"", False)  # fmt: skip
def test_what_is_damaged_is_seen_or_refused_alike(
    data: bytes, at: int, piece: bytes, over: bool
) -> None:
    at %= len(data)
    damaged = data[:at] + piece + data[at + len(piece) * over :]
    try:
        found = by_the_long_way(damaged)
    except MalformedEntry:
        assert glimpse(damaged) is None
        with pytest.raises(MalformedEntry):
            look_at(damaged)
    else:
        assert rfc8785.dumps(json.loads(damaged)) == damaged
        assert look_at(damaged) == found


@pytest.mark.parametrize("kind", EntryType)
def test_every_type_is_known_at_a_glance(kind: EntryType) -> None:
    """Else it would only be slow, and nobody would notice."""
    plain: dict[str, JSON] = {
        "attempt": "0" * 32, "manifest": "urn:c2pa:1",
        "clip": "7f3a0d52-93a4-4c5e-8d7e-1f0c2b6a9e11",
        "key": "a+b/c=", "serial": "7", "since": "2026-11-23T19:04:36Z",
        **dict.fromkeys(("reason", "by", "event", "kind", "decision", "field"), "some_code"),
        **dict.fromkeys(NUMBERS, 7),
    }  # fmt: skip
    for keys in (BODIES[kind].required, BODIES[kind].required | BODIES[kind].optional):
        body = {key: plain.get(key, "ab" * 32) for key in keys}
        envelope: dict[str, JSON] = {"at": "2026-10-31T23:59:59Z", "schema": 1, "type": kind.value}
        data = rfc8785.dumps({**body, **envelope})
        assert glimpse(data) == by_the_long_way(data)
