"""The row is the truth: real workers are killed, brokers emptied, messages doubled."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stack import EMBEDDED, Stack, prepared, wait_until

PROMPT = "a red circle moves left"
LONG_RENDER_STEPS = 100

MACHINE_REDIS = pytest.param("redis", marks=pytest.mark.services)
MACHINE_RABBITMQ = pytest.param("rabbitmq", marks=pytest.mark.services)

pytestmark = pytest.mark.slow


@pytest.fixture(params=[EMBEDDED, MACHINE_REDIS, MACHINE_RABBITMQ])
def where(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stack(where: str, tmp_path: Path, model_folder: Path) -> Iterator[Stack]:
    with prepared(tmp_path, model_folder, where, LONG_RENDER_STEPS) as stack:
        yield stack


def ends_in_one_clip_and_one_outcome(stack: Stack, generation: uuid.UUID) -> None:
    stack.wait_for_state(generation, "done", "failed", "cancelled")
    assert stack.state(generation)[0] == "done", stack.logs()
    assert stack.clips(generation) == 1
    attempt = stack.attempt(generation)
    wait_until(lambda: stack.outcomes(attempt), "the outcome is in the log")
    assert stack.outcomes(attempt) == ["generated"]


def test_a_worker_killed_while_it_renders(stack: Stack) -> None:
    stack.start("worker")
    generation = stack.ask(PROMPT)
    wait_until(lambda: stack.state(generation)[1] > 5, "a few steps are done")
    stack.kill("worker")
    assert stack.state(generation)[0] == "running"
    stack.start("worker")
    ends_in_one_clip_and_one_outcome(stack, generation)
    assert stack.state(generation)[2] == 2


def test_a_broker_emptied_while_the_request_waits(stack: Stack) -> None:
    generation = stack.ask(PROMPT)
    wait_until(lambda: sent(stack, generation), "the broker has been told")
    stack.empty_broker()
    stack.start("worker")
    ends_in_one_clip_and_one_outcome(stack, generation)


def test_the_same_message_delivered_twice(stack: Stack) -> None:
    generation = stack.ask(PROMPT)
    for _ in range(2):
        stack.must("shell", "--no-imports", "-c", ring(generation))
    stack.start("worker")
    ends_in_one_clip_and_one_outcome(stack, generation)
    wait_until(lambda: said(stack, "is not there to be claimed"), "the second message was seen")
    assert stack.clips(generation) == 1
    assert stack.state(generation)[2] == 1


def sent(stack: Stack, generation: uuid.UUID) -> bool:
    [(when,)] = stack.rows("SELECT sent_at FROM generation_generation WHERE id = %s", generation)
    return when is not None


def ring(generation: uuid.UUID) -> str:
    return (
        f"from generation import asking; import uuid; assert asking.ring(uuid.UUID('{generation}'))"
    )


def said(stack: Stack, words: str) -> bool:
    check: Callable[[], str] = (stack.data / "worker.log").read_text
    return words in check()
