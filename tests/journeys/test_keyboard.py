"""Journeys without a mouse, without scripts, without motion."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from generation import encode, storage
from generation.models import Clip
from sora_archive.accounts.models import User
from sora_archive.gallery.wall import WORKS_A_PAGE
from tests.site.hanging import hang

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MANY = 3 * WORKS_A_PAGE


@pytest.fixture
def wall(ada: User) -> list[Clip]:
    """Three pages of clips that share one picture and one preview."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), (40, 90, 160)).save(picture, "WEBP")
    poster = storage.keep_bytes(picture.getvalue()).sha256
    frames = np.arange(4 * 64 * 64 * 3, dtype=np.uint8).reshape(4, 64, 64, 3)
    preview = storage.keep_bytes(encode.preview(frames, 8)).sha256
    clips = [hang(ada, f"Lantern {number}", minute=number) for number in range(MANY)]
    Clip.objects.update(poster_sha256=poster, preview_sha256=preview, width=64, height=64)
    return clips


@pytest.fixture
def context(chromium: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    opened = chromium.new_context(base_url=live_server.url)
    yield opened
    opened.close()


def press_until(page: Page, key: str, selector: str, most: int = 60) -> None:
    """Press a key until what has the focus fits; everything on the way must be seen to have it."""
    for _ in range(most):
        page.keyboard.press(key)
        focused = page.locator(":focus")
        if focused.count() and focused.evaluate(f"each => each.matches({selector!r})"):
            outline = focused.evaluate(
                "each => [each, ...each.querySelectorAll('*')].some("
                "part => getComputedStyle(part).outlineStyle !== 'none')"
            )
            assert outline, f"nobody sees that {selector} has the focus"
            return
    raise AssertionError(f"{selector} cannot be reached by {key}")


def test_with_the_keyboard_alone_from_the_wall_to_the_evidence(
    context: BrowserContext, wall: list[Clip]
) -> None:
    page = context.new_page()
    page.goto("/")
    press_until(page, "Tab", "a.skip", 1)
    page.keyboard.press("Enter")
    press_until(page, "Tab", "a.work")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clips/*/")
    press_until(page, "Tab", "a.mark")
    page.keyboard.press("Enter")
    assert page.url.endswith("#evidence")
    expect(page.locator("#evidence")).to_be_in_viewport()
    press_until(page, "Tab", "summary")
    page.keyboard.press("Enter")
    expect(page.locator("details").first).to_have_attribute("open", "")


def test_a_search_and_a_facet_with_the_keyboard_alone(
    context: BrowserContext, wall: list[Clip]
) -> None:
    page = context.new_page()
    page.goto("/clips/")
    press_until(page, "Tab", "#q")
    page.keyboard.type("lantren 7")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clips/?q=*")
    press_until(page, "Tab", ".facets a")
    page.keyboard.press("Enter")
    page.wait_for_url("**artist=Ada**")
    assert page.locator("cite").all_inner_texts() == ["Lantern 7"]


def test_without_scripts_the_links_lead_through_the_whole_wall(
    chromium: Browser, live_server: LiveServer, wall: list[Clip]
) -> None:
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page, seen = context.new_page(), list[str]()
    page.goto("/")
    while True:
        seen += page.locator("cite").all_inner_texts()
        following = page.locator("a[rel=next]")
        if not following.count():
            break
        following.click()
    context.close()
    assert seen == [clip.title for clip in reversed(wall)]


def test_with_scripts_the_wall_continues_and_its_foot_can_be_reached(
    context: BrowserContext, wall: list[Clip]
) -> None:
    page = context.new_page()
    page.goto("/")
    for works in (2 * WORKS_A_PAGE, MANY):
        page.locator("a[rel=next]").scroll_into_view_if_needed()
        expect(page.locator(".wall > li")).to_have_count(works)
    expect(page.locator("a[rel=next]")).to_have_count(0)
    assert page.locator("cite").all_inner_texts() == [clip.title for clip in reversed(wall)]
    page.locator("footer a").first.scroll_into_view_if_needed()
    expect(page.locator("footer a").first).to_be_in_viewport()


@pytest.mark.parametrize("who", ["anybody", "whose device wants calm", "who chose it here"])
def test_a_preview_moves_on_focus_and_never_where_motion_is_unwelcome(
    chromium: Browser, live_server: LiveServer, wall: list[Clip], who: str
) -> None:
    calm = who == "whose device wants calm"
    context = chromium.new_context(
        base_url=live_server.url, reduced_motion="reduce" if calm else "no-preference"
    )
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    if who == "who chose it here":
        page.goto("/preferences/")
        page.get_by_label("Nothing moves by itself").check()
        page.get_by_role("button", name="Keep this").click()
        assert [cookie["name"] for cookie in context.cookies()].count("preferences") == 1
    page.goto("/")
    page.locator("a.work").first.focus()
    page.locator("a.work").nth(1).hover()
    moving = page.locator("a.work .moving")
    if who == "anybody":
        expect(moving).to_have_count(2)
        page.locator("a.work").nth(2).focus()
        page.mouse.move(0, 0)
        expect(moving).to_have_count(1)
    else:
        page.wait_for_load_state("networkidle")
        assert moving.count() == 0
        assert not [each for each in asked if "preview" in each]
    context.close()
