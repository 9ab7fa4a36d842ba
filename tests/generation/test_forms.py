"""What an artist types: taken, or refused with words and nothing lost."""

import uuid
from typing import Any

import pytest

from generation.engines.catalog import cards
from generation.forms import AskForm, unknown_words
from generation.models import MAX_SEED

PROMPT = "a red circle moves left on the blue background"


def asked(**changes: Any) -> AskForm:
    values = {
        "prompt": PROMPT,
        "model": "untrained-test",
        "length": "17",
        "seed": "7",
        "request_id": str(uuid.uuid4()),
    }
    return AskForm(list(cards()), values | changes)


def test_a_plain_request_becomes_what_was_typed() -> None:
    form = asked()
    assert form.is_valid(), form.errors
    request = form.requests()[0]
    assert (request.prompt, request.seed, request.frames) == (PROMPT, 7, 17)


def test_no_seed_draws_one_and_two_draws_differ() -> None:
    seeds = set()
    for _ in range(4):
        form = asked(seed="")
        assert form.is_valid(), form.errors
        seeds.add(form.requests()[0].seed)
    assert len(seeds) > 1
    assert all(0 <= seed <= MAX_SEED for seed in seeds)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("prompt", "", "Say what the clip shall show"),
        ("prompt", "   \n\t ", "Say what the clip shall show"),
        ("prompt", "red " * 25_000, "At most 2000 letters"),
        ("prompt", "a red\x07circle", "U+0007"),
        ("prompt", "a red \u202eelcric", "U+202E"),
        ("prompt", "a red\x00circle", "Null characters"),
        ("negative_prompt", "blue\x1b[31m", "U+001B"),
        ("model", "sora", "no model of that name"),
        ("length", "18", "cannot be made"),
        ("seed", "-1", "between 0 and"),
        ("seed", str(MAX_SEED + 1), "between 0 and"),
        ("seed", "1e5", "whole number"),
        ("seed", "9" * 5000, "whole number"),
        ("request_id", "no-uuid", "valid UUID"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_words(field: str, value: str, words: str) -> None:
    form = asked(**{field: value})
    assert not form.is_valid()
    assert words in " ".join(map(str, form.errors[field]))


def test_the_largest_seed_is_taken() -> None:
    form = asked(seed=str(MAX_SEED))
    assert form.is_valid(), form.errors
    assert form.requests()[0].seed == MAX_SEED


def test_line_breaks_become_spaces() -> None:
    form = asked(prompt="a red circle\r\nmoves\tleft")
    assert form.is_valid(), form.errors
    assert form.requests()[0].prompt == "a red circle moves left"


def test_words_the_model_does_not_know_are_named_before_anything_is_queued() -> None:
    form = asked(prompt="a purple cat moves left, a purple dog moves right")
    assert not form.is_valid()
    assert "purple, cat, dog" in " ".join(map(str, form.errors["ignore_unknown"]))


def test_unknown_words_may_be_ignored_on_purpose() -> None:
    form = asked(prompt="a purple circle", ignore_unknown="on")
    assert form.is_valid(), form.errors


def test_punctuation_and_capitals_are_no_unknown_words() -> None:
    assert unknown_words("A RED circle, moves: left!", cards()[0]) == []
