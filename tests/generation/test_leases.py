"""Who owns a generation: one worker at a time, and never one that was taken for dead."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from generation import asking, leases
from generation.errors import Cancelled, LeaseLost
from generation.models import Generation, State
from provenance.core.records import EntryType
from sora_archive.accounts.models import User
from tests.generation.test_asking import logged, request


@pytest.fixture
def waiting(ada: User, rung: list[str]) -> Generation:
    """A generation that ada asked for a minute ago and that nobody has rung for."""
    generation = asking.ask(ada, request())
    Generation.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    return generation


def test_the_sweep_keeps_out_of_what_was_asked_this_very_moment(ada: User, rung: list[str]) -> None:
    asking.ask(ada, request())
    assert leases.sweep() == (0, 0)
    assert rung == []


def expire(generation: Generation) -> None:
    Generation.objects.filter(pk=generation.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def test_only_one_of_two_workers_gets_it(waiting: Generation) -> None:
    mine = leases.claim(waiting.pk, uuid.uuid4())
    assert mine is not None
    assert (mine.state, mine.tries) == (State.RUNNING, 1)
    assert leases.claim(waiting.pk, uuid.uuid4()) is None


def test_a_cancelled_generation_cannot_be_claimed(waiting: Generation) -> None:
    asking.cancel(waiting)
    assert leases.claim(waiting.pk, uuid.uuid4()) is None


def test_a_step_is_written_and_renews_the_lease(waiting: Generation) -> None:
    leases.claim(waiting.pk, owner := uuid.uuid4())
    expire(waiting)
    leases.report_step(waiting.pk, owner, 3)
    waiting.refresh_from_db()
    assert waiting.step == 3
    assert waiting.lease_until is not None
    assert waiting.lease_until > timezone.now()


def test_cancel_is_noticed_at_the_next_step(waiting: Generation) -> None:
    leases.claim(waiting.pk, owner := uuid.uuid4())
    leases.report_step(waiting.pk, owner, 1)
    asking.cancel(waiting)
    with pytest.raises(Cancelled):
        leases.report_step(waiting.pk, owner, 2)


def test_a_dead_workers_generation_is_taken_back_and_sent_again(
    waiting: Generation, rung: list[str]
) -> None:
    leases.claim(waiting.pk, dead := uuid.uuid4())
    expire(waiting)
    assert leases.sweep() == (1, 1)
    assert rung == [str(waiting.pk)]
    waiting.refresh_from_db()
    assert waiting.state == State.QUEUED
    with pytest.raises(LeaseLost):
        leases.report_step(waiting.pk, dead, 2)


def test_a_living_worker_keeps_its_generation(waiting: Generation) -> None:
    leases.claim(waiting.pk, uuid.uuid4())
    assert leases.sweep()[0] == 0


def test_a_generation_that_kills_every_worker_fails_in_the_end(waiting: Generation) -> None:
    for _ in range(3):
        leases.claim(waiting.pk, uuid.uuid4())
        expire(waiting)
        leases.sweep()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason_code) == (State.FAILED, "worker_lost")
    assert logged(EntryType.FAILED) == [{"attempt": waiting.attempt, "reason": "worker_lost"}]


def test_a_cancelled_generation_of_a_dead_worker_ends_cancelled(waiting: Generation) -> None:
    leases.claim(waiting.pk, uuid.uuid4())
    asking.cancel(waiting)
    expire(waiting)
    leases.sweep()
    waiting.refresh_from_db()
    assert waiting.state == State.CANCELLED


def test_what_the_broker_forgot_is_sent_again_only_after_a_while(
    waiting: Generation, rung: list[str]
) -> None:
    assert leases.sweep() == (0, 1)
    assert leases.sweep() == (0, 0)
    Generation.objects.update(sent_at=timezone.now() - timedelta(hours=1))
    assert leases.sweep() == (0, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": State.RUNNING},
        {"state": State.DONE},
        {"state": "forgotten"},
        {"seed": -1},
        {"step": 9},
        {"prompt": ""},
        {"lease_owner": uuid.uuid4()},
        {"finished_at": timezone.now()},
    ],
)
def test_the_database_refuses_a_wrong_row(waiting: Generation, wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        Generation.objects.filter(pk=waiting.pk).update(**wrong)
