"""Journeys through the gallery in a real browser: finding, framing, and the content policy."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from generation import storage
from generation.models import Clip
from sora_archive.accounts.models import User
from tests.site.hanging import hang

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def hung(ada: User, ben: User) -> Clip:
    """Five clips with posters; the newest is ben's."""
    for number in range(5):
        clip = hang((ada, ben)[number == 4], f"Lantern {number}", minute=number)
        picture = io.BytesIO()
        Image.new("RGB", (256, 256), (40 * number, 90, 160)).save(picture, "WEBP")
        clip.poster_sha256 = storage.keep_bytes(picture.getvalue()).sha256
        clip.save()
    return clip


@pytest.fixture(params=[True, False], ids=["with scripts", "without"])
def visitor(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A visitor who notes what the browser refused."""
    context = chromium.new_context(java_script_enabled=request.param)
    yield context.new_page()
    context.close()


def test_a_visitor_finds_and_narrows(visitor: Page, live_server: LiveServer, hung: Clip) -> None:
    visitor.goto(f"{live_server.url}/")
    visitor.get_by_role("link", name="Find clips by words").click()
    visitor.get_by_label("Find clips by words").fill("lantren")
    visitor.keyboard.press("Enter")
    assert visitor.get_by_role("status").inner_text().startswith("No clip has the words")
    visitor.get_by_role("link", name="Ben", exact=False).first.click()
    assert visitor.locator("cite").all_inner_texts() == ["Lantern 4"]


def test_the_pages_break_no_rule_of_their_policy(
    chromium: Browser, live_server: LiveServer, hung: Clip
) -> None:
    page = chromium.new_page()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text))
    for address in ("/", "/clips/?q=lantern", "/api/v1/", f"/clips/{hung.pk}/"):
        page.goto(f"{live_server.url}{address}")
    data = page.locator('script[type="application/ld+json"]')
    assert data.count() == 1
    assert [said for said in refused if "Content Security Policy" in said] == []
    page.close()


def test_another_site_may_frame_the_player_and_nothing_else(
    chromium: Browser, live_server: LiveServer, hung: Clip
) -> None:
    # Chromium asks its user before a page reaches into the user's own machine.
    page = chromium.new_page(permissions=["local-network-access"])
    clip = f"{live_server.url}/clips/{hung.pk}/"
    frames = f"<iframe src='{clip}embed/'></iframe><iframe src='{clip}'></iframe>"
    # Another host name of this machine is another origin.
    elsewhere = live_server.url.replace("localhost", "127.0.0.1") + "/elsewhere"
    assert not elsewhere.startswith(live_server.url)
    page.route(elsewhere, lambda asked: asked.fulfill(body=frames, content_type="text/html"))
    page.goto(elsewhere)
    mark = page.frame_locator("iframe >> nth=0").locator("a.mark")
    mark.wait_for(state="visible")
    assert "AI-generated" in mark.inner_text()
    other = page.frame_locator("iframe >> nth=1")
    other.locator("body").wait_for(state="attached")
    assert other.locator("video, .exhibit").count() == 0
    page.close()


@pytest.mark.parametrize("where", ["/", "/clips/{clip}/", "/clips/{clip}/embed/"])
def test_a_title_without_a_space_stays_on_a_phones_page(
    chromium: Browser, live_server: LiveServer, ada: User, where: str
) -> None:
    clip = hang(ada, "Überraschung" * 12)
    page = chromium.new_page(viewport={"width": 360, "height": 740})
    page.goto(live_server.url + where.format(clip=clip.pk))
    assert page.get_by_text(clip.title).first.is_visible()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    page.close()
