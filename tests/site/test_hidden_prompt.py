"""Stories of a prompt that its artist keeps hidden: no page, feed or search gives it away."""

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client

from generation.models import Clip, Generation
from sora_archive.accounts.models import User
from tests.site.hanging import hang
from tests.site.test_finding import found

SECRET = "moonlit zeppelin"
AT = datetime(2026, 11, 26, 20, 0, tzinfo=UTC)


@pytest.fixture
def clip(ada: User) -> Clip:
    """A published clip whose prompt and negative prompt ada keeps to herself."""
    clip = hang(ada, prompt=SECRET)
    Generation.objects.filter(pk=clip.generation_id).update(
        prompt_hidden=True, negative_prompt="zeppelin logo"
    )
    return clip


def test_no_public_address_tells_a_hidden_prompt(client: Client, clip: Clip) -> None:
    for address in (
        f"/clips/{clip.pk}/", f"/clips/{clip.pk}/embed/", "/", "/clips/", "/clips/feed.atom",
        "/api/v1/clips", f"/api/v1/clips/{clip.pk}", "/sitemap/2026-11-26.xml",
        f"/oembed?url={settings.SITE_URL}/clips/{clip.pk}/",
    ):  # fmt: skip
        answer = client.get(address)
        text = answer.getvalue().decode()
        assert answer.status_code == 200, address
        assert "zeppelin" not in text, address
    page = client.get(f"/clips/{clip.pk}/").content.decode()
    assert "Ada keeps the words hidden." in page
    assert client.get(f"/api/v1/clips/{clip.pk}").json()["prompt_hidden"] is True


def test_a_hidden_prompt_cannot_be_searched_for_until_it_is_revealed(
    client: Client, clip: Clip
) -> None:
    assert found(client, q=SECRET) == []
    Generation.objects.filter(pk=clip.generation_id).update(prompt_revealed_at=AT)
    assert found(client, q=SECRET) == [clip.title]
    assert SECRET in client.get(f"/clips/{clip.pk}/").content.decode()


def test_a_remix_of_it_begins_without_its_words(as_ben: Client, clip: Clip) -> None:
    page = as_ben.get(f"/ask/?remix={clip.pk}").content.decode()
    assert "A remix of" in page
    assert f'name="parent" value="{clip.pk}"' in page
    assert "zeppelin" not in page


def test_only_what_was_hidden_can_be_revealed(ada: User) -> None:
    open_clip = hang(ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        Generation.objects.filter(pk=open_clip.generation_id).update(prompt_revealed_at=AT)
