"""Entries have one form of bytes, and nothing of a person can get into one."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from provenance.core import records
from provenance.core.records import (
    JSON,
    OUTCOMES,
    EntryRefused,
    EntryType,
    MalformedEntry,
    Opening,
    canonical,
    commitment,
    entry_bytes,
    mentions,
    parse_entry,
)

AT = datetime(2026, 11, 23, 19, 4, 36, 999_999, tzinfo=UTC)
ATTEMPT = "0123456789abcdef" * 2
HASH = "ab" * 32
CLIP = "7f3a0d52-93a4-4c5e-8d7e-1f0c2b6a9e11"
MANIFEST = "urn:c2pa:3f5a1c1e-6a4e-4f0b-9c33-0d1a4c9b7a55"
BODIES: dict[EntryType, dict[str, JSON]] = {
    EntryType.ATTEMPT: {"attempt": ATTEMPT, "artist": HASH, "prompt": HASH, "parameters": HASH},
    EntryType.RENDERED: {"attempt": ATTEMPT, "try": 1, "media": HASH},
    EntryType.GENERATED: {"attempt": ATTEMPT, "rendered": 7, "manifest": MANIFEST, "file": HASH},
    EntryType.FAILED: {"attempt": ATTEMPT, "reason": "worker_lost"},
    EntryType.REFUSED: {"attempt": ATTEMPT, "reason": "quota"},
    EntryType.CANCELLED: {"attempt": ATTEMPT, "by": "artist"},
    EntryType.PUBLICATION: {
        "attempt": ATTEMPT,
        "clip": CLIP,
        "generated": 8,
        "manifest": MANIFEST,
        "sha256": HASH,
    },
    EntryType.ATTEMPT_SIGNED: {"attempt": ATTEMPT, "signed": HASH},
    EntryType.WITHDRAWAL: {"clip": CLIP, "publication": 9, "by": "curator", "reason": "privacy"},
    EntryType.RESTORATION: {"clip": CLIP, "withdrawal": 10, "by": "curator", "reason": "error"},
    EntryType.DECISION: {"decision": "kept", "by": "curator", "reason": "no_breach"},
    EntryType.ERASURE: {"target": 7, "field": "prompt", "by": "artist"},
    EntryType.STATEMENT_VERSION: {"version": 1, "sha256": HASH},
    EntryType.SIGNATURE: {"statement": 12, "sha256": HASH, "signatory": HASH},
    EntryType.SIGNATURE_WITHDRAWN: {"signature": 13, "by": "signatory"},
    EntryType.SIGNATURE_INVALIDATED: {"signature": 13, "by": "curator", "reason": "duplicate"},
    EntryType.SIGNATURE_REINSTATED: {"signature": 13, "by": "curator", "reason": "error"},
    EntryType.CAPTURE: {"sha256": HASH, "source": HASH},
    EntryType.ANCHOR: {"size": 70, "root": HASH, "kind": "rfc3161", "sha256": HASH},
    EntryType.FIXITY: {"checked": 9, "missing": 0, "altered": 1, "orphans": 2, "sha256": HASH},
    EntryType.KEY_EVENT: {"event": "created", "kind": "log", "key": "a.example/log+00+AA=="},
}


def test_the_bytes_of_an_entry_are_fixed() -> None:
    assert entry_bytes(EntryType.FAILED, AT, BODIES[EntryType.FAILED]) == (
        b'{"at":"2026-11-23T19:04:36Z","attempt":"0123456789abcdef0123456789abcdef",'
        b'"reason":"worker_lost","schema":1,"type":"failed"}'
    )


@pytest.mark.parametrize("kind", BODIES)
def test_every_type_that_is_written_reads_back(kind: EntryType) -> None:
    entry = parse_entry(entry_bytes(kind, AT, BODIES[kind]))
    assert (entry.schema, entry.type, entry.at) == (1, kind, AT.replace(microsecond=0))
    assert entry.body == BODIES[kind]


def test_the_type_strings_are_those_of_the_log_for_ever() -> None:
    assert [kind.value for kind in EntryType] == [
        "attempt",
        "attempt_signed",
        "rendered",
        "generated",
        "failed",
        "refused",
        "cancelled",
        "publication",
        "withdrawal",
        "restoration",
        "decision",
        "erasure",
        "statement_version",
        "signature",
        "signature_withdrawn",
        "signature_invalidated",
        "signature_reinstated",
        "key_event",
        "capture",
        "anchor",
        "fixity",
    ]
    assert {"generated", "failed", "refused", "cancelled"} == OUTCOMES


def test_a_time_elsewhere_is_written_in_utc() -> None:
    at = datetime(2026, 11, 24, 4, 4, 36, tzinfo=timezone(timedelta(hours=9)))
    data = entry_bytes(EntryType.FAILED, at, BODIES[EntryType.FAILED])
    assert json.loads(data)["at"] == "2026-11-23T19:04:36Z"
    with pytest.raises(EntryRefused, match="time zone"):
        entry_bytes(EntryType.FAILED, datetime(2026, 1, 1), BODIES[EntryType.FAILED])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"prompt": "a red kite"}, "prompt"),
        ({"attempt": "https://archive.example/1"}, "attempt"),
        ({"artist": "AB" * 32}, "artist"),
        ({"name": "Ada"}, "name"),
        ({"type": "generated"}, "type"),
        ({"schema": 2}, "schema"),
        ({"at": "2026-11-23T19:04:36Z"}, "at"),
    ],
)
def test_a_key_that_holds_something_else_is_refused(changed: dict[str, JSON], words: str) -> None:
    with pytest.raises(EntryRefused, match=words):
        entry_bytes(EntryType.ATTEMPT, AT, BODIES[EntryType.ATTEMPT] | changed)


@pytest.mark.parametrize("kind", BODIES)
def test_a_missing_key_is_refused(kind: EntryType) -> None:
    for key in BODIES[kind]:
        body = {name: value for name, value in BODIES[kind].items() if name != key}
        with pytest.raises(EntryRefused, match=key):
            entry_bytes(kind, AT, body)


@pytest.mark.parametrize("value", [True, -1, 1.0, "1", None])
def test_an_index_is_a_whole_number(value: JSON) -> None:
    body = BODIES[EntryType.GENERATED] | {"rendered": value}
    with pytest.raises(EntryRefused, match="rendered"):
        entry_bytes(EntryType.GENERATED, AT, body)


def test_every_type_has_a_body() -> None:
    assert BODIES.keys() == set(EntryType)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (EntryType.DECISION, {"target": 7, "clip": CLIP, "grounds": HASH}),
        (EntryType.ERASURE, {"clip": CLIP, "manifest": MANIFEST, "sha256": HASH}),
        (EntryType.KEY_EVENT, {"serial": "123", "since": "2026-11-23T19:04:36Z"}),
    ],
)
def test_what_may_stand_there_besides(kind: EntryType, more: dict[str, JSON]) -> None:
    body = BODIES[kind] | more
    assert parse_entry(entry_bytes(kind, AT, body)).body == body


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        (EntryType.ATTEMPT_SIGNED, {"key": "MCowBQYDK2Vw"}),
        (EntryType.SIGNATURE, {"signatory": "Ada Lovelace"}),
        (EntryType.CAPTURE, {"source": "https://example.org/an-article"}),
        (EntryType.DECISION, {"grounds": "because she asked"}),
        (EntryType.WITHDRAWAL, {"by": "Mo Curator"}),
        (EntryType.ERASURE, {"field": "the prompt"}),
        (EntryType.STATEMENT_VERSION, {"version": 0}),
    ],
)
def test_no_key_name_or_address_gets_into_an_entry(
    kind: EntryType, changed: dict[str, JSON]
) -> None:
    with pytest.raises(EntryRefused):
        entry_bytes(kind, AT, BODIES[kind] | changed)


def test_the_document_lists_every_type_with_its_keys() -> None:
    document = (Path(__file__).parents[2] / "docs" / "log-format.md").read_text()
    for kind, body in BODIES.items():
        [row] = [line for line in document.splitlines() if line.startswith(f"| `{kind}` |")]
        assert set(body) <= set(re.findall(r"`(\w+)`", row)), kind


def test_a_type_from_the_future_can_be_read() -> None:
    data = b'{"at":"2031-01-01T00:00:00Z","news":[1,{"a":null}],"schema":2,"type":"dream"}'
    entry = parse_entry(data)
    assert (entry.schema, entry.type, entry.body) == (2, "dream", {"news": [1, {"a": None}]})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"{",
        b'{"schema":1}',
        b'{"at":"2026-11-23T19:04:36Z","schema":1,"type":"failed"} ',
        b'{"schema":1,"at":"2026-11-23T19:04:36Z","type":"failed"}',
        b'{"at":"2026-11-23T19:04:36Z","at":"2026-11-23T19:04:36Z","schema":1,"type":"failed"}',
        b'{"at":"2026-11-23T19:04:36Z","n":1e400,"schema":1,"type":"failed"}',
        b'{"at":"2026-11-23T19:04:36Z","n":NaN,"schema":1,"type":"failed"}',
        b'{"at":"2026-11-23T19:04:36Z","n":9007199254740993,"schema":1,"type":"failed"}',
        b'{"at":"2026-13-23T19:04:36Z","schema":1,"type":"failed"}',
        b'{"at":"2026-11-23T19:04:36+00:00","schema":1,"type":"failed"}',
        b'{"at":"2026-11-23T19:04:36Z","schema":true,"type":"failed"}',
        b'{"at":"2026-11-23T19:04:36Z","schema":0,"type":"failed"}',
        b'{"at":"2026-11-23T19:04:36Z","schema":1,"type":""}',
        b'{"a":"' + b"x" * records.ENTRY_LIMIT + b'","at":"2026-11-23T19:04:36Z","schema":1,'
        b'"type":"failed"}',
        b"[" * 60_000,
    ],
    ids=range(19),
)
def test_what_is_no_entry_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedEntry):
        parse_entry(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        parse_entry(data)
    except MalformedEntry:
        return


@pytest.mark.slow
@given(st.dictionaries(st.text(max_size=9), st.text(max_size=9) | st.integers(), max_size=5))
def test_the_short_way_to_canonical_json_is_that_of_the_standard(value: dict[str, JSON]) -> None:
    try:
        assert canonical(value) == rfc8785.dumps(value)
    except EntryRefused:
        with pytest.raises(rfc8785.CanonicalizationError):
            rfc8785.dumps(value)


def test_canonical_json_by_rfc_8785() -> None:
    value: JSON = {
        "\u20ac": "Euro",
        "\r": "CR",
        "1": [1e21, 0.000001, 1e-7, -0.0],
        "z": '\u000f\n"',
    }
    assert canonical(value) == (
        '{"\\r":"CR","1":[1e+21,0.000001,1e-7,0],"z":"\\u000f\\n\\"","€":"Euro"}'.encode()
    )


@pytest.mark.parametrize(
    "value", [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {1: "a"}, {"a": object()}]
)
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(EntryRefused):
        canonical(value)


def test_a_value_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(EntryRefused):
        canonical(deep)


def test_the_commitment_is_the_published_formula() -> None:
    salt = bytes(range(32))
    by_hand = hashlib.sha256(
        b"sora-archive/commit/v1\x00prompt\x00" + salt + b'{"negative_prompt":"","prompt":"kite"}'
    ).hexdigest()
    value = {"prompt": "kite", "negative_prompt": ""}
    assert commitment("prompt", salt, value) == by_hand
    assert Opening("prompt", salt, value).commitment == by_hand


def test_another_salt_field_or_value_is_another_commitment() -> None:
    one = commitment("artist", bytes(32), {"name": "Ada"})
    others = [
        commitment("artist", bytes(31) + b"\x01", {"name": "Ada"}),
        commitment("artists", bytes(32), {"name": "Ada"}),
        commitment("artist", bytes(32), {"name": "Ben"}),
    ]
    assert len({one, *others}) == 4


@pytest.mark.parametrize(
    ("field", "salt"), [("artist", bytes(31)), ("", bytes(32)), ("a\0b", bytes(32)),
                        ("\ud800", bytes(32))],
)  # fmt: skip
def test_a_commitment_without_enough_salt_or_a_plain_name_is_refused(
    field: str, salt: bytes
) -> None:
    with pytest.raises(EntryRefused):
        commitment(field, salt, "x")


def test_the_example_of_the_document_holds() -> None:
    document = Path(__file__).parents[2] / "docs" / "log-format.md"
    value = {"negative_prompt": "", "prompt": "kite"}
    assert commitment("prompt", bytes(range(32)), value) in document.read_text()


def test_what_an_entry_can_be_looked_up_by() -> None:
    body: dict[str, JSON] = {"clip": "c", "sha256": "h", "manifest": "m", "attempt": "a"}
    assert set(mentions(body)) == {"c", "h", "m"}
    assert mentions({"clip": "same", "sha256": "same"}) == ["same"]
    assert mentions({"clip": 7, "sha256": "", "manifest": "x" * 101}) == []
    assert mentions({"clip": "a\0b", "sha256": "\ud800", "manifest": "a\nb"}) == []
