"""Several generations in one call of the pipeline: each still ends by itself, in one outcome."""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from django.conf import settings as site

from generation import asking, leases, storage, together
from generation.engines.base import Frames, OnStep, RenderRequest
from generation.engines.pool import POOL
from generation.models import Clip, Generation, State
from provenance import vault
from provenance.core import credentials
from sora_archive.accounts.models import User
from tests.generation.square import SquareEngine
from tests.generation.test_asking import PROMPT, request
from tests.generation.test_line import entries

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
POISON = f"{PROMPT} down"


class Picky(SquareEngine):
    """Counts its calls, reports three steps, and breaks at one prompt."""

    calls: list[int] = []
    at_step: Any = None

    def render(self, request: RenderRequest, on_step: OnStep) -> Frames:
        Picky.calls.append(1)
        if request.prompt == POISON:
            raise RuntimeError
        return super().render(request, on_step)

    def render_together(
        self, requests: Sequence[RenderRequest], on_step: OnStep
    ) -> Sequence[Frames]:
        Picky.calls.append(len(requests))
        for step in (1, 2, 3):
            if Picky.at_step:
                Picky.at_step(step)
            on_step(step, 3, lambda: None)
        if any(request.prompt == POISON for request in requests):
            raise RuntimeError
        return [SquareEngine.render(self, one, lambda *_: None) for one in requests]


@pytest.fixture
def in_fours(studio: None, settings: Any) -> None:
    settings.WORKER_BATCH = 4
    settings.GENERATION_ENGINE = f"{__name__}.Picky"
    Picky.calls, Picky.at_step = [], None
    POOL.clear()


def asked(artist: User, count: int) -> list[Generation]:
    return [asking.ask(artist, request()) for _ in range(count)]


def states(generations: list[Generation]) -> list[str]:
    for generation in generations:
        generation.refresh_from_db()
    return [generation.state for generation in generations]


def test_one_call_gives_each_its_own_clip_and_entries(in_fours: None, ada: User) -> None:
    generations = asked(ada, 3)
    together.run(generations[1].pk)
    assert states(generations) == ["done"] * 3
    assert Picky.calls == [3]
    for generation in generations:
        told = [entry["type"] for entry in entries(generation)]
        assert told[:2] == ["attempt", "rendered"]
        file = storage.path_of(generation.clip.credential.sha256)
        raw = credentials.read(file, vault.anchors(site.KEYS_DIR))
        assert raw is not None
        assert '"rendered_together": 3' in str(raw.store).replace("'", '"')
    assert len({clip.credential_id for clip in Clip.objects.all()}) == 3


def test_only_what_is_alike_comes_along_and_no_more_than_asked_for(
    in_fours: None, ada: User, settings: Any
) -> None:
    generations = asked(ada, 6)
    Generation.objects.filter(pk=generations[1].pk).update(steps=4)
    Generation.objects.filter(pk=generations[2].pk).update(model="another")
    together.run(generations[0].pk)
    assert states(generations) == ["done", "queued", "queued", "done", "done", "done"]


def test_one_that_is_cancelled_ends_at_once_and_the_others_go_on(in_fours: None, ada: User) -> None:
    first, second = asked(ada, 2)
    seen: list[list[str]] = []

    def at_step(step: int) -> None:
        seen.append(states([first, second]))
        if step == 2:
            asking.cancel(first)

    Picky.at_step = at_step
    together.run(first.pk)
    assert seen == [["running", "running"]] * 2 + [["cancelled", "running"]]
    assert states([first, second]) == ["cancelled", "done"]


def test_when_all_are_cancelled_the_call_stops(in_fours: None, ada: User) -> None:
    generations = asked(ada, 2)
    steps: list[int] = []

    def at_step(step: int) -> None:
        steps.append(step)
        for generation in generations:
            asking.cancel(generation)

    Picky.at_step = at_step
    together.run(generations[0].pk)
    assert steps == [1]
    assert states(generations) == ["cancelled"] * 2


def test_one_that_breaks_the_call_fails_alone(in_fours: None, ada: User) -> None:
    generations = asked(ada, 3)
    Generation.objects.filter(pk=generations[1].pk).update(prompt=POISON)
    together.run(generations[0].pk)
    assert states(generations) == ["done", "failed", "done"]
    assert Picky.calls == [3, 1, 1, 1]


def test_a_worker_that_is_told_to_stop_hands_all_of_them_back(in_fours: None, ada: User) -> None:
    generations = asked(ada, 3)

    def stop(_: int) -> None:
        raise SystemExit

    Picky.at_step = stop
    with pytest.raises(SystemExit):
        together.run(generations[0].pk)
    assert states(generations) == ["queued"] * 3
    assert {generation.lease_owner for generation in generations} == {None}


def test_a_lost_lease_is_left_to_the_other_worker(in_fours: None, ada: User) -> None:
    generations = asked(ada, 2)

    def lose(_: int) -> None:
        Generation.objects.filter(pk=generations[1].pk).update(lease_owner=uuid.uuid4())

    Picky.at_step = lose
    together.run(generations[0].pk)
    assert states(generations) == ["done", "running"]
    assert not Clip.objects.filter(generation=generations[1]).exists()


def test_alone_it_is_rendered_as_ever(in_fours: None, ada: User) -> None:
    [generation] = asked(ada, 1)
    together.run(generation.pk)
    assert states([generation]) == [State.DONE]
    assert Picky.calls == [1]
    assert leases.claim_alike(generation, uuid.uuid4(), 3) == []
