"""What holds for every page: nothing foreign, no inline code, usable without eyes or mouse."""

import gzip
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template.loader import get_template
from django.templatetags.static import static
from django.test import Client

from generation import storage
from sora_archive.accounts.models import User
from tests.site.hanging import hang

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
STATIC = settings.BASE_DIR / "sora_archive" / "static" / "site"
GALLERY_BYTES, GALLERY_REQUESTS = 60_000, 8
BROWSER = {"Accept-Encoding": "gzip, deflate, br"}
READABLE = 4.5  # WCAG 2.2, success criterion 1.4.3


def named(path: Path) -> str:
    return path.relative_to(settings.BASE_DIR / "templates").as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_is_well_formed_and_names_files_that_exist(path: Path) -> None:
    get_template(named(path))
    for name in re.findall(r"""{% static ['"]([^'"]+)['"]""", path.read_text()):
        assert finders.find(name), f"{name} does not exist"


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_holds_nothing_that_the_content_policy_forbids(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text), "an inline style"
    assert not re.search(r"\son[a-z]+\s*=", text), "an inline handler"
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "an inline script"
    assert "<style" not in text
    assert not re.search("[✓✔✅✗✘❌🔴🟢🟡]", text), "a sign where words are wanted"
    assert "|safe" not in text


@pytest.mark.parametrize(
    "path", [*STATIC.rglob("*.css"), *STATIC.rglob("*.js"), *TEMPLATES], ids=str
)
def test_no_file_of_ours_asks_another_host(path: Path) -> None:
    assert not re.search(r"(?:https?:)?//[a-z0-9]", path.read_text(), re.IGNORECASE)


