"""Files over HTTP: whole, in parts, not at all when unchanged."""

import errno
import os
from pathlib import Path

import pytest
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from pytest_django import Settings

from generation import media

GONE = os.strerror(errno.ENOENT)
BODY = bytes(range(256)) * 4
ETAG = '"' + "ab" * 32 + '"'


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "stored"
    path.write_bytes(BODY)
    return path


def get(stored: Path, method: str = "get", **headers: str) -> HttpResponseBase:
    request = getattr(RequestFactory(), method)("/media/x.mp4", headers=headers)
    return media.serve(request, stored, "ab" * 32, "video/mp4", "x.mp4")


def body(response: HttpResponseBase) -> bytes:
    return b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]


def test_the_whole_file(stored: Path) -> None:
    response = get(stored)
    assert (response.status_code, body(response)) == (200, BODY)
    assert response["Content-Length"] == "1024"
    assert (response["ETag"], response["Accept-Ranges"]) == (ETAG, "bytes")
    assert response["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("0-0", 0, 0), ("10-19", 10, 19), ("1000-", 1000, 1023), ("-24", 1000, 1023),
     ("0-99999", 0, 1023), ("-99999", 0, 1023)],
)  # fmt: skip
def test_one_range(stored: Path, wanted: str, first: int, last: int) -> None:
    response = get(stored, Range=f"bytes={wanted}")
    assert (response.status_code, body(response)) == (206, BODY[first : last + 1])
    assert response["Content-Range"] == f"bytes {first}-{last}/1024"
    assert response["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("wanted", ["1024-", "5000-6000", "-0"])
def test_a_range_beyond_the_end_is_416(stored: Path, wanted: str) -> None:
    response = get(stored, Range=f"bytes={wanted}")
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */1024"


@pytest.mark.parametrize(
    "wanted",
    ["bytes=0-1,5-6", "bytes=-", "bytes=a-b", "bytes=9-3", "chapters=1-2", f"bytes={'9' * 40}-"],
)
def test_other_ranges_get_the_whole_file(stored: Path, wanted: str) -> None:
    response = get(stored, Range=wanted)
    assert (response.status_code, body(response)) == (200, BODY)


def test_if_range_with_another_version_gets_the_whole_file(stored: Path) -> None:
    assert get(stored, Range="bytes=0-9", **{"If-Range": '"old"'}).status_code == 200
    assert get(stored, Range="bytes=0-9", **{"If-Range": ETAG}).status_code == 206


def test_an_unchanged_file_is_not_sent_again(stored: Path) -> None:
    response = get(stored, **{"If-None-Match": ETAG})
    assert (response.status_code, body(response)) == (304, b"")


def test_head_tells_the_size_and_sends_nothing_of_a_part(stored: Path) -> None:
    response = get(stored, "head", Range="bytes=0-9")
    assert (response.status_code, response["Content-Length"], body(response)) == (206, "10", b"")


@pytest.mark.parametrize("accel", ["", "/stored"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_lost_file_is_told_to_the_visitor_and_the_operator(
    stored: Path, settings: Settings, caplog: pytest.LogCaptureFixture, accel: str, method: str
) -> None:
    settings.MEDIA_ACCEL = accel
    stored.unlink()
    for asked in ({}, {"Range": "bytes=0-9"}, {"If-None-Match": ETAG}):
        response = get(stored, method, **asked)
        assert (response.status_code, response["Cache-Control"]) == (503, "no-store")
        assert body(response).startswith(b"This file cannot be read at the moment.")
        assert "X-Accel-Redirect" not in response
        assert "ETag" not in response
        [line] = caplog.records
        assert line.getMessage() == f"stored file {'ab' * 32} cannot be read: {GONE}"
        caplog.clear()
