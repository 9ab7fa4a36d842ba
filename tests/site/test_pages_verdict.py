"""What the verdict page says in each case: three answers in words, and nothing it cannot know."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from django.template.loader import render_to_string

from provenance.core.readings import Claim, Failure
from provenance.core.verdicts import Step, Verdict

ARCHIVE: Mapping[str, str] = {"who": "archive", "text": "This archive signed it."}
STRANGER: Mapping[str, str] = {
    "who": "unknown",
    "text": "Somebody signed it.",
    "common_name": "<b>Sora Archive</b>",
}
LOGGED: Mapping[str, Any] = {
    "index": 12,
    "checked": True,
    "at": "2026-11-26T18:00:00Z",
    "text": "Entry 12 speaks for it.",
}
INTACT = Verdict(
    verdict="intact",
    text="This is an intact clip of this archive.",
    bit_identical=True,
    integrity="holds",
    signer=ARCHIVE,
    log=LOGGED,
    claims=(
        Claim("claim", "Title", "Clip 7f3a", "signer"),
        Claim("prompt", "Prompt", "a red circle", "artist"),
        Claim("model", "Model", "Starter model", "archive"),
    ),
    failures=(),
    steps=(Step(1, "Can the file be read?", "", "yes", "It was read to its end."),),
    validator="c2pa-rs 0.91.3",
    sha256="ab" * 32,
    manifest_id="urn:c2pa:0b6a3f4e-9e0c-4f5c-8c9a-0123456789ab",
)
MISMATCH = Failure("assertion.bmffHash.mismatch", "The video is not the one signed.", "hash")
CHANGED = replace(
    INTACT,
    verdict="changed",
    bit_identical=False,
    integrity="broken",
    log={**LOGGED, "checked": False},
    failures=(MISMATCH,),
)
APPENDED = replace(INTACT, verdict="changed", bit_identical=False)
UNTRUSTED = Failure("signingCredential.untrusted", "The signer is on none of the lists.", "")
FOREIGN = replace(
    INTACT,
    verdict="foreign",
    bit_identical=False,
    signer=STRANGER,
    log=None,
    failures=(UNTRUSTED,),
)
NOTHING = replace(
    INTACT,
    verdict="no_credential",
    bit_identical=False,
    integrity=None,
    signer=None,
    log=None,
    claims=(),
    manifest_id="",
)
UNREADABLE = replace(
    NOTHING,
    verdict="unreadable",
    failures=(Failure("archive.file.malformed", "The file is damaged.", ""),),
)


def page(verdict: Verdict) -> str:
    return render_to_string("verify/result.html", {"verdict": verdict, "file_name": "<i>.mp4"})


def answers(verdict: Verdict) -> list[str]:
    """The three sentences in large type, without their markup."""
    found = re.findall(r'<p class="said">(.*?)</p>', page(verdict), re.DOTALL)
    return [re.sub(r"<[^>]+>", "", sentence).strip() for sentence in found]


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (INTACT, ["Yes, to the last bit", "This archive", "Yes, as entry 12"]),
        (CHANGED, ["No, something was changed", "This archive", "Not proven"]),
        (APPENDED, ["Not the file that was issued", "This archive", "Yes, as entry 12"]),
        (FOREIGN, ["As they were signed", "Somebody this archive does not know",
                   "It was not asked"]),
        (NOTHING, ["It cannot be told", "Nobody that can be seen", "It was not asked"]),
        (UNREADABLE, ["It cannot be told", "It cannot be told", "It was not asked"]),
    ],
    ids=["intact", "changed", "appended", "foreign", "no_credential", "unreadable"],
)  # fmt: skip
def test_three_questions_get_three_answers(verdict: Verdict, said: list[str]) -> None:
    assert answers(verdict) == said


def test_the_alarm_colour_is_kept_for_alarm() -> None:
    for calm in (INTACT, FOREIGN, NOTHING, UNREADABLE):
        assert 'alarm"' not in page(calm)
    assert 'class="answer alarm"' in page(CHANGED)
    assert MISMATCH.text in page(CHANGED)
    assert MISMATCH.code in page(CHANGED)
    assert UNTRUSTED.text in page(FOREIGN)


def test_each_statement_stands_under_the_one_who_makes_it() -> None:
    shown = page(INTACT)
    spoken = [shown.index(words) for words in ("The archive says", "Starter model",
                                               "The artist says", "a red circle",
                                               "The signer says", "Clip 7f3a")]  # fmt: skip
    assert spoken == sorted(spoken)


def test_a_credential_that_does_not_hold_is_not_recited() -> None:
    shown = page(CHANGED)
    assert "nothing in it can be relied on" in shown
    folded = shown[shown.index("<details") : shown.index("</details>")]
    assert "a red circle" in folded
    assert shown.count("a red circle") == 1
    assert "<details" not in page(INTACT)


def test_what_a_stranger_wrote_stays_text_and_vouches_for_nothing() -> None:
    shown = page(FOREIGN)
    assert "<b>Sora" not in shown
    assert "&lt;b&gt;Sora Archive&lt;/b&gt;" in shown
    assert "Whoever makes a certificate can write any name into it" in shown
    assert "&lt;i&gt;.mp4" in shown


def test_the_reason_of_an_unreadable_file_is_given_with_its_code() -> None:
    assert "archive.file.malformed" in page(UNREADABLE)
