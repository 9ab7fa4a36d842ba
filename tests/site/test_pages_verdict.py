"""What a report says in each case: three answers in words, and nothing that it cannot know."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from django.template.loader import render_to_string

from provenance.core import answers as core
from provenance.core.ancestry import Ancestor, Redaction
from provenance.core.readings import Claim, Failure
from provenance.core.verdicts import Issued, Step, Verdict
from provenance.core.wording import ANCESTOR_WORDS, BYTES, SIGNERS, STATES, State, Who, Word
from provenance.verify.models import Report
from provenance.verify.presenting import Believed, BelievedList, LoggedAs, Told

NIGHT = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
CLIP = "0b6a3f4e-9e0c-4f5c-8c9a-0123456789ab"
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
    "entries": [{"type": "generated", "index": 12, "at": "2026-11-26T18:00:00Z"}],
}
INTACT = Verdict(
    verdict="intact",
    state="intact",
    bit_identical=True,
    integrity="holds",
    signer=ARCHIVE,
    log=LOGGED,
    answers=(),
    claims=(
        Claim("claim", "Title", "Clip 7f3a", "signer"),
        Claim("prompt", "Prompt", "a red circle", "artist"),
        Claim("model", "Model", "Starter model", "archive"),
    ),
    failures=(),
    steps=(Step(1, "Can the file be read?", "", "yes", "It was read to its end."),),
    validator="c2pa-rs 0.91.3",
    sha256="ab" * 32,
    manifest_id=f"urn:c2pa:{CLIP}",
)
MISMATCH = Failure("assertion.bmffHash.mismatch", "The video is not the one signed.", "hash")
CHANGED = replace(
    INTACT,
    verdict="changed",
    state="media_changed",
    bit_identical=False,
    integrity="broken",
    log={**LOGGED, "checked": False},
    failures=(MISMATCH,),
)
PADDED = replace(INTACT, verdict="changed", state="padded", bit_identical=False)
UNTRUSTED = Failure("signingCredential.untrusted", "The signer is on none of the lists.", "")
FOREIGN = replace(
    INTACT,
    verdict="foreign",
    state="unknown_signer",
    bit_identical=False,
    signer=STRANGER,
    log=None,
    failures=(UNTRUSTED,),
)
NOTHING = replace(
    INTACT,
    verdict="no_credential",
    state="no_credential",
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
    state="malformed",
    failures=(Failure("archive.file.malformed", "The file is damaged.", ""),),
)


def page(verdict: Verdict, **more: Any) -> str:
    who: Any = verdict.signer["who"] if verdict.signer else None
    verdict = replace(verdict, answers=(
        core.bytes_answer(verdict.state, verdict.integrity, asked=True),
        core.signer_answer(verdict.verdict, verdict.state, who, "In words."),
        core.log_answer(who, verdict.log),
    ))  # fmt: skip
    document = verdict.in_full()
    root = BelievedList("archive", "Sora Archive", "urn:x", "ef" * 32, 1)
    believed = Believed("cd" * 32, "2026-11-26T12:00:00Z", (root,), 0)
    told = Told(1, NIGHT, "Sora Archive 0.1.0", verdict.validator, believed, document,
                [LoggedAs("generated", 12, NIGHT)])  # fmt: skip
    context = {
        "report": Report(id="a" * 22, sha256=verdict.sha256, size=1000),
        "address": "http://testserver/verify/reports/aaaaaaaaaaaaaaaaaaaaaa/",
        "path": "/verify/reports/aaaaaaaaaaaaaaaaaaaaaa/",
        "newest": told, "earlier": [], "verdict": document, "original_at": NIGHT,
        "file_name": "<i>.mp4",
    }  # fmt: skip
    return render_to_string("verify/report.html", context | more)


def said(verdict: Verdict) -> list[str]:
    """The three sentences in large type, without their markup."""
    found = re.findall(r'<p class="said">(.*?)</p>', page(verdict), re.DOTALL)
    return [re.sub(r"<[^>]+>", "", sentence).strip() for sentence in found]


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (INTACT, ["Yes, to the last bit", "This archive", "Yes, as entry 12"]),
        (CHANGED, ["No, the video was changed", "This archive", "Not proven"]),
        (PADDED, ["Not the file that was issued", "This archive", "Yes, as entry 12"]),
        (FOREIGN, ["As they were signed", "Somebody this archive does not know",
                   "It was not asked"]),
        (NOTHING, ["It cannot be told", "Nobody that can be seen", "It was not asked"]),
        (UNREADABLE, ["It cannot be told", "It cannot be told", "It was not asked"]),
    ],
    ids=["intact", "changed", "padded", "foreign", "no_credential", "unreadable"],
)  # fmt: skip
def test_three_questions_get_three_answers(verdict: Verdict, expected: list[str]) -> None:
    assert said(verdict) == expected


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
    assert "Show it all the same" not in page(INTACT)


def test_what_a_stranger_wrote_stays_text_and_vouches_for_nothing() -> None:
    shown = page(FOREIGN)
    assert "<b>Sora" not in shown
    assert "&lt;b&gt;Sora Archive&lt;/b&gt;" in shown
    assert "Whoever makes a certificate can write any name into it" in shown
    assert "&lt;i&gt;.mp4" in shown


def test_the_reason_of_an_unreadable_file_is_given_with_its_code() -> None:
    assert "archive.file.malformed" in page(UNREADABLE)


def test_every_ancestor_has_its_own_line_and_its_own_failures() -> None:
    broken = replace(MISMATCH, in_ingredient=True)
    history = (
        Ancestor(
            1,
            "the remix",
            "inputTo",
            "urn:c2pa:1",
            "Sora Archive",
            "Clips",
            "urn:ours",
            who="archive",
            signer_text=ANCESTOR_WORDS["archive"],
        ),
        Ancestor(
            2,
            "<b>first</b>",
            "parentOf",
            "urn:c2pa:2",
            "",
            "",
            "",
            (broken,),
            signer_text=ANCESTOR_WORDS["unknown"],
        ),
    )
    shown = page(replace(INTACT, history=history))
    lines = shown[shown.index('class="history"') :].split("<li class=")
    assert "Nothing failed when it was used" in lines[1]
    assert "This archive signed it." in lines[1]
    assert "<b>first" not in shown
    assert "2 steps back" in lines[2]
    assert MISMATCH.text in lines[2]
    assert "Its signer is on no list" in lines[2]


@pytest.mark.parametrize(
    ("reason", "words"),
    [("c2pa.PII.present", "told something about a person"), ("", "No reason is given"),
     ("<x>", "&lt;x&gt;")],
)  # fmt: skip
def test_a_redaction_is_told_with_its_reason(reason: str, words: str) -> None:
    taken = Redaction("org.sora-archive.artist", "urn:c2pa:1", "urn:c2pa:2", reason)
    shown = page(replace(INTACT, redactions=(taken,)))
    assert "The artist's name" in shown
    assert words in shown


@pytest.mark.parametrize(
    ("standing", "words"),
    [("published", "It hangs"), ("withdrawn", "It was withdrawn since"),
     ("erased", "It was erased since"), ("draft", "Its artist has not published it")],
)  # fmt: skip
def test_what_became_of_the_clip_since(standing: str, words: str) -> None:
    original = Issued("ab" * 32, INTACT.manifest_id, clip=CLIP, at=NIGHT, standing=standing)
    assert words in page(replace(INTACT, original=original))


def test_a_report_names_what_it_rests_on_and_offers_itself() -> None:
    shown = page(INTACT, delete="http://testserver/verify/reports/a/delete/k/")
    for part in ("cd" * 32, "ef" * 32, "c2pa-rs 0.91.3", "Sora Archive 0.1.0", "ab" * 32,
                 "bundle.zip", "?print=1", ".json", "/delete/k/",
                 "Nothing of the file was kept"):  # fmt: skip
        assert part in shown
    assert "/delete/" not in page(INTACT)


def test_an_old_report_says_that_the_check_has_changed_since() -> None:
    kept = Report(id="a" * 22, sha256="ab" * 32, size=1, kept=True)
    assert "it cannot be made again here" in page(INTACT, outdated=True)
    assert "the file will be checked again" in page(INTACT, outdated=True, report=kept)


WORDS: tuple[Word, ...] = ("intact", "changed", "foreign", "no_credential", "unreadable")


def test_no_two_states_are_told_in_the_same_words() -> None:
    told = [words for _, words in STATES.values()]
    assert len(set(told)) == len(told)
    assert {word for word, _ in STATES.values()} == set(WORDS)
    assert set(STATES) == set(get_args(State)) == set(BYTES) | {"revoked"}
    assert set(SIGNERS) == set(get_args(Who))
