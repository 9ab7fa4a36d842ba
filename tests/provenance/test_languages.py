"""Stories of a report in German and in French: the check speaks it, what a file says stays."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.translation import gettext, override

from provenance.core import manifests, wording
from provenance.core.phrases import Phrase
from provenance.verify import speaking
from tests.core.clips import PROMPT
from tests.provenance.shelf import Shelf, asset

PHRASES = (wording.SPEAKS, wording.PART_OF_INGREDIENT, wording.IN_INGREDIENT, wording.DEED,
           wording.USE)  # fmt: skip
TITLES = (wording.READABLE, wording.CARRIES, wording.AS_SIGNED, wording.AS_ISSUED,
          wording.SIGNED_BY, wording.IN_LOG, wording.FOLLOWS)  # fmt: skip


def document(prompt: str, *steps: dict[str, Any]) -> dict[str, Any]:
    """As much of a stored verdict as is said in words."""
    claim = {"label": manifests.PROMPT, "text": "Prompt", "value": prompt}
    return {"words": "", "text": "", "notes": [], "answers": [], "failures": [], "history": [],
            "claims": [claim], "steps": list(steps)}  # fmt: skip


def translated(text: str, language: str) -> str:
    """A sentence in a language, with plain spaces only."""
    with override(language):
        return " ".join(gettext(text).split())


@pytest.fixture(params=["de", "fr"])
def language(request: pytest.FixtureRequest) -> str:
    """Each language that the pages speak beside English."""
    return str(request.param)


@pytest.fixture
def drop(archive_of_the_shelf: Shelf, client: Client, language: str) -> Callable[[str], str]:
    """Drops a named file: the text of the report in that language, and no markup."""

    def dropped(name: str) -> str:
        archive_of_the_shelf.fill_ledger()
        data = archive_of_the_shelf.get(asset(name))
        upload = {"file": SimpleUploadedFile("clip.mp4", data)}
        answer = client.post("/verify/", upload, headers={"accept-language": language})
        text = re.sub(r"<[^>]+>", " ", answer.content.decode())
        return " ".join(unescape(text).split())

    return dropped


@pytest.mark.parametrize("name", ["ours_intact", "media_changed", "unknown_signer", "text"])
def test_no_step_is_told_in_english(name: str, drop: Callable[[str], str], language: str) -> None:
    told = drop(name)
    assert [title for title in TITLES if title in told] == []
    assert translated(wording.READABLE, language) in told
    assert translated("How this was found out", language) in told
    for sentence in (wording.READ, *wording.INTEGRITY_WORDS.values(), " receipts hold "):
        assert sentence not in told


def test_what_the_archive_says_of_a_clip_is_translated_and_its_prompt_is_not(
    drop: Callable[[str], str], language: str
) -> None:
    told = drop("ours_intact")
    for words in ("Width asked for", "it was created", "not allowed", wording.GENERATED):
        assert words not in told
    assert "(c2pa.created)" in told
    assert PROMPT in told


def test_a_failure_of_an_earlier_file_keeps_its_title(
    drop: Callable[[str], str], language: str
) -> None:
    told = drop("tampered_parent")
    assert "in the ingredient" not in told
    place = translated(wording.PART_OF_INGREDIENT.template, language).partition("%")[0]
    assert place.strip() in told


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.template[:12])
def test_a_phrase_is_taken_apart_as_it_was_said(phrase: Phrase) -> None:
    names = re.findall(r"%\((\w+)\)s", phrase.template)
    values = {name: f"{name} “a”\n(100 %)" for name in names}
    assert phrase.values_in(phrase.said(**values)) == values
    assert phrase.values_in("Another sentence.") is None


def test_a_prompt_in_the_words_of_the_check_stays_as_it_was_written() -> None:
    prompt = wording.STATES["empty"][1]
    with override("de"):
        assert speaking.in_language(document(prompt))["claims"][0]["value"] == prompt
        assert gettext(prompt) != prompt


def test_words_of_an_older_version_stay_english(language: str) -> None:
    step = {"number": 1, "title": "Was it read?", "clause": "", "outcome": "perhaps", "text": "Hm."}
    with override(language):
        told = speaking.in_language(document("a kite", step))["steps"][0]
    assert (told["title"], told["outcome"], told["text"]) == ("Was it read?", "perhaps", "Hm.")


def test_a_question_that_is_no_yes_or_no_shows_no_outcome(
    drop: Callable[[str], str], language: str
) -> None:
    told = drop("unknown_signer")
    signed_by, unknown, as_issued, no = (
        translated(text, language)
        for text in (wording.SIGNED_BY, wording.WHO_WORDS["unknown"], wording.AS_ISSUED, "no")
    )
    assert f"{signed_by} {unknown}" in told
    assert f"{as_issued} {no.capitalize()}." in told
