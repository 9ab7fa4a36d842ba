"""Stories about a prompt that is hidden in the credential, and revealed later."""

from dataclasses import replace
from pathlib import Path

import pytest

from provenance.core.readings import Reading
from provenance.core.records import Hidden, Opening
from provenance.core.verdicts import FileFacts, Ledger, Verdict, judge
from provenance.core.wording import HIDDEN
from tests.core.clips import PROMPT, Archive, Signed, salt, sha256_of

OPENING = Opening("prompt", salt(1), {"prompt": PROMPT, "negative_prompt": "blue"})


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive()


@pytest.fixture(scope="module")
def clip(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Signed:
    """A clip whose credential holds the prompt's commitment alone."""
    facts = replace(archive.facts(), prompt=Hidden("prompt", OPENING.commitment))
    return archive.sign(tmp_path_factory.mktemp("clip"), facts)


def check(archive: Archive, clip: Signed, *revealed: Opening, by_ledger: bool = False) -> Verdict:
    issued = replace(clip.issued, revealed=revealed) if by_ledger else clip.issued
    return judge(
        FileFacts(sha256_of(clip.data), len(clip.data)), archive.read(clip.path), archive.trust,
        Ledger(issued, issued), revealed=() if by_ledger else revealed,
    )  # fmt: skip


def told(verdict: Verdict) -> dict[str, str]:
    return {claim.text: claim.value for claim in verdict.claims if "rompt" in claim.text}


def test_a_hidden_prompt_is_not_in_the_file_and_the_verdict_says_that_it_is_hidden(
    archive: Archive, clip: Signed
) -> None:
    assert PROMPT.encode() not in clip.data
    verdict = check(archive, clip)
    assert (verdict.verdict, verdict.failures) == ("intact", ())
    assert verdict.log is not None
    assert verdict.log["checked"]
    assert told(verdict) == {"Prompt": HIDDEN}


@pytest.mark.parametrize("by_ledger", [True, False])
def test_a_revealed_prompt_is_told_where_it_opens_the_commitment(
    archive: Archive, clip: Signed, by_ledger: bool
) -> None:
    verdict = check(archive, clip, OPENING, by_ledger=by_ledger)
    assert (verdict.verdict, verdict.failures) == ("intact", ())
    assert told(verdict)["Prompt, hidden at first and revealed"] == PROMPT
    assert told(verdict)["Negative prompt, hidden at first and revealed"] == "blue"


@pytest.mark.parametrize(
    "wrong",
    [
        replace(OPENING, salt=salt(9)),
        replace(OPENING, value={"prompt": "another", "negative_prompt": "blue"}),
        replace(OPENING, field="artist"),
    ],
    ids=["another salt", "other words", "another field"],
)
def test_other_words_are_not_told_and_fail_by_name(
    archive: Archive, clip: Signed, wrong: Opening
) -> None:
    verdict = check(archive, clip, wrong)
    assert {failure.code for failure in verdict.failures} == {"archive.reveal.mismatch"}
    assert len(told(verdict)) == 1


def test_a_commitment_that_was_not_logged_fails(archive: Archive, tmp_path: Path) -> None:
    """Whoever has the key can put any hash into a credential, not into the log."""
    facts = replace(archive.facts(), prompt=Hidden("prompt", "ab" * 32))
    verdict = check(archive, archive.sign(tmp_path, facts))
    assert {failure.code for failure in verdict.failures} == {"archive.commitment.mismatch"}


def test_a_reading_crosses_a_pipe_with_what_it_hides(archive: Archive, clip: Signed) -> None:
    found = archive.read(clip.path)
    assert found.evidence is not None
    assert found.evidence.hidden == (Hidden("prompt", OPENING.commitment),)
    assert Reading.from_json(found.as_json()) == found
