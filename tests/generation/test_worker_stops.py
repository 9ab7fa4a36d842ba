"""A worker that is told to stop finishes its clip or hands it back, within a set time."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Stack, prepared, wait_until

pytestmark = pytest.mark.slow


def test_sigterm_lets_a_clip_be_finished_for_which_there_is_time(
    tmp_path: Path, model_folder: Path
) -> None:
    with prepared(tmp_path, model_folder, steps=60, WORKER_SHUTDOWN_SECONDS="170") as stack:
        stack.start("worker")
        generation = stack.ask("a red circle moves left")
        wait_until(lambda: stack.state(generation)[1] > 0, "a step is done")
        worker = stack.processes.pop("worker")
        worker.send_signal(signal.SIGTERM)
        wait_until(lambda: worker.poll() is not None, "the worker has ended")
        assert stack.state(generation)[0] == "done", stack.logs()


@pytest.fixture
def stack(tmp_path: Path, model_folder: Path) -> Iterator[Stack]:
    with prepared(tmp_path, model_folder, steps=1000, WORKER_SHUTDOWN_SECONDS="1") as stack:
        yield stack


def test_sigterm_hands_a_long_render_back_at_once(stack: Stack) -> None:
    stack.start("worker")
    generation = stack.ask("a red circle moves left")
    wait_until(lambda: stack.state(generation)[1] > 3, "a few steps are done")
    worker = stack.processes.pop("worker")
    worker.send_signal(signal.SIGTERM)
    wait_until(lambda: worker.poll() is not None, "the worker has ended", 20)
    assert stack.state(generation)[0] == "queued", stack.logs()
    [(owner, sent)] = stack.rows(
        "SELECT lease_owner, sent_at FROM generation_generation WHERE id = %s", generation
    )
    assert owner is None, sent
