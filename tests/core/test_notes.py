"""Signed notes against the standard's own example, and against what a forger would send."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from provenance.core.notes import (
    Checkpoint,
    NoteRefused,
    Signer,
    open_checkpoint,
    open_note,
    parse_checkpoint,
    parse_vkey,
)

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
ORIGIN = "archive.example/log"
LOG = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
WITNESS = Signer("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))
TEXT = Checkpoint(ORIGIN, 70_000, bytes(range(32))).text
NOTE = LOG.sign(TEXT)


def test_the_key_of_the_standard_is_read() -> None:
    verifier = parse_vkey(VKEY)
    assert (verifier.name, verifier.key_id.hex()) == ("example.com/foo", "530d903a")
    assert verifier.vkey == VKEY


def test_a_checkpoint_is_what_was_signed() -> None:
    assert f"{ORIGIN}\n70000\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n" == TEXT
    assert NOTE.startswith(f"{TEXT}\n— {ORIGIN} ")
    assert open_checkpoint(NOTE, LOG.vkey) == Checkpoint(ORIGIN, 70_000, bytes(range(32)))


def test_signatures_of_others_are_passed_over() -> None:
    cosigned = NOTE + WITNESS.sign(TEXT).rpartition("\n\n")[2]
    assert open_checkpoint(cosigned, LOG.vkey).size == 70_000
    both = [LOG.verifier, WITNESS.verifier]
    assert open_note(cosigned, both) == TEXT
    assert open_note(NOTE, both) == TEXT


def test_a_known_key_that_signed_wrongly_spoils_the_note() -> None:
    forged = NOTE + WITNESS.sign("another text\n").rpartition("\n\n")[2]
    with pytest.raises(NoteRefused, match="witness"):
        open_note(forged, [LOG.verifier, WITNESS.verifier])
    assert open_note(forged, [LOG.verifier]) == TEXT


def test_a_text_with_a_blank_line_is_cut_at_the_last_one() -> None:
    text = "one\n\n— not.a.signature AAAA\n"
    assert open_note(LOG.sign(text), [LOG.verifier]) == text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("70000", "70001"),
        ("AAEC", "AAED"),
        (ORIGIN, "archive.example/lag"),
        ("\n\n", "\n"),
        ("— ", "- "),
        ("— ", "—  "),
        ("70000", "7\x010000"),
    ],
)
def test_a_changed_note_is_refused(old: str, new: str) -> None:
    with pytest.raises(NoteRefused):
        open_checkpoint(NOTE.replace(old, new), LOG.vkey)


@pytest.mark.parametrize("note", ["", "\n", "\n\n", TEXT, NOTE[:-1], NOTE + "\n", "x" * 1_000_001])
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(NoteRefused):
        open_note(note, [LOG.verifier])


@given(st.integers(0, len(NOTE.encode()) * 8 - 1))
def test_one_flipped_bit_is_noticed(bit: int) -> None:
    data = bytearray(NOTE.encode())
    data[bit // 8] ^= 1 << (bit % 8)
    try:
        note = data.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(NoteRefused):
        open_checkpoint(note, LOG.vkey)


def test_a_checkpoint_of_another_log_under_the_same_key_is_refused() -> None:
    other = LOG.sign(TEXT.replace(ORIGIN, "other.example/log"))
    with pytest.raises(NoteRefused, match="another log"):
        open_checkpoint(other, LOG.vkey)


def test_an_extension_line_is_passed_over() -> None:
    assert parse_checkpoint(TEXT + "more\n").size == 70_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n1\n",
        TEXT[:-1],
        TEXT.replace("70000", "070000"),
        TEXT.replace("70000", "+7"),
        TEXT.replace("70000", "٧"),
        TEXT.replace("70000", str(2**63)),
        TEXT.replace("70000", "9" * 5000),
        TEXT.replace("Hh8=", "Hh9="),
        TEXT.replace("Hh8=", "Hh8"),
        TEXT.replace("AAEC", ""),
        TEXT + "\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteRefused):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a+b",
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("/foo", "/bar"),
        VKEY.replace("example", "exa mple"),
        VKEY[:-4],
        "example.com/foo+530d903a+" + base64.b64encode(b"\x02" + bytes(32)).decode(),
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_what_is_no_key_is_refused(vkey: str) -> None:
    with pytest.raises(NoteRefused):
        parse_vkey(vkey)


@pytest.mark.parametrize("text", ["no newline", "tab\t\n", "half \ud800\n"])
def test_a_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises(NoteRefused):
        LOG.sign(text)


def test_a_name_that_no_key_can_have_is_refused() -> None:
    for name in ("", "a b", "a+b", "a\u2003b"):
        with pytest.raises(NoteRefused):
            _ = Signer(name, LOG.key).vkey
