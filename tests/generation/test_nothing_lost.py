"""The row is the truth: real workers are killed, brokers emptied, messages doubled."""

import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests import stack as stacks
from tests.people import ADA
from tests.stack import Stack, wait_until

PROMPT = "a red circle moves left"
LONG_RENDER_STEPS = 100

EMBEDDED = "embedded"
MACHINE_REDIS = pytest.param("redis", marks=pytest.mark.services)
MACHINE_RABBITMQ = pytest.param("rabbitmq", marks=pytest.mark.services)

pytestmark = pytest.mark.slow


MACHINE_SERVICES = {
    "postgres": "postgres://root@127.0.0.1:5432/postgres",
    "redis": "redis://127.0.0.1:6379/9",
    "rabbitmq": "amqp://guest:guest@127.0.0.1:5672//",
}


def running(name: str) -> str:
    """The address of one of the machine's own services, or as MACHINE_<NAME> says; else a skip."""
    url = os.environ.get(f"MACHINE_{name.upper()}", MACHINE_SERVICES[name])
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2).close()
    except OSError:
        pytest.skip(f"no {name} answers on this machine; start one or set MACHINE_{name.upper()}")
    return url


@pytest.fixture(params=[EMBEDDED, MACHINE_REDIS, MACHINE_RABBITMQ])
def where(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stack(where: str, tmp_path: Path, model_folder: Path) -> Iterator[Stack]:
    """Sequencer and sweep on an empty database; ada can sign in; no worker yet."""
    data = tmp_path
    with ExitStack() as closing_up:
        if where == EMBEDDED:
            server = settings.DATABASES["default"]
            admin = f"postgres://{server['USER']}@/postgres?host={server['HOST']}"
            broker_url, _ = closing_up.enter_context(stacks.broker(data))
        else:
            admin, broker_url = running("postgres"), running(where)
        url = closing_up.enter_context(stacks.fresh_database(admin))
        model = data / "models" / "slow"
        stacks.slow_copy(model_folder, model, LONG_RENDER_STEPS)
        stack = Stack(data, url, broker_url, {"GENERATION_MODELS": str(model)})
        closing_up.callback(stack.stop)
        stack.prepare()
        stack.add(ADA)
        stack.empty_broker()
        stack.start("sequencer", "sweep")
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