class Outline(HTMLParser):
    """What a screen reader finds its way by: headings, landmarks, labels, ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if identity := found.get("id"):
            self.ids.append(identity)
        if tag == "label" and (target := found.get("for")):
            self.labelled.add(target)
        if tag in {"input", "textarea", "select"} and found.get("type") not in {"hidden", "radio"}:
            self.fields.append(found)


def pages(client: Client, as_ada: Client, ada: User) -> Iterator[tuple[str, str]]:
    clip = hang(ada)
    call_command("loadrecord", verbosity=0, stdout=StringIO())
    for address in (
        *("/", "/clips/", f"/clips/{clip.id}/", "/api/v1/", "/statement/", "/verify/", "/x"),
        *("/accounts/login/", "/record/", "/record/sides/", "/record/search/"),
        *("/record/search/?q=petition", "/record/facts/artists-16/", "/record/facts/turbo/"),
        "/record/documents/open-letter/",
    ):
        yield address, client.get(address).content.decode()
    for address in (
        *("/ask/", "/generations/", clip.generation.get_absolute_url(), "/accounts/"),
        *(
            "/accounts/factors/",
            "/accounts/passkeys/",
            "/accounts/sessions/",
            "/accounts/password/",
        ),
        *("/accounts/reauthenticate/", "/accounts/logout/"),
    ):
        yield address, as_ada.get(address).content.decode()
    yield (
        "a bad request of ada's",
        as_ada.post("/ask/", {"prompt": "", "seed": "x"}).content.decode(),
    )


def test_every_page_can_be_found_through_without_eyes(
    client: Client, as_ada: Client, ada: User
) -> None:
    for address, page in pages(client, as_ada, ada):
        outline = Outline(page)
        assert outline.headings.count(1) == 1, address
        steps = zip(outline.headings, outline.headings[1:], strict=False)
        assert all(after <= before + 1 for before, after in steps), address
        assert len(outline.ids) == len(set(outline.ids)), address
        assert {"header", "nav", "main", "footer"} <= set(outline.tags), address
        for field in outline.fields:
            assert field["id"] in outline.labelled, (address, field)
        assert '<html lang="en">' in page
        assert 'href="#main"' in page
        assert re.search(r"<title>[^<]+ - Sora Archive</title>", page), address


def test_reading_sets_no_cookie(client: Client, ada: User) -> None:
    clip = hang(ada)
    for address in ("/", f"/clips/{clip.id}/", "/statement/", "/log/", "/nothing-here"):
        assert not client.get(address).cookies, address


def test_pages_come_with_the_strict_policy(client: Client, db: None) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_an_unknown_address_is_answered_in_words_and_not_repeated(client: Client, db: None) -> None:
    response = client.get("/no-such-page-<b>")
    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()
    assert "no-such-page" not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/nowhere/", "/statement/versions/99/"])
def test_nothing_here_is_said_in_words_and_not_in_those_of_the_program(
    client: Client, address: str
) -> None:
    answer = client.get(address)
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "No clip, log entry or page of this archive has this address." in page
    assert "Resolver404" not in page
    assert "matches the given query" not in page


def test_a_form_without_its_token_is_answered_in_words(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/accounts/login/", {"login": "ada", "password": "x"})
    assert response.status_code == 403
    assert "The form was too old to send" in response.content.decode()


def test_a_wrong_password_is_answered_in_words(client: Client, ada: User) -> None:
    response = client.post("/accounts/login/", {"login": "ada", "password": "wrong"})
    assert "do not belong together" in response.content.decode()


@pytest.mark.parametrize(
    "name", ["400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html"]
)
def test_an_error_page_needs_nothing_but_itself(name: str) -> None:
    """Where something broke, neither the database nor the context processors may be needed."""
    page = get_template(name).render({})
    assert Outline(page).headings == [1]
    assert "Sora Archive" in page


def test_the_gallery_is_light(client: Client, ada: User) -> None:
    for minute in range(25):
        hang(ada, f"Clip {minute}", minute=minute)
    answer = client.get("/", headers=BROWSER)
    assert answer["Content-Encoding"] == "gzip"
    page = gzip.decompress(answer.content)
    linked = re.findall(rb'(?:href|src)="/static/([^"]+)"', page)
    names = {re.sub(r"\.[0-9a-f]{12}\.", ".", name.decode()) for name in linked}
    fonts = {f"site/fonts/crimson-pro-latin-400-{style}.woff2" for style in ("normal", "italic")}
    sent = [client.get(static(name), headers=BROWSER) for name in sorted(names | fonts)]
    assert len(sent) + 1 <= GALLERY_REQUESTS
    weight = len(answer.content) + sum(len(file.getvalue()) for file in sent)
    assert weight <= GALLERY_BYTES


def test_what_is_written_in_words_is_sent_compressed_and_clips_are_not(
    client: Client, ada: User
) -> None:
    clip = hang(ada)
    clip.credential.sha256 = storage.keep_bytes(b"video" * 200).sha256
    clip.credential.save()
    for address in (
        "/clips/feed.atom",
        "/api/v1/clips",
        "/sitemap/pages.xml",
        f"/clips/{clip.pk}/",
    ):
        plain, sent = client.get(address), client.get(address, headers=BROWSER)
        assert sent["Content-Encoding"] == "gzip", address
        assert gzip.decompress(sent.content) == plain.content
        assert "Accept-Encoding" in plain["Vary"]
    etag = client.get("/api/v1/clips", headers=BROWSER)["ETag"]
    assert client.get("/api/v1/clips", headers={"If-None-Match": etag}).status_code == 304
    part = client.get(f"/media/{clip.pk}.mp4", headers=BROWSER | {"Range": "bytes=0-9"})
    assert (part.status_code, part.getvalue()) == (206, b"videovideo")
    assert "Content-Encoding" not in client.get(f"/media/{clip.pk}.mp4", headers=BROWSER)


def tokens(scheme: str) -> dict[str, str]:
    """The colours of the light or the dark scheme, by name."""
    sheets = (STATIC / "css" / "base.css").read_text().split("@media (prefers-color-scheme: dark)")
    return dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", sheets[scheme == "dark"]))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "mat"])
@pytest.mark.parametrize("ink", ["ink", "soft", "alarm"])
def test_every_ink_can_be_read_on_every_ground(scheme: str, ground: str, ink: str) -> None:
    colours = tokens(scheme)
    assert contrast(colours[ink], colours[ground]) >= READABLE
