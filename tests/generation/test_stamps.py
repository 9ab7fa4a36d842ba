"""What becomes of a generation while the time-stamp authority is down."""

import uuid
from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django import Settings

from generation import asking, leases, line
from generation.engines.catalog import cards
from generation.errors import Cancelled
from generation.models import Generation, State
from provenance import vault
from provenance.core.credentials import Embedded
from provenance.core.errors import SignerUnavailable, StampUnavailable
from sora_archive.accounts.models import User


@pytest.fixture
def queued(ada: User) -> Generation:
    vault.ensure_keys(django_settings.KEYS_DIR, django_settings.LOG_ORIGIN, timezone.now())
    card = cards()[0]
    request = asking.Request("a kite", "", card, 7, card.frames, uuid.uuid4())
    return asking.ask(ada, request)


def failing(times: int) -> Callable[[], Embedded]:
    """A signing that lacks its stamp so many times."""
    left = [StampUnavailable("down")] * times

    def embed() -> Embedded:
        if left:
            raise left.pop()
        return Embedded("urn:c2pa:x", 1)

    return embed


@pytest.fixture
def job(queued: Generation, monkeypatch: pytest.MonkeyPatch) -> line.Job:
    monkeypatch.setattr(line, "STAMP_PAUSE_SECONDS", 0)
    owner = uuid.uuid4()
    generation = leases.claim(queued.pk, owner)
    assert generation is not None
    return line.Job(generation, owner, cards()[0])


def test_a_worker_waits_for_the_stamp(job: line.Job) -> None:
    assert line._patiently(job, failing(3)).manifest_id == "urn:c2pa:x"


def test_a_worker_gives_up_after_a_while(job: line.Job, settings: Settings) -> None:
    settings.TSA_WAIT_SECONDS = 0
    with pytest.raises(StampUnavailable):
        line._patiently(job, failing(1))


def test_the_artist_can_stop_the_waiting(job: line.Job) -> None:
    Generation.objects.filter(pk=job.generation.pk).update(cancel_requested=True)
    with pytest.raises(Cancelled):
        line._patiently(job, failing(3))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("trouble", [StampUnavailable("down"), SignerUnavailable("locked")])
def test_without_stamp_or_signature_the_generation_goes_back_to_the_queue_however_often(
    queued: Generation, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def no_stamp(job: line.Job) -> None:
        raise trouble

    monkeypatch.setattr(line, "_clip", no_stamp)
    for _ in range(django_settings.GENERATION_MAX_TRIES + 1):
        line.run(queued.pk)
        queued.refresh_from_db()
        assert (queued.state, queued.sent_at) == (State.QUEUED, None)
