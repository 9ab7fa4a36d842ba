"""Witnesses say when they saw a checkpoint; a line that is not theirs says nothing."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint as TheirCheckpoint

from provenance.core.cosignatures import cosigned_at, parse_cosigner
from provenance.core.notes import NoteRefused, open_checkpoint, parse_signatures, split_note
from tests.core.test_notes import LOG, NOTE, TEXT
from tests.core.witnesses import EAST, NOON, NORTH, SOUTH, Witness

THREE = [parse_cosigner(each.vkey) for each in (NORTH, EAST, SOUTH)]


@pytest.mark.parametrize("witness", [NORTH, SOUTH])
def test_a_cosignature_tells_when_the_checkpoint_was_seen(witness: Witness) -> None:
    cosigner = parse_cosigner(witness.vkey)
    text, signatures = split_note(NOTE + witness.line(NOTE))
    assert cosigned_at(text, signatures, [cosigner]) == {cosigner: NOON}
    assert cosigner.vkey == witness.vkey
    assert open_checkpoint(NOTE + witness.line(NOTE), LOG.vkey).size == 70_000


@pytest.mark.parametrize("witness", [NORTH, SOUTH])
def test_the_cast_signs_as_others_read_it(witness: Witness) -> None:
    """tlog-scales, which shares no code with us, accepts what the stories are built from."""
    theirs = TheirCheckpoint.from_text(NOTE + witness.line(NOTE))
    theirs.verify(Vkey.from_string(witness.vkey))


def test_lines_of_others_are_passed_over() -> None:
    text, signatures = split_note(NOTE + EAST.line(NOTE))
    assert cosigned_at(text, signatures, THREE[:1]) == {}


def test_of_two_lines_of_one_witness_the_older_counts() -> None:
    later = NOON + timedelta(hours=1)
    text, signatures = split_note(NOTE + NORTH.line(NOTE, later) + NORTH.line(NOTE))
    assert cosigned_at(text, signatures, THREE) == {THREE[0]: NOON}


def test_a_cosignature_of_another_checkpoint_spoils_it() -> None:
    other = NORTH.line(TEXT.replace("70000", "70001"))
    with pytest.raises(NoteRefused, match="north"):
        cosigned_at(TEXT, parse_signatures(other), THREE)


@pytest.mark.parametrize("at", [datetime.fromtimestamp(0, UTC), 2**63, 2**64 - 1])
def test_a_cosignature_without_a_sensible_time_is_refused(at: datetime | int) -> None:
    seconds = int(at.timestamp()) if isinstance(at, datetime) else at
    blob = NORTH.key_id + seconds.to_bytes(8, "big") + NORTH.sign(TEXT, seconds)
    line = f"— {NORTH.name} {base64.b64encode(blob).decode()}\n"
    with pytest.raises(NoteRefused, match="no time"):
        cosigned_at(TEXT, parse_signatures(line), THREE)


@given(st.sampled_from([NORTH, SOUTH]), st.data())
def test_one_flipped_bit_is_noticed(witness: Witness, data: st.DataObject) -> None:
    """Wherever it flips, the line is refused or not this witness's any more."""
    [line] = parse_signatures(witness.line(NOTE))
    blob = bytearray(line.key_id + line.signature)
    at = data.draw(st.integers(0, len(blob) * 8 - 1))
    blob[at // 8] ^= 1 << (at % 8)
    changed = f"— {witness.name} {base64.b64encode(bytes(blob)).decode()}\n"
    try:
        assert cosigned_at(TEXT, parse_signatures(changed), THREE) == {}
        assert at < 32
    except NoteRefused:
        assert at >= 32


@pytest.mark.parametrize("cut", [1, 8, 60])
def test_a_cosignature_that_was_cut_off_is_refused(cut: int) -> None:
    [line] = parse_signatures(NORTH.line(NOTE))
    blob = base64.b64encode(line.key_id + line.signature[:-cut]).decode()
    with pytest.raises(NoteRefused, match="length"):
        cosigned_at(TEXT, parse_signatures(f"— {NORTH.name} {blob}\n"), THREE)


@pytest.mark.parametrize("vkey", [LOG.vkey, NORTH.vkey[:-8], "", "a+b+c", SOUTH.vkey[:-4]])
def test_what_is_no_witness_key_is_refused(vkey: str) -> None:
    with pytest.raises(NoteRefused):
        parse_cosigner(vkey)


@pytest.mark.parametrize("lines", ["", "no newline", "— only-a-name\n", "\n", "— a b c\n"])
def test_what_is_no_signature_line_is_refused(lines: str) -> None:
    with pytest.raises(NoteRefused):
        parse_signatures(lines)
