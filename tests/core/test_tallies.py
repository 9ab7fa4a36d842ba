"""The count of signatures, from entries alone: what counts, what does not, what makes no sense."""

from datetime import UTC, datetime

import pytest

from provenance.core.records import JSON, Entry, EntryType, commitment
from provenance.core.tallies import FIELD, Count, Tally

AT = datetime(2026, 11, 26, tzinfo=UTC)
FIRST, SECOND = "a" * 64, "b" * 64
SALT, ADA = bytes(range(32)), {"name": "Ada", "role": "", "place": "", "link": "", "tier": "artist"}


def entry(kind: EntryType, **body: JSON) -> Entry:
    return Entry(1, kind.value, AT, body)


def version(number: int, sha256: str) -> Entry:
    return entry(EntryType.STATEMENT_VERSION, version=number, sha256=sha256)


def signature(statement: int, sha256: str = FIRST, salt: bytes = SALT) -> Entry:
    committed = commitment(FIELD, salt, ADA)
    return entry(EntryType.SIGNATURE, statement=statement, sha256=sha256, signatory=committed)


def act(kind: EntryType, place: JSON) -> Entry:
    return entry(kind, signature=place, by="curator", reason="automated")


WITHDRAWN = EntryType.SIGNATURE_WITHDRAWN
INVALIDATED = EntryType.SIGNATURE_INVALIDATED
REINSTATED = EntryType.SIGNATURE_REINSTATED


def read(*entries: Entry) -> tuple[Tally, list[str]]:
    tally = Tally()
    problems = [
        f"{place}: {words}"
        for place, each in enumerate(entries)
        for words in tally.take(place, each)
    ]
    return tally, problems


def test_each_version_has_the_signatures_that_were_made_under_it() -> None:
    tally, problems = read(
        version(1, FIRST), signature(0), signature(0), version(2, SECOND), signature(3, SECOND),
        entry(EntryType.FAILED, attempt="x", reason="y"), signature(0),
    )  # fmt: skip
    assert tally.counts == [Count(1, FIRST, 3, 0, 0), Count(2, SECOND, 1, 0, 0)]
    assert problems == []
    assert tally.size == 7


def test_what_was_taken_back_or_invalidated_does_not_count() -> None:
    tally, problems = read(
        version(1, FIRST), *(signature(0) for _ in range(4)),  # entries 1 to 4
        act(WITHDRAWN, 1), act(INVALIDATED, 2), act(INVALIDATED, 3), act(REINSTATED, 3),
    )  # fmt: skip
    assert tally.counts == [Count(1, FIRST, 4, 1, 1)]
    assert tally.counts[0].counted == 2
    assert problems == []


def test_a_signature_that_is_invalid_can_still_be_taken_back() -> None:
    tally, problems = read(version(1, FIRST), signature(0), act(INVALIDATED, 1), act(WITHDRAWN, 1))
    assert tally.counts == [Count(1, FIRST, 1, 1, 0)]
    assert problems == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (version(1, SECOND), "version 1 was fixed before"),
        (entry(EntryType.STATEMENT_VERSION, version="2", sha256=FIRST), "names no version"),
        (signature(7), "signs no version"),
        (signature(0, SECOND), "not that of version 1"),
        (entry(EntryType.SIGNATURE, statement=0, sha256=FIRST), "commits to nobody"),
        (act(WITHDRAWN, 0), "about no signature"),
        (act(WITHDRAWN, "1"), "about no signature"),
        (act(INVALIDATED, 99), "about no signature"),
        (act(REINSTATED, 1), "entry 1 counts already"),
        (act(INVALIDATED, 2), "entry 2 does not count already"),
        (act(REINSTATED, 3), "entry 3 was taken back before"),
        (act(WITHDRAWN, 3), "entry 3 was taken back before"),
    ],
)
def test_an_entry_that_makes_no_sense_is_named_and_changes_nothing(
    wrong: Entry, words: str
) -> None:
    sound = (
        version(1, FIRST), signature(0), signature(0), signature(0), act(INVALIDATED, 2),
        act(WITHDRAWN, 3),
    )  # fmt: skip
    before, _ = read(*sound)
    after, problems = read(*sound, wrong)
    assert [problem for problem in problems if words in problem and problem.startswith("6: ")]
    assert len(problems) == 1
    assert after.counts == before.counts == [Count(1, FIRST, 3, 1, 1)]


def test_salt_and_value_open_the_entry_that_commits_to_them() -> None:
    tally, _ = read(
        version(1, FIRST), signature(0), signature(0), signature(0), act(WITHDRAWN, 2),
        act(INVALIDATED, 3),
    )  # fmt: skip
    assert tally.opens(1, SALT, ADA)
    assert not tally.opens(1, bytes(32), ADA)
    assert not tally.opens(1, SALT, ADA | {"name": "Ben"})
    assert not tally.opens(2, SALT, ADA), "taken back"
    assert not tally.opens(3, SALT, ADA), "invalid"
    assert not tally.opens(0, SALT, ADA), "no signature"
    assert not tally.opens(1, b"short", ADA)
    assert not tally.opens(1, SALT, {"name": "\ud800"})
