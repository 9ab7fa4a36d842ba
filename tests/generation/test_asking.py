"""ada asks: one request is one row and one log entry, whatever the broker does."""

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from generation import asking
from generation.engines import catalog
from generation.engines.catalog import cards
from generation.models import Generation, State
from provenance.core.records import EntryType, parse_entry
from provenance.log import outbox
from provenance.log.models import Pending
from sora_archive.accounts.models import User

PROMPT = "a red circle moves left"


def request(**changes: Any) -> asking.Request:
    card = cards()[0]
    asked = asking.Request(PROMPT, "blue", card, 7, card.frames, uuid.uuid4())
    return replace(asked, **changes)


@pytest.fixture
def broken_doorbell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that is away."""

    def refuse(_: str, __: str) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("generation.tasks.send", refuse)


def logged(kind: EntryType) -> list[dict[str, Any]]:
    """Bodies of the entries of one type that wait for the sequencer."""
    entries = [parse_entry(bytes(row.data)) for row in Pending.objects.order_by("id")]
    return [dict(entry.body) for entry in entries if entry.type == kind]


def test_asking_stores_the_row_and_its_log_entry_then_rings(
    ada: User, rung: list[str], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        generation = asking.ask(ada, request())
        assert rung == []  # only once it is committed
    assert generation.state == State.QUEUED
    assert rung == [str(generation.pk)]
    [entry] = logged(EntryType.ATTEMPT)
    assert entry["attempt"] == generation.attempt


def test_the_log_holds_commitments_and_nothing_of_the_person(ada: User, rung: list[str]) -> None:
    generation = asking.ask(ada, request())
    data = bytes(Pending.objects.get().data).decode()
    for secret in (PROMPT, "blue", "Ada", str(generation.pk)):
        assert secret not in data
    openings = outbox.openings_of(generation.attempt_ticket)
    assert openings["artist"].value == {"name": "Ada"}
    assert openings["prompt"].value == {"prompt": PROMPT, "negative_prompt": "blue"}
    [entry] = logged(EntryType.ATTEMPT)
    for field in ("artist", "prompt", "parameters"):
        assert entry[field] == openings[field].commitment


def test_a_double_submit_asks_once(ada: User, rung: list[str]) -> None:
    first = asking.ask(ada, asked := request())
    second = asking.ask(ada, asked)
    assert first.pk == second.pk
    assert Generation.objects.count() == len(logged(EntryType.ATTEMPT)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_double_click_at_the_same_moment_asks_once(ada: User, rung: list[str]) -> None:
    asked = request()

    def click(_: int) -> uuid.UUID:
        try:
            return asking.ask(ada, asked).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(click, range(4)))) == 1
    assert Generation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_quota_holds_when_many_requests_race(ada: User, rung: list[str], settings: Any) -> None:
    settings.GENERATION_MAX_IN_FLIGHT = 3

    def press(_: int) -> str:
        try:
            return asking.ask(ada, request()).state
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        states = list(pool.map(press, range(6)))
    assert sorted(states) == ["queued"] * 3 + ["refused"] * 3


def test_over_the_quota_is_a_refusal_that_is_logged(
    ada: User, rung: list[str], settings: Any
) -> None:
    settings.GENERATION_MAX_IN_FLIGHT = 1
    asking.ask(ada, request())
    refused = asking.ask(ada, request())
    assert refused.state == State.REFUSED
    assert "1 is the limit" in refused.reason
    assert logged(EntryType.REFUSED) == [{"attempt": refused.attempt, "reason": "quota_in_flight"}]


@pytest.mark.usefixtures("broken_doorbell")
def test_a_broker_that_is_away_loses_nothing(
    ada: User, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        generation = asking.ask(ada, request())
    generation.refresh_from_db()
    assert (generation.state, generation.sent_at) == (State.QUEUED, None)


def test_a_failed_transaction_leaves_neither_row_nor_entry(ada: User, rung: list[str]) -> None:
    def interrupted() -> None:
        with transaction.atomic():
            asking.ask(ada, request())
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        interrupted()
    assert not Generation.objects.exists()
    assert not Pending.objects.exists()


def test_cancelling_a_waiting_generation_ends_it_at_once(ada: User, rung: list[str]) -> None:
    generation = asking.ask(ada, request())
    asking.cancel(generation)
    asking.cancel(generation)
    generation.refresh_from_db()
    assert generation.state == State.CANCELLED
    assert logged(EntryType.CANCELLED) == [{"attempt": generation.attempt, "by": "artist"}]


def test_the_page_answers_a_double_submit_with_the_same_generation(
    as_ada: Client, rung: list[str]
) -> None:
    form = {
        "prompt": PROMPT, "model": "untrained-test", "length": "17", "seed": "",
        "request_id": str(uuid.uuid4()),
    }  # fmt: skip
    first = as_ada.post("/ask/", form)
    second = as_ada.post("/ask/", form)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]


def test_a_bad_request_stores_nothing_and_keeps_what_was_typed(as_ada: Client) -> None:
    answer = as_ada.post("/ask/", {"prompt": "a purple cat", "model": "untrained-test"})
    assert answer.status_code == 422
    assert "a purple cat" in answer.text
    assert not Generation.objects.exists()
    assert not Pending.objects.exists()


def test_an_example_or_a_surprise_begins_the_form(as_ada: Client) -> None:
    assert "a red circle</textarea>" in as_ada.get("/ask/", {"prompt": "a red circle"}).text
    surprised = as_ada.get("/ask/", {"surprise": "untrained-test"}).text
    assert f"{cards()[0].examples[0]}</textarea>" in surprised
    assert as_ada.get("/ask/", {"surprise": "sora", "prompt": ""}).status_code == 200


def test_strangers_must_sign_in(client: Client, db: None) -> None:
    answer = client.get("/ask/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_somebody_elses_generation_looks_as_if_it_did_not_exist(
    ada: User, as_ben: Client, rung: list[str]
) -> None:
    generation = asking.ask(ada, request())
    page = generation.get_absolute_url()
    assert as_ben.get(page).status_code == 404
    assert as_ben.get(f"{page}state/").status_code == 404
    assert as_ben.post(f"{page}cancel/").status_code == 404
    assert as_ben.post(f"{page}publish/").status_code == 404
    generation.refresh_from_db()
    assert generation.state == State.QUEUED


def test_a_model_is_rung_for_on_the_queue_of_its_card(
    ada: User,
    model_card: Path,
    tmp_path: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    values = json.loads((model_card / "card.json").read_text())
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "card.json").write_text(json.dumps({**values, "queue": "big-gpu"}))
    settings.GENERATION_MODELS = [tmp_path / "big"]
    rung: list[tuple[str, str]] = []
    monkeypatch.setattr("generation.tasks.send", lambda *told: rung.append(told))
    with django_capture_on_commit_callbacks(execute=True):
        generation = asking.ask(ada, request())
    assert rung == [(str(generation.pk), "big-gpu")]
    assert catalog.queues() == ["big-gpu", "generations"]
