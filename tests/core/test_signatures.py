"""Stories of a signed request: what holds, and each thing that a forger could try."""

import json
from base64 import urlsafe_b64encode
from copy import deepcopy
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fido2 import cbor
from hypothesis import given
from hypothesis import strategies as st

from provenance.core.errors import ProvenanceError
from provenance.core.proofs import with_entry
from provenance.core.records import EntryType, Opening, entry_bytes
from provenance.core.signatures import (
    KIND,
    Signature,
    SignatureRefused,
    check,
    check_evidence,
    decoded,
    encoded,
    parse,
)
from tests.core.signers import (
    ORIGIN,
    PRESENT,
    SITE,
    VERIFIED,
    SoftPasskey,
    soft_passkey,
    verify_with_another_library,
)
from tests.core.small_log import SmallLog

AT = datetime(2026, 11, 26, 13, 0, tzinfo=UTC)
ARTIST = Opening("artist", b"a" * 32, {"name": "Ada"})


def attempt_body(name: str = "ab" * 16) -> dict[str, Any]:
    hidden = dict.fromkeys(("prompt", "parameters"), "cd" * 32)
    return {"attempt": name, "artist": ARTIST.commitment, **hidden}


ENTRY = entry_bytes(EntryType.ATTEMPT, AT, attempt_body())
PASSKEY = soft_passkey()


def test_the_signature_of_this_very_entry_holds() -> None:
    check(PASSKEY.sign(ENTRY), ENTRY)
    check(parse(PASSKEY.sign(ENTRY).as_json()), ENTRY)


