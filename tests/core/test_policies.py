"""A policy file says which witnesses are enough; every line that is not understood is refused."""

from datetime import timedelta

import pytest

from provenance.core.notes import NoteRefused
from provenance.core.policies import Policy, PolicyRefused, parse_policy
from tests.core.test_notes import LOG, NOTE
from tests.core.witnesses import EAST, NOON, NORTH, SOUTH, TWO_OF_THREE, Witness

KEYS = {f"x{n}": Witness(f"x{n}.example", 200 + n) for n in range(1, 4)} | {
    f"y{n}": Witness(f"y{n}.example", 210 + n) for n in range(1, 4)
}
# The example of the standard, with keys.
EXAMPLE = "\n".join([
    f"log {LOG.vkey}", "",
    *(f"witness {name} {KEYS[name].vkey}" for name in ("x1", "x2", "x3")),
    "group X-witnesses 2 x1 x2 x3", "",
    *(f"witness {name} {KEYS[name].vkey}" for name in ("y1", "y2", "y3")),
    "group Y-witnesses any y1 y2 y3", "",
    "group X-and-Y all X-witnesses Y-witnesses",
    "quorum X-and-Y",
])  # fmt: skip


def test_two_of_three() -> None:
    policy = parse_policy(TWO_OF_THREE)
    assert [witness.name for witness in policy.witnesses] == ["north", "east", "south"]
    assert policy.witnesses[0].url == "https://north.example/"
    assert (policy.asks_witnesses, policy.fewest) == (True, 2)
    assert not policy.is_met({"north"})
    assert not policy.is_met({"north", "stranger"})
    assert policy.is_met({"north", "south"})


def test_the_example_of_the_standard() -> None:
    policy = parse_policy(EXAMPLE)
    assert policy.logs == (LOG.verifier,)
    assert policy.fewest == 3
    assert policy.is_met({"x1", "x3", "y2"})
    assert not policy.is_met({"x1", "x2", "x3"})
    assert not policy.is_met({"x1", "y1", "y2", "y3"})


def test_a_policy_that_asks_for_nobody() -> None:
    policy = parse_policy("quorum none\n")
    assert (policy.asks_witnesses, policy.fewest) == (False, 0)
    assert policy.is_met(set())
    assert policy.witnessed(NOTE).at is None


def test_it_is_witnessed_when_the_last_of_the_first_enough_saw_it() -> None:
    policy = parse_policy(TWO_OF_THREE)
    minute = timedelta(minutes=1)
    note = NOTE + EAST.line(NOTE, NOON + 5 * minute) + SOUTH.line(NOTE, NOON)
    assert policy.witnessed(NOTE + SOUTH.line(NOTE)).at is None
    assert policy.witnessed(note).at == NOON + 5 * minute
    seen = policy.witnessed(note + NORTH.line(NOTE, NOON + minute))
    assert seen.at == NOON + minute
    assert {witness.name for witness in seen.times} == {"north", "east", "south"}


def test_a_forged_line_of_a_known_witness_spoils_the_checkpoint() -> None:
    with pytest.raises(NoteRefused):
        parse_policy(TWO_OF_THREE).witnessed(NOTE + NORTH.line(NOTE.replace("70000", "70001")))


W1, W2 = f"witness w1 {NORTH.vkey}", f"witness w2 {EAST.vkey}"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "no quorum line"),
        (["quorum w1"], "Line 1 .*'w1' was not defined before"),
        (["quorum none", "quorum none"], "Line 2 .*second quorum"),
        (["quorum"], "0 words"),
        (["quorum none more"], "2 words"),
        (["wintess w1"], "'wintess' is none of"),
        ([f"log {NORTH.vkey}", "quorum none"], "no Ed25519 key"),
        ([f"log {LOG.vkey}", f"log {LOG.vkey}"], "named before"),
        ([f"witness w1 {LOG.vkey}"], "none of a witness"),
        (["witness w1 a+b+c"], "Line 1"),
        ([f"witness none {NORTH.vkey}"], "taken"),
        ([W1, W1], "taken"),
        ([W1, f"witness again {NORTH.vkey}"], "named before"),
        ([W1, "group w1 any w1"], "taken"),
        ([W1, "group g any g"], "'g' was not defined"),
        ([W1, "group g 2 w1"], "'2' is none of"),
        ([W1, "group g 0 w1"], "'0' is none of"),
        ([W1, "group g 01 w1"], "'01' is none of"),
        ([W1, "group g ٢ w1"], "is none of"),
        ([W1, W2, "group g any w1", "group h any w1 w2"], "only once"),
        ([W1, W2, "group g 2 w1 w1"], "only once"),
        ([W1, "group g any"], "2 words"),
        ([W1, "group g any none"], "'none' was not defined"),
        (["quorum none\r"], "control characters"),
        (["quorum\x00none"], "control characters"),
        (["quorum none"], ""),
        (["x" * 70_000], "too long"),
        (["#"] * 3 + ["quorum none # not a comment here"], "words"),
        ([f"witness w{n} {Witness(f'w{n}.example', 300 + n).vkey}" for n in range(101)], "more"),
    ],
)  # fmt: skip
def test_what_is_no_policy_is_refused_with_its_line(lines: list[str], words: str) -> None:
    if not words:
        assert parse_policy("\n".join(lines)) == Policy("\n".join(lines))
        return
    with pytest.raises(PolicyRefused, match=words):
        parse_policy("\n".join(lines))
