"""The line in one process: a real pipeline, a real encoder, a real log, a real credential."""

import errno
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from generation import asking, encode, line, progress, publishing, storage
from generation.engines.base import OnStep
from generation.engines.catalog import cards
from generation.engines.pool import engine_for
from generation.models import Clip, Generation, State, Visibility
from generation.progress import Clock, Tell
from provenance import vault
from provenance.core import credentials, keys, readings
from provenance.log import outbox
from provenance.log.models import Entry
from provenance.verify.models import Credential
from sora_archive.accounts.models import User
from tests.generation.test_asking import PROMPT, request

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queued(archive: None, ada: User) -> Generation:
    return asking.ask(ada, request())


def made(generation: Generation) -> Clip:
    line.run(generation.pk)
    generation.refresh_from_db()
    assert generation.state == State.DONE, generation.reason
    return generation.clip


def entries(generation: Generation) -> list[dict[str, Any]]:
    """The attempt's entries in the log, in their order."""
    rows = Entry.objects.filter(attempt=generation.attempt).order_by("index")
    return [json.loads(bytes(row.data)) for row in rows]


def ending(generation: Generation) -> tuple[str, str, str]:
    """(state, reason code, type of the last entry), once the log has it."""
    generation.refresh_from_db()
    assert generation.outcome_ticket is not None
    outbox.wait_for(generation.outcome_ticket, 30)
    assert not Clip.objects.exists()
    assert not Credential.objects.exists()
    return generation.state, generation.reason_code, entries(generation)[-1]["type"]


def test_a_request_becomes_a_clip_that_our_own_list_trusts(queued: Generation) -> None:
    clip = made(queued)
    file = storage.path_of(clip.credential.sha256)
    raw = credentials.read(file, anchors := vault.anchors(settings.KEYS_DIR))
    assert raw is not None
    reading = readings.reading(raw)
    assert (reading.state, reading.trust_uri) == ("trusted", anchors[0].trust_uri)
    assert storage.sha256_of(file) == clip.credential.sha256
    assert encode.decode_mp4(file).shape == (17, 256, 256, 3)
    for picture in Clip.PICTURES:
        assert storage.path_of(getattr(clip, picture)).stat().st_size > 100
    assert clip.visibility == Visibility.DRAFT


@pytest.mark.slow
def test_the_log_tells_the_attempt_before_the_try_before_the_clip(queued: Generation) -> None:
    clip = made(queued)
    index = outbox.wait_for(clip.credential.generated_ticket, 30)
    attempt, rendered, generated = entries(queued)
    assert [e["type"] for e in (attempt, rendered, generated)] == [
        "attempt",
        "rendered",
        "generated",
    ]
    assert rendered["try"] == 1
    assert generated["rendered"] == clip.credential.rendered_index < index
    assert generated["manifest"] == clip.credential.manifest_id
    opened = outbox.openings_of(clip.credential.generated_ticket)["file"]
    assert opened.value == {"sha256": clip.credential.sha256}
    assert generated["file"] == opened.commitment


@pytest.mark.slow
def test_prompt_and_name_lie_in_one_place_of_the_file_each(queued: Generation) -> None:
    data = storage.path_of(made(queued).credential.sha256).read_bytes()
    assert data.count(PROMPT.encode()) == 1
    assert data.count(b"Ada") == 1


@pytest.mark.slow
def test_the_same_request_gives_the_same_pictures(archive: None, ada: User) -> None:
    first, second = (made(asking.ask(ada, request())) for _ in range(2))
    assert first.poster_sha256 == second.poster_sha256
    assert first.credential.sha256 != second.credential.sha256  # each has a credential of its own


@pytest.mark.slow
def test_a_second_delivery_of_the_message_changes_nothing(queued: Generation) -> None:
    clip = made(queued)
    line.run(queued.pk)
    assert Clip.objects.get() == clip
    queued.refresh_from_db()
    assert queued.tries == 1


def test_cancelling_ends_the_render_within_a_step(
    queued: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []
    ours = progress.teller

    def cancelling(generation_id: uuid.UUID, owner: uuid.UUID, clock: Clock) -> Tell:
        tell = ours(generation_id, owner, clock)

        def cancel_at_three(step: int, of: int) -> None:
            steps.append(step)
            if step == 3:
                asking.cancel(queued)
            tell(step, of)

        return cancel_at_three

    monkeypatch.setattr(progress, "teller", cancelling)
    line.run(queued.pk)
    assert steps == [1, 2, 3]
    assert ending(queued) == ("cancelled", "", "cancelled")


class Explosion(Exception):
    """What no one expects, with the prompt in its words."""


def test_an_unknown_error_is_an_outcome_and_no_log_line_tells_the_prompt(
    queued: Generation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(_: object, on_step: OnStep) -> None:
        raise Explosion(PROMPT)

    monkeypatch.setattr(engine_for(cards()[0]), "render", explode, raising=True)
    line.run(queued.pk)
    assert ending(queued) == ("failed", "internal", "failed")
    assert "Explosion" in caplog.text
    assert PROMPT not in caplog.text


def test_a_full_disk_fails_with_words_and_leaves_no_half_clip(
    queued: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage, "keep", full)
    line.run(queued.pk)
    assert ending(queued) == ("failed", "storage", "failed")
    assert "No space left on device" in queued.reason
    assert list(settings.MEDIA_DIR.rglob("*.mp4")) == []


def test_a_clip_that_does_not_read_as_trusted_is_no_clip(
    queued: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers = keys.make_chain(keys.ChainSubject("Strangers", "A stranger"), timezone.now())
    anchor = credentials.Anchor("strangers", "urn:test:strangers", strangers.root.pem.decode())
    monkeypatch.setattr(vault, "anchors", lambda _: [anchor])
    line.run(queued.pk)
    assert ending(queued) == ("failed", "credential_refused", "failed")


@pytest.mark.slow
def test_a_worker_that_lost_its_lease_leaves_everything_to_the_other(
    queued: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = storage.keep

    def lose_the_lease(draft: Path) -> storage.StoredFile:
        Generation.objects.filter(pk=queued.pk).update(lease_owner=uuid.uuid4())
        return keep(draft)

    monkeypatch.setattr(storage, "keep", lose_the_lease)
    line.run(queued.pk)
    queued.refresh_from_db()
    assert queued.state == State.RUNNING
    assert not Clip.objects.exists()


def test_a_log_that_does_not_answer_sends_the_generation_back(
    queued: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> int:
        raise outbox.LogUnavailable("silence")

    for tries in range(1, 4):
        monkeypatch.setattr(outbox, "wait_for", silent)
        line.run(queued.pk)
        queued.refresh_from_db()
        assert (queued.tries, queued.state) == (tries, "failed" if tries == 3 else "queued")
    monkeypatch.undo()
    assert ending(queued) == ("failed", "log_unavailable", "failed")


@pytest.mark.slow
def test_publishing_is_an_entry_with_the_plain_hash_and_happens_once(queued: Generation) -> None:
    clip = made(queued)
    publishing.publish(clip)
    publishing.publish(clip)
    clip.refresh_from_db()
    assert clip.visibility == Visibility.PUBLISHED
    assert clip.publication_ticket is not None
    outbox.wait_for(clip.publication_ticket, 30)
    published = [entry for entry in entries(queued) if entry["type"] == "publication"]
    assert len(published) == 1
    assert published[0]["sha256"] == clip.credential.sha256
    assert published[0]["clip"] == str(clip.pk)
