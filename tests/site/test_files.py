"""Stories of a clip's files, and of the words an artist finds for those who cannot see it."""

import hashlib
import io

import numpy as np
import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from PIL import Image
from pytest_django import Settings

from generation import encode, storage
from generation.models import DESCRIPTION_LETTERS, Clip, Visibility
from sora_archive.accounts.models import User
from tests.site.hanging import hang, take_down

FILES = {
    ".mp4": "video/mp4",
    "/poster.webp": "image/webp",
    "/poster.avif": "image/avif",
    "/poster.jpg": "image/jpeg",
    "/preview.webp": "image/webp",
}
SEEN = "A red circle drifts to the left."


def moving() -> encode.Frames:
    """A bright square that crosses the picture."""
    frames = np.full((9, 64, 64, 3), 30, dtype=np.uint8)
    for number, frame in enumerate(frames):
        frame[20:40, 4 * number : 4 * number + 20] = 220
    return frames


@pytest.fixture
def clip(ada: User) -> Clip:
    """A published clip with all its pictures."""
    clip, frames = hang(ada), moving()
    clip.credential.sha256 = storage.keep_bytes(b"video").sha256
    clip.credential.save()
    clip.poster_sha256 = storage.keep_bytes(encode.poster(frames)).sha256
    clip.poster_avif_sha256 = storage.keep_bytes(encode.poster(frames, "avif")).sha256
    clip.poster_jpeg_sha256 = storage.keep_bytes(encode.poster(frames, "jpeg")).sha256
    clip.preview_sha256 = storage.keep_bytes(encode.preview(frames, 8)).sha256
    clip.save()
    return clip


@pytest.mark.parametrize("name", FILES)
def test_every_file_of_a_clip_can_be_had(client: Client, clip: Clip, name: str) -> None:
    response = client.get(f"/media/{clip.pk}{name}")
    assert (response.status_code, response["Content-Type"]) == (200, FILES[name])
    data = response.getvalue()
    assert response["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    if name != ".mp4":
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.get_format_mimetype() == FILES[name]
            assert getattr(picture, "n_frames", 1) > 1 or "poster" in name


def test_a_clip_from_before_has_one_poster_for_every_browser(client: Client, clip: Clip) -> None:
    Clip.objects.update(poster_avif_sha256="", poster_jpeg_sha256="")
    for name in ("poster.avif", "poster.jpg", "poster.webp"):
        response = client.get(f"/media/{clip.pk}/{name}")
        assert (response.status_code, response["Content-Type"]) == (200, "image/webp")


@pytest.mark.parametrize("name", FILES)
def test_the_files_of_a_withdrawn_clip_are_gone_for_everybody(
    as_ada: Client, client: Client, clip: Clip, name: str
) -> None:
    take_down(clip)
    for visitor in (client, as_ada):
        answer = visitor.get(f"/media/{clip.pk}{name}")
        assert (answer.status_code, answer["Cache-Control"]) == (410, "no-cache")


@pytest.mark.parametrize("name", FILES)
def test_the_files_of_a_draft_are_its_artists_alone(
    as_ada: Client, as_ben: Client, client: Client, ada: User, name: str
) -> None:
    draft = hang(ada, visibility=Visibility.DRAFT)
    for column in Clip.PICTURES:
        setattr(draft, column, storage.keep_bytes(b"picture").sha256)
    draft.save()
    draft.credential.sha256 = storage.keep_bytes(b"video").sha256
    draft.credential.save()
    assert as_ada.get(f"/media/{draft.pk}{name}").status_code == 200
    for stranger in (client, as_ben):
        assert stranger.get(f"/media/{draft.pk}{name}").status_code == 404


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_the_disk_lost_is_our_fault_in_words(
    client: Client, clip: Clip, name: str
) -> None:
    for kept in (clip.credential.sha256, *(getattr(clip, column) for column in Clip.PICTURES)):
        storage.delete(kept)
    response = client.get(f"/media/{clip.pk}{name}")
    assert response.status_code == 503
    assert "our fault" in response.content.decode()
    assert client.get(f"/clips/{clip.pk}/").status_code == 200  # the evidence is not lost with it


def test_a_front_server_is_told_which_file_and_the_visitor_is_not(
    client: Client, clip: Clip, settings: Settings
) -> None:
    settings.MEDIA_ACCEL = "/stored"
    sha256 = clip.credential.sha256
    response = client.get(f"/media/{clip.pk}.mp4")
    assert response["X-Accel-Redirect"] == f"/stored/{sha256[:2]}/{sha256}"
    assert response.content == b""
    unchanged = client.get(f"/media/{clip.pk}.mp4", headers={"If-None-Match": f'"{sha256}"'})
    assert unchanged.status_code == 304
    assert "X-Accel-Redirect" not in unchanged


def describe(client: Client, clip: Clip, words: str) -> HttpResponseBase:
    page = f"/generations/{clip.generation_id}/"
    return client.post(f"{page}describe/", {"description": words}, headers={"Referer": page})


@pytest.mark.parametrize("visibility", [Visibility.DRAFT, Visibility.PUBLISHED])
def test_an_artist_says_what_is_seen(as_ada: Client, ada: User, visibility: Visibility) -> None:
    clip = hang(ada, visibility=visibility)
    assert describe(as_ada, clip, f"  {SEEN}\n").status_code == 302
    assert Clip.objects.get().description == SEEN
    assert SEEN in as_ada.get(f"/generations/{clip.generation_id}/").content.decode()


@pytest.mark.parametrize("words", ["x" * (DESCRIPTION_LETTERS + 1), "a\u202eb", "a\0b"])
def test_a_bad_description_is_refused_in_words(as_ada: Client, ada: User, words: str) -> None:
    clip = hang(ada)
    refused = describe(as_ada, clip, words)
    assert refused.status_code == 422
    assert 'class="errors"' in refused.content.decode()  # type: ignore[attr-defined]
    assert Clip.objects.get().description == ""


def test_nobody_describes_what_is_not_theirs_or_gone(
    as_ada: Client, as_ben: Client, client: Client, ada: User
) -> None:
    clip = hang(ada)
    assert describe(as_ben, clip, SEEN).status_code == 404
    assert describe(client, clip, SEEN)["Location"].startswith("/accounts/login/")
    gone = hang(ada, visibility=Visibility.WITHDRAWN)
    assert describe(as_ada, gone, SEEN).status_code == 404
    assert not Clip.objects.exclude(description="").exists()
