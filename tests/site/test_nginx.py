"""Stories of files as the public gets them: by the site itself, and by Debian's nginx in front.

Both must answer alike. The configuration is the one that ships; only addresses are put in.
"""

import getpass
import http.client
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configured
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from generation import storage
from generation.models import Clip, Visibility
from sora_archive.accounts.models import User
from tests.journeys.conftest import answers
from tests.site.hanging import hang, take_down
from tests.stack import free_port, wait_until

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
SHIPPED = configured.BASE_DIR / "docs" / "nginx.conf"
FILE = secrets.token_bytes(100_000)
BURST = 60


@dataclass(frozen=True)
class Answer:
    """What came back over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Front:
    """Whom the public asks."""

    host: str
    port: int

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        answer = connection.getresponse()
        found = Answer(answer.status, dict(answer.headers), answer.read())
        connection.close()
        return found


@contextmanager
def nginx(folder: Path, site: str, port: int) -> Iterator[None]:
    """Debian's nginx with the shipped configuration."""
    shipped = SHIPPED.read_text(encoding="utf-8")
    for there, here in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:8000", site),
        ("/srv/sora-archive/media/", f"{configured.MEDIA_DIR}/"),
    ):
        assert there in shipped
        shipped = shipped.replace(there, here)
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"user {getpass.getuser()};\ndaemon off;\npid {folder}/pid;\nevents {{}}\n"
        f"http {{\ninclude /etc/nginx/mime.types;\n{paths}{shipped}\n}}\n"
    )
    line = ["/usr/sbin/nginx", "-p", str(folder), "-e", f"{folder}/errors", "-c"]
    process = subprocess.Popen([*line, str(folder / "nginx.conf")])
    try:
        wait_until(lambda: answers(f"http://localhost:{port}/robots.txt"), "nginx answers", 20)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(params=["the site", "nginx"])
def front(
    request: pytest.FixtureRequest, live_server: LiveServer, settings: Settings, tmp_path: Path
) -> Iterator[Front]:
    site = urlsplit(live_server.url)
    if request.param == "the site":
        yield Front(str(site.hostname), site.port or 0)
        return
    settings.MEDIA_ACCEL = "/stored"
    tmp_path.chmod(0o755)
    with nginx(tmp_path, site.netloc, port := free_port()):
        yield Front("localhost", port)


@pytest.fixture
def clip(ada: User) -> Clip:
    """A published clip whose video is there."""
    clip = hang(ada)
    clip.credential.sha256 = storage.keep_bytes(FILE).sha256
    clip.credential.save()
    return clip


def test_a_file_comes_whole_in_parts_and_not_at_all_when_unchanged(
    front: Front, clip: Clip
) -> None:
    path, etag = f"/media/{clip.pk}.mp4", f'"{clip.credential.sha256}"'
    whole = front.get(path)
    assert (whole.status, whole.body) == (200, FILE)
    assert whole.headers["ETag"] == etag
    assert whole.headers["Content-Type"] == "video/mp4"
    assert whole.headers["Cache-Control"] == "no-cache"
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in whole.headers["Content-Security-Policy"]
    assert (whole.headers["Content-Usage"], whole.headers["tdm-reservation"]) == ("train-ai=n", "1")
    assert "Last-Modified" not in whole.headers
    assert "Set-Cookie" not in whole.headers
    for wanted, first, last in (("5-9", 5, 9), ("-10", 99_990, 99_999), ("99999-", 99_999, 99_999)):
        part = front.get(path, Range=f"bytes={wanted}")
        assert (part.status, part.body) == (206, FILE[first : last + 1]), wanted
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/100000"
        assert part.headers["ETag"] == etag
    assert front.get(path, Range="bytes=5-9", If_Range=etag).status == 206
    assert front.get(path, Range="bytes=5-9", If_Range='"old"').body == FILE
    assert front.get(path, Range="bytes=0-1,5-6").body == FILE
    assert front.get(path, Range="bytes=100000-").status == 416
    unchanged = front.get(path, If_None_Match=etag)
    assert (unchanged.status, unchanged.body, unchanged.headers["ETag"]) == (304, b"", etag)
    head = front.get(path, "HEAD")
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "100000", b"")


def test_a_withdrawal_bites_at_once(front: Front, clip: Clip) -> None:
    path, etag = f"/media/{clip.pk}.mp4", f'"{clip.credential.sha256}"'
    assert front.get(path).status == 200
    take_down(clip)
    for headers in ({}, {"If_None_Match": etag}, {"Range": "bytes=0-9"}):
        gone = front.get(path, **headers)
        assert gone.status == 410
        assert b"withdrawn" in gone.body
    for picture in ("poster.webp", "poster.avif", "poster.jpg", "preview.webp"):
        assert front.get(f"/media/{clip.pk}/{picture}").status == 410


def test_what_is_not_published_has_no_address(front: Front, clip: Clip) -> None:
    sha256 = clip.credential.sha256
    Clip.objects.filter(pk=clip.pk).update(
        visibility=Visibility.DRAFT, published_at=None, publication_ticket=None
    )
    stored = f"{sha256[:2]}/{sha256}"
    assert storage.path_of(sha256).exists()
    for path in (
        *(f"/media/{clip.pk}.mp4", f"/media/{clip.pk}/poster.webp", f"/stored/{stored}"),
        *(f"/media/../stored/{stored}", f"/%73tored/{stored}", f"//stored/{stored}"),
        *(f"/media/{stored}", f"/clips/../{stored}", f"/stored/../{stored}", f"/{stored}"),
    ):
        answer = front.get(path, X_Accel_Redirect=f"/stored/{stored}")
        assert answer.status in {400, 404}, path
        assert FILE[:50] not in answer.body


def test_one_visitor_cannot_fill_the_archive_with_reports(
    live_server: LiveServer, tmp_path: Path
) -> None:
    """Without a file nothing is kept either way, but nginx counts before the site looks."""
    tmp_path.chmod(0o755)
    with nginx(tmp_path, urlsplit(live_server.url).netloc, port := free_port()):
        front = Front("localhost", port)
        said = [front.get(path, "POST") for path in ("/api/v1/verify", "/verify/") * 40]
        assert {answer.status for answer in said[:BURST]} <= {403, 422}
        refused = [answer for answer in said if answer.status == 429]
        assert refused
        assert refused[0].headers["Retry-After"] == "60"
        assert b"send it again in a minute" in refused[0].body
        assert front.get("/verify/").status == 200
        assert front.get("/verify/find/?q=x").status == 404
    assert "127.0.0.1" not in (tmp_path / "errors").read_text()
