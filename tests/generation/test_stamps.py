"""What becomes of a generation while the time-stamp authority is down."""

import uuid
from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django import Settings

from generation import asking, leases, line, publishing, signing
from generation.engines.catalog import cards
from generation.errors import Cancelled, PublishingRefused
from generation.models import Generation, State, Visibility
from provenance import vault
from provenance.core.credentials import Embedded, SigningIdentity
from provenance.core.errors import SignerUnavailable, StampUnavailable
from provenance.log import outbox
from provenance.verify.models import Credential
from sora_archive.accounts.models import User
from tests.site.hanging import hang


@pytest.fixture
def queued(ada: User, rung: list[str]) -> Generation:
    vault.ensure_keys(django_settings.KEYS_DIR, django_settings.LOG_ORIGIN, timezone.now())
    card = cards()[0]
    request = asking.Request("a kite", "", card, 7, card.frames, uuid.uuid4())
    return asking.ask(ada, request)


ASKED: list[str] = []


def failing(times: int) -> Callable[[SigningIdentity], Embedded]:
    """A signing that lacks its stamp so many times; notes which authority each was to ask."""
    left = [StampUnavailable("down")] * times
    ASKED.clear()

    def embed(identity: SigningIdentity) -> Embedded:
        ASKED.append(identity.tsa_url)
        if left and identity.tsa_url:
            raise left.pop()
        return Embedded("urn:c2pa:x", 1)

    return embed


@pytest.fixture
def authority(queued: Generation, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(signing, "PAUSE_SECONDS", 0)
    settings.TSA_URL = "http://stamps.test"


def test_a_worker_waits_for_the_stamp(authority: None) -> None:
    assert signing.patiently(failing(3), lambda: None).manifest_id == "urn:c2pa:x"
    assert ASKED == ["http://stamps.test"] * 4


def test_a_worker_gives_up_after_a_while(authority: None, settings: Settings) -> None:
    settings.TSA_WAIT_SECONDS = 0
    with pytest.raises(StampUnavailable):
        signing.patiently(failing(1), lambda: None)


def test_where_stamps_are_not_demanded_the_clip_goes_without_after_a_while(
    authority: None, settings: Settings
) -> None:
    settings.TSA_WAIT_SECONDS, settings.TSA_REQUIRED = 0, False
    assert signing.patiently(failing(1), lambda: None).manifest_id == "urn:c2pa:x"
    assert ASKED == ["http://stamps.test", ""]


def test_the_artist_can_stop_the_waiting(authority: None, queued: Generation) -> None:
    owner = uuid.uuid4()
    assert leases.claim(queued.pk, owner) is not None
    Generation.objects.filter(pk=queued.pk).update(cancel_requested=True)
    with pytest.raises(Cancelled):
        signing.patiently(failing(3), lambda: leases.check_cancel(queued.pk, owner))


def test_a_clip_without_a_stamp_is_not_published_where_stamps_are_demanded(
    ada: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "wait_for", lambda *_: 1)
    monkeypatch.setattr(publishing, "_index_of", lambda _: 1)
    settings.TSA_URL = "http://stamps.test"
    draft = hang(ada, visibility=Visibility.DRAFT)
    with pytest.raises(PublishingRefused, match="with a time-stamp only"):
        publishing.publish(draft)
    draft.refresh_from_db()
    assert draft.visibility == Visibility.DRAFT
    Credential.objects.filter(pk=draft.credential_id).update(stamped_at=timezone.now())
    publishing.publish(draft)
    other = hang(ada, visibility=Visibility.DRAFT)
    settings.TSA_REQUIRED = False
    publishing.publish(other)
    for clip in (draft, other):
        clip.refresh_from_db()
        assert clip.visibility == Visibility.PUBLISHED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("trouble", [StampUnavailable("down"), SignerUnavailable("locked")])
def test_without_stamp_or_signature_the_generation_goes_back_to_the_queue_however_often(
    queued: Generation, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def no_stamp(job: line.Job, render: line.Render) -> None:
        raise trouble

    monkeypatch.setattr(line, "_clip", no_stamp)
    for _ in range(django_settings.GENERATION_MAX_TRIES + 1):
        line.run(queued.pk)
        queued.refresh_from_db()
        assert (queued.state, queued.sent_at) == (State.QUEUED, None)
