"""ada asks, watches, publishes and downloads; a stranger drops the file on the verify page."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import STEPS
from tests.journeys.signing import sign_in
from tests.people import ADA

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROMPT = "a red circle moves left on the blue background"
PATIENCE_MS = 180_000


def ask(page: Page) -> None:
    page.goto("/ask/")
    page.get_by_label("What shall it show?").fill(PROMPT)
    page.get_by_label("Seed").fill("7")
    page.get_by_role("button", name="Ask for this clip").click()


def publish_and_download(page: Page, folder: Path) -> Path:
    page.get_by_role("button", name="Publish it").click()
    expect(page.get_by_text("AI-generated").first).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the clip").click()
    target = folder / "downloaded.mp4"
    waiting.value.save_as(target)
    return target


def drop_on_verify(page: Page, file: Path) -> None:
    page.goto("/verify/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Check it").click()


@pytest.fixture
def published(page: Page, tmp_path: Path) -> Path:
    """A clip of ada's, made and published in the browser, as downloaded."""
    sign_in(page, ADA)
    ask(page)
    expect(page.get_by_text(re.compile(rf"^Step [1-9]\d* of {STEPS}$"))).to_be_visible(
        timeout=PATIENCE_MS
    )
    expect(page.get_by_role("button", name="Publish it")).to_be_visible(timeout=PATIENCE_MS)
    return publish_and_download(page, tmp_path)


def test_a_stranger_reads_who_made_the_clip(published: Path, page: Page) -> None:
    page.context.clear_cookies()
    drop_on_verify(page, published)
    expect(page.get_by_role("heading", level=1)).to_contain_text("intact")
    text = page.locator("main").inner_text()
    assert "Ada" in text
    assert PROMPT in text


def test_one_flipped_byte_changes_the_verdict(published: Path, page: Page, tmp_path: Path) -> None:
    data = bytearray(published.read_bytes())
    data[data.index(b"mdat") + 100] ^= 1
    (tmp_path / "flipped.mp4").write_bytes(data)
    drop_on_verify(page, tmp_path / "flipped.mp4")
    expect(page.get_by_role("heading", level=1)).to_contain_text("changed")


def test_ada_stops_a_clip_that_is_being_rendered(page: Page) -> None:
    sign_in(page, ADA)
    ask(page)
    expect(page.get_by_text(re.compile(r"^Step [1-9]"))).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible(timeout=PATIENCE_MS)


def test_the_whole_way_without_javascript(page_without_scripts: Page, tmp_path: Path) -> None:
    page = page_without_scripts
    sign_in(page, ADA)
    ask(page)
    button = page.get_by_role("button", name="Publish it")
    expect(button).to_be_visible(timeout=PATIENCE_MS)  # the page reloads itself
    file = publish_and_download(page, tmp_path)
    drop_on_verify(page, file)
    expect(page.get_by_role("heading", level=1)).to_contain_text("intact")
