"""/healthz answers in bounded time, whatever hangs and however many ask."""

import json
import threading
from collections.abc import Iterator

import pytest
from django.test import RequestFactory

from sora_archive import health
from sora_archive.health import Probe, State, States, examine

WELL = State(True, "answers")


@pytest.fixture
def frozen() -> Iterator[tuple[Probe, list[int]]]:
    """A probe of a service that hangs until the test is over, and how often it was asked."""
    over = threading.Event()
    asked: list[int] = []

    def ask() -> States:
        asked.append(1)
        over.wait(30)
        return {"database": WELL}

    yield Probe(("database",), ask), asked
    over.set()


def test_a_frozen_part_is_told_and_the_others_still_speak(
    frozen: tuple[Probe, list[int]],
) -> None:
    states = examine((frozen[0], Probe(("sequencer",), lambda: {"sequencer": WELL})), 0.2)
    assert states["database"] == State(False, "no answer in time")
    assert states["sequencer"] == WELL


def test_many_visitors_of_a_frozen_part_ask_it_once(frozen: tuple[Probe, list[int]]) -> None:
    for _ in range(20):
        examine((frozen[0],), 0.01)
    assert frozen[1] == [1]


def test_a_part_that_recovers_is_asked_anew() -> None:
    answers = iter([State(False, "no worker answers"), WELL])
    probe = Probe(("worker",), lambda: {"worker": next(answers)})
    assert not examine((probe,))["worker"].ok
    assert examine((probe,))["worker"].ok


def test_a_broker_that_cannot_be_reached_tells_nothing_of_its_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def ask() -> States:
        raise ConnectionError("redis://:s3cret@broker.internal:6379 refused")

    states = examine((Probe(("broker", "worker"), ask),))
    assert states == dict.fromkeys(("broker", "worker"), State(False, "cannot be reached"))
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(("ok", "status"), [(True, 200), (False, 503)])
def test_the_status_is_that_of_the_worst_part(
    ok: bool, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = {"database": WELL, "worker": State(ok, "no worker answers")}
    monkeypatch.setattr(health, "examine", lambda: states)
    answer = health.healthz(RequestFactory().get("/healthz"))
    assert answer.status_code == status
    assert json.loads(answer.content)["worker"] == {"ok": ok, "reason": "no worker answers"}
    assert "no-store" in answer["Cache-Control"]


def test_it_can_only_be_read() -> None:
    assert health.healthz(RequestFactory().post("/healthz")).status_code == 405
