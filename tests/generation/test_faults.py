"""Whatever dies, each attempt ends in one outcome: nothing lost, nothing doubled, nothing half.

Real workers, a real PostgreSQL, and each broker in turn. All stories of one broker share an
archive, which is looked through as a whole at the end.
"""

import os
import signal
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faulty.apps import POINTS, TWICE
from tests.faulty.bench import Bench, bench
from tests.faulty.services import BROKERS

pytestmark = pytest.mark.slow

NOTHING_THERE = "is not there to be claimed"
WORKERS = 2  # at work at the same time
MACHINE = [pytest.param(name, marks=pytest.mark.services) for name in BROKERS if name != "valkey"]


@pytest.fixture(scope="module", params=["valkey", *MACHINE])
def at_work(request: pytest.FixtureRequest, model_card: Path) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="sora-faults-") as folder:
        data = Path(folder)
        data.chmod(0o711)
        with bench(data, model_card, str(request.param)) as ready:
            yield ready


@pytest.fixture(scope="module")
def hit(at_work: Bench) -> dict[str, uuid.UUID]:
    """Workers are killed one after the other, each where it stands; by point, the generation.

    A generation whose worker was killed comes back and may be hit again at a later point.
    """
    found: dict[str, uuid.UUID] = {}
    at_work.ask(len(POINTS))
    at_work.arm(*POINTS)
    at_work.stack.start(*(f"worker-{number}" for number in range(WORKERS)))
    for number in range(WORKERS, len(POINTS) + WORKERS):
        point = at_work.patiently(
            lambda: next((p for p in POINTS if p not in found and at_work.stands(p)), None),
            f"a worker stands at one of {set(POINTS) - found.keys()}",
        )
        group, _, found[point] = at_work.standing(point)
        at_work.stack.kill_group(group)
        at_work.let_go(point)
        at_work.stack.start(f"worker-{number}")
    at_work.drain()
    return found


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at(point: str, hit: dict[str, uuid.UUID], at_work: Bench) -> None:
    state, step, tries = at_work.stack.state(hit[point])
    assert (state, step) == ("done", 3), at_work.reasons(hit[point])
    assert tries > 1 or point == "recorded"
    assert at_work.stack.clips(hit[point]) == 1


@pytest.mark.usefixtures("hit")
def test_the_child_alone_is_killed_as_the_kernel_does_when_memory_ends(at_work: Bench) -> None:
    at_work.arm("encoding")
    [generation] = at_work.ask()
    _, child, _ = at_work.standing("encoding")
    os.kill(child, signal.SIGKILL)
    assert at_work.ended(generation) == ["done"]


@pytest.mark.usefixtures("hit")
def test_the_broker_dies_and_comes_back_with_nothing(at_work: Bench) -> None:
    at_work.arm("rendering", "signed")
    waiting = at_work.ask(5)
    for point in ("rendering", "signed"):
        at_work.standing(point)
    at_work.broker.lose_everything()
    waiting += at_work.ask()  # the broker cannot be told of it
    at_work.broker.start()
    for point in ("rendering", "signed"):
        at_work.let_go(point)
    assert at_work.ended(*waiting) == ["done"] * 6


@pytest.mark.usefixtures("hit")
@pytest.mark.parametrize("point", ["rendering", "rendered-uncommitted", "kept", "recording"])
def test_the_database_is_restarted_while_a_worker_is(point: str, at_work: Bench) -> None:
    at_work.arm(point)
    asked = at_work.ask(2)
    at_work.standing(point)
    at_work.database.crash()
    at_work.database.start()
    at_work.let_go(point)
    assert at_work.ended(*asked) == ["done"] * 2


@pytest.mark.usefixtures("hit")
@pytest.mark.parametrize("point", ["attempt-logged", "encoding", "encoded", "signing", "kept"])
def test_the_disk_is_full_once_a_worker_is(point: str, at_work: Bench) -> None:
    before = set(at_work.media.glob("[0-9a-f][0-9a-f]/*"))
    at_work.arm(point)
    [generation] = at_work.ask()
    at_work.standing(point)
    filler = at_work.full_disk()
    at_work.let_go(point)
    assert at_work.ended(generation) == ["failed"]
    assert at_work.reasons(generation)[1:] == (
        "storage",
        "The clip could not be stored: No space left on device.",
    )
    left = set(at_work.media.glob("[0-9a-f][0-9a-f]/*")) - before
    assert len(left) <= (point == "kept")  # signed and whole; it goes with the orphans
    filler.unlink()
    assert at_work.ended(*at_work.ask()) == ["done"]


@pytest.mark.usefixtures("hit")
def test_every_message_comes_twice(at_work: Bench) -> None:
    (at_work.faults / TWICE).touch()
    before = at_work.said(NOTHING_THERE)
    at_work.arm("rendering")
    asked = at_work.ask(6)
    at_work.standing("rendering")  # meanwhile the other worker takes all the others, and the copies
    at_work.patiently(lambda: at_work.said(NOTHING_THERE) >= before + 6, "the copies came")
    at_work.let_go("rendering")
    assert at_work.ended(*asked) == ["done"] * 6
    assert [at_work.stack.state(generation)[2] for generation in asked] == [1] * 6
    (at_work.faults / TWICE).unlink()


@pytest.mark.usefixtures("hit")
def test_in_the_end_everything_is_there_once_and_the_log_is_complete(at_work: Bench) -> None:
    at_work.drain()
    assert at_work.is_sound() > len(POINTS)