def test_another_library_says_so_too() -> None:
    verified = verify_with_another_library(PASSKEY.sign(ENTRY), ENTRY, ORIGIN)
    assert verified.user_verified


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kind": "webauthn.create"}, "not that of an assertion"),
        ({"origin": "https://elsewhere.example"}, "page of another site"),
        ({"origin": "http://archive.example"}, "page of another site"),
        ({"origin": "https://clips.archive.example"}, "page of another site"),
        ({"origin": "https://archive.example.org"}, "page of another site"),
        ({"cross_origin": True}, "page of another site"),
        ({"site": "example"}, "belongs to another site"),
        ({"flags": VERIFIED}, "owner was there"),
        ({"flags": PRESENT}, "owner was there"),
    ],
    ids=str,
)
def test_an_assertion_that_was_made_otherwise_is_refused(
    changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(SignatureRefused, match=words):
        check(replace(PASSKEY.sign(ENTRY, **changed), site=SITE), ENTRY)


def test_a_signature_over_another_request_is_refused() -> None:
    other = entry_bytes(EntryType.ATTEMPT, AT, attempt_body("ef" * 16))
    with pytest.raises(SignatureRefused, match="another request"):
        check(PASSKEY.sign(other), ENTRY)


def test_a_signature_by_another_key_is_refused() -> None:
    stranger = soft_passkey().sign(ENTRY)
    with pytest.raises(SignatureRefused, match="does not hold"):
        check(replace(stranger, public_key=encoded(PASSKEY.cose)), ENTRY)


@pytest.mark.parametrize("field", ["public_key", "authenticator_data", "client_data", "signature"])
@pytest.mark.parametrize("value", ["", "!", "AA==", "AA", "é", "A" * 5000])
def test_a_part_that_is_nothing_is_refused(field: str, value: str) -> None:
    with pytest.raises(SignatureRefused):
        check(replace(PASSKEY.sign(ENTRY), **{field: value}), ENTRY)


@given(
    field=st.sampled_from(["public_key", "authenticator_data", "client_data", "signature"]),
    data=st.one_of(
        st.binary(max_size=200),
        st.dictionaries(
            st.sampled_from([1, 3, -1, -2, -3]),
            st.sampled_from([-7, -8, -35, -257, 1, 2, 6]) | st.binary(max_size=40) | st.text(),
        ).map(cbor.encode),
        st.dictionaries(st.sampled_from(["type", "challenge", "origin"]), st.text()).map(
            lambda value: json.dumps(value).encode()
        ),
    ),
)
def test_whatever_a_hostile_file_holds_is_refused_in_words(field: str, data: bytes) -> None:
    with pytest.raises(SignatureRefused):
        check(replace(PASSKEY.sign(ENTRY), **{field: encoded(data)}), ENTRY)


@pytest.mark.parametrize("value", [None, [], {}, "x", {**asdict(PASSKEY.sign(ENTRY)), "more": 1}])
def test_what_is_no_signature_is_refused(value: Any) -> None:
    with pytest.raises(SignatureRefused):
        parse(value)


class Log:
    """A log with a key made, a request and its signature, and the evidence of it."""

    def __init__(self, passkey: SoftPasskey = PASSKEY) -> None:
        self.log = SmallLog("archive.example/log")
        value = {"artist": "Ada", "public_key": encoded(passkey.cose)}
        self.key = Opening("key", b"k" * 32, value)
        self.signed = Opening("signed", b"s" * 32, PASSKEY.sign(ENTRY).as_json())
        key_event = {"event": "made", "kind": KIND, "key": self.key.commitment}
        self.places = {
            "key_event": self.log.append(EntryType.KEY_EVENT, AT, key_event),
            "attempt": self.log.append(EntryType.ATTEMPT, AT, attempt_body()),
        }
        signed = {"attempt": "ab" * 16, "signed": self.signed.commitment}
        self.places["attempt_signed"] = self.log.append(EntryType.ATTEMPT_SIGNED, AT, signed)

    def evidence(self) -> dict[str, Any]:
        openings = (ARTIST, self.key, self.signed)
        return {
            **{name: with_entry(self.log.receipt(place)) for name, place in self.places.items()},
            "openings": {o.field: {"salt": o.salt.hex(), "value": o.value} for o in openings},
        }


def test_the_evidence_of_a_signed_request_holds_by_the_logs_key_alone() -> None:
    log = Log()
    found = check_evidence(json.loads(json.dumps(log.evidence())), log.log.vkey)
    assert (found.artist, found.attempt_index, found.signed_index, found.key_index) == (
        "Ada", 1, 2, 0,
    )  # fmt: skip


def test_evidence_of_another_log_is_refused() -> None:
    with pytest.raises(ProvenanceError):
        check_evidence(Log().evidence(), SmallLog("archive.example/log").vkey)


def _without(name: str) -> Any:
    return lambda evidence: evidence.pop(name)


def _set(path: tuple[str, ...], value: Any) -> Any:
    def change(evidence: dict[str, Any]) -> None:
        for name in path[:-1]:
            evidence = evidence[name]
        evidence[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        *map(_without, ("attempt", "attempt_signed", "key_event", "openings")),
        _set(("openings",), []),
        _set(("openings", "signed"), None),
        _set(("openings", "signed", "salt"), "zz"),
        _set(("openings", "signed", "salt"), "00" * 32),
        _set(("openings", "signed", "value"), soft_passkey().sign(ENTRY).as_json()),
        _set(("openings", "artist", "value"), {"name": "Mallory"}),
        _set(("openings", "key", "value"), {"artist": "Ada", "public_key": "AA"}),
        _set(("attempt",), "no proof"),
        lambda evidence: evidence.update(attempt=evidence["attempt_signed"]),
    ],
)
def test_evidence_with_a_part_changed_is_refused(change: Any) -> None:
    log = Log()
    evidence = deepcopy(log.evidence())
    change(evidence)
    with pytest.raises(ProvenanceError):
        check_evidence(evidence, log.log.vkey)


def test_a_key_that_is_not_the_entered_one_is_refused() -> None:
    log = Log(passkey=soft_passkey())
    with pytest.raises(SignatureRefused, match="not the one that was entered"):
        check_evidence(log.evidence(), log.log.vkey)


def test_a_key_that_was_entered_after_its_use_is_refused() -> None:
    log = Log()
    body = {"event": "made", "kind": KIND, "key": log.key.commitment}
    log.places["key_event"] = log.log.append(EntryType.KEY_EVENT, AT, body)
    with pytest.raises(SignatureRefused, match="only after it was used"):
        check_evidence(log.evidence(), log.log.vkey)


def test_a_signature_entered_for_another_attempt_is_refused() -> None:
    log = Log()
    body = {"attempt": "ef" * 16, "signed": log.signed.commitment}
    log.places["attempt_signed"] = log.log.append(EntryType.ATTEMPT_SIGNED, AT, body)
    with pytest.raises(SignatureRefused, match="another attempt"):
        check_evidence(log.evidence(), log.log.vkey)


def test_base64_has_one_form_alone() -> None:
    with pytest.raises(SignatureRefused):
        decoded(urlsafe_b64encode(b"a").decode())
    assert isinstance(parse(PASSKEY.sign(ENTRY).as_json()), Signature)
