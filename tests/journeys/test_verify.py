"""A newsroom at the verify page: files are dropped, words read, a report quoted and removed."""

import base64
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from provenance import offline
from provenance.core.wording import BYTES, QUESTIONS, STATES
from provenance.verify.models import Report
from tests.assets import broken
from tests.journeys.axe import faults
from tests.provenance import shelf as shelves
from tests.provenance.conftest import archive_of_the_shelf, shelf
from tests.provenance.shelf import ASSETS, EMPTY, FLOOD, Asset, Shelf

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["archive_of_the_shelf", "shelf"]

# What a hand does that drags a file from a folder onto the page.
DROP = """
([zone, name, data]) => {
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, {type: "video/mp4"}));
  const moved = {dataTransfer: transfer, bubbles: true, cancelable: true};
  for (const kind of ["dragenter", "dragover", "drop"]) {
    zone.dispatchEvent(new DragEvent(kind, moved));
  }
}
"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
Visitor = Callable[..., Page]


@pytest.fixture
def newsroom(
    transactional_db: None, live_server: LiveServer, archive_of_the_shelf: Shelf, settings: Settings
) -> str:
    """The address of a site that checks on behalf of the shelf's archive."""
    settings.SITE_URL = live_server.url
    settings.VERIFY_CPU_SECONDS = 2
    for each in ASSETS:
        archive_of_the_shelf.get(each)
    archive_of_the_shelf.fill_ledger()
    return str(live_server.url)


@pytest.fixture
def visitor(chromium: Browser, newsroom: str) -> Iterator[Visitor]:
    """Opens windows of visitors; at the end none may have complained."""
    problems: list[str] = []
    contexts = []

    def opened(**options: object) -> Page:
        context = chromium.new_context(base_url=newsroom, accept_downloads=True, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: _note(message.type, message.text, problems))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def _note(kind: str, text: str, problems: list[str]) -> None:
    if kind == "error" and "Failed to load resource" not in text:  # a 422 is one
        problems.append(text)


def drop(page: Page, asset: Asset, data: bytes) -> None:
    """Drag a file onto the page and send it."""
    page.goto("/verify/")
    zone = page.locator(".drop").element_handle()
    page.evaluate(DROP, [zone, f"{asset.name}.mp4", base64.b64encode(data).decode()])
    page.get_by_role("button", name="Check it").click()
    page.wait_for_load_state()


def test_each_named_file_is_dropped_and_its_words_are_read(shelf: Shelf, visitor: Visitor) -> None:
    page, wrong = visitor(), []
    for asset in (*ASSETS, FLOOD):
        drop(page, asset, shelf.get(asset))
        heading = page.get_by_role("heading", level=1).inner_text()
        text = page.locator("main").inner_text()
        asked = page.locator(".answer .asked").all_inner_texts()
        said = page.locator(".answer .said").all_inner_texts()
        told = asset.state == "revoked" or said[0] == BYTES[asset.state][0]
        if not (heading == STATES[asset.state][1] and asset.words in text and told):
            wrong.append((asset.name, heading, said))
        assert asked == list(QUESTIONS), asset.name
    assert wrong == []


def test_an_empty_file_and_none_are_told_apart(visitor: Visitor) -> None:
    page = visitor()
    drop(page, EMPTY, b"")
    expect(page.get_by_role("alert")).to_contain_text(EMPTY.words)
    page.goto("/verify/")
    page.evaluate("document.querySelector('input[type=file]').removeAttribute('required')")
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a file to check.")


def test_a_file_that_is_too_large_is_told_so(
    shelf: Shelf, visitor: Visitor, settings: Settings
) -> None:
    settings.VERIFY_MAX_BYTES = len(shelf.clip.data) - 1
    page = visitor()
    drop(page, shelves.asset("ours_intact"), shelf.clip.data)
    expect(page.get_by_role("alert")).to_contain_text("This file is too large")
    assert not Report.objects.exists()


def test_a_clip_cut_off_anywhere_is_told_so(shelf: Shelf, visitor: Visitor) -> None:
    """In its head, its credential, its index and its pictures, and between two of these."""
    data, page, told = shelf.clip.data, visitor(), []
    parts = {kind: (start, end) for kind, start, end in broken.boxes(data)}
    credential, index, media = (parts[kind][1] for kind in (b"uuid", b"moov", b"mdat"))
    # What ends within credential or index cannot be read any more; pictures can be missed.
    within = [9, 100, credential // 2, credential - 1, credential + 50, index - 1]
    beyond = [credential, index, index + 1, index + 9, (index + media) // 2, media - 1]
    for end in (*within, *beyond):
        drop(page, shelves.asset("cut_off"), data[:end])
        told.append(page.get_by_role("heading", level=1).inner_text())
    assert told == [
        *[STATES["malformed"][1]] * len(within), *[STATES["cut_off"][1]] * len(beyond)
    ]  # fmt: skip


def test_without_javascript_and_by_keyboard_alone(shelf: Shelf, visitor: Visitor) -> None:
    page = visitor(java_script_enabled=False)
    page.goto("/verify/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    field = page.locator("input[type=file]")
    field.focus()
    field.set_input_files({"name": "clip.mp4", "mimeType": "video/mp4", "buffer": shelf.clip.data})
    page.keyboard.press("Tab")
    expect(page.get_by_label("Leave the file with the report")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(STATES["intact"][1])
    expect(page.get_by_text("Whoever brought the file left it with the report")).to_be_visible()


def test_a_report_is_quoted_printed_bundled_and_removed(
    shelf: Shelf, visitor: Visitor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maker, reader = visitor(), visitor()
    drop(maker, shelves.asset("ours_intact"), shelf.clip.data)
    address = maker.locator("a.address").get_attribute("href") or ""
    removal = maker.get_by_role("link", name="removes this report").get_attribute("href") or ""

    reader.goto(address)
    expect(reader.get_by_role("heading", level=1)).to_have_text(STATES["intact"][1])
    assert reader.get_by_role("link", name="removes this report").count() == 0
    assert reader.request.get(f"{address.rstrip('/')}.json").json()["verdict"] == "intact"

    with reader.expect_download() as waiting:
        reader.get_by_role("link", name="Evidence in one file").click()
    bundle = tmp_path / "bundle.zip"
    waiting.value.save_as(bundle)
    assert {"clip.mp4", "manifest.c2pa", "trust.json"} <= set(zipfile.ZipFile(bundle).namelist())
    assert offline.main([str(bundle), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bundle"]["differs"] == []

    reader.get_by_role("link", name="For paper").click()
    expect(reader.get_by_role("navigation")).to_be_hidden()
    assert Report.objects.count() == 1

    maker.goto(removal)
    maker.get_by_role("button", name="Remove it").click()
    expect(maker.get_by_role("heading", level=1)).to_have_text("Removed")
    assert not Report.objects.exists()
    assert reader.goto(address).status == 404  # type: ignore[union-attr]
    expect(reader.get_by_text("There is no such report")).to_be_visible()


def test_a_clips_own_page_leads_to_a_check_of_it(shelf: Shelf, visitor: Visitor) -> None:
    page = visitor()
    row = shelf.rows[0]
    page.goto("/verify/")
    page.get_by_label("Or ask the ledger by a name").fill(row.sha256)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("issued a file under this name")
    page.get_by_role("button", name="Check the archive's own copy now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(STATES["intact"][1])
    expect(page.get_by_text("The archive's own copy of this clip")).to_be_visible()


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_a_check_scrolls_sideways(
    shelf: Shelf, visitor: Visitor, width: int, scheme: str
) -> None:
    page = visitor(viewport={"width": width, "height": 800}, color_scheme=scheme)
    for name in ("ours_intact", "tampered_grandparent", "media_changed", "text"):
        asset = shelves.asset(name)
        drop(page, asset, shelf.get(asset))
        assert page.evaluate(SIDEWAYS) == 0, name
        page.goto(page.locator("a.address").get_attribute("href") or "")
        assert page.evaluate(SIDEWAYS) == 0, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page_of_a_check(
    shelf: Shelf, visitor: Visitor, settings: Settings, scheme: str
) -> None:
    page = visitor(color_scheme=scheme)
    page.goto("/verify/")
    found = faults(page)
    drop(page, EMPTY, b"")
    found += faults(page)
    for name in (
        "ours_intact", "ours_redacted", "media_changed", "manifest_changed", "stripped", "text",
        "tampered_grandparent", "made_from_ours_by_a_listed_signer", "revoked_key_before_the_clip",
    ):  # fmt: skip
        drop(page, shelves.asset(name), shelf.get(shelves.asset(name)))
        unfold(page)
        found += faults(page)
        address = page.locator("a.address").get_attribute("href") or ""
        removal = page.get_by_role("link", name="removes this report").get_attribute("href") or ""
        for way in (address, f"{address}?print=1"):
            page.goto(way)
            unfold(page)
            found += faults(page)
    settings.VERSION = "99"  # the check has changed since, and says so
    page.goto(address)
    expect(page.get_by_text("Our check has changed since.")).to_be_visible()
    found += faults(page)
    page.goto(removal)
    found += faults(page)
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Removed")
    found += faults(page)
    for way in (address, "/verify/find/?q=nothing", f"/verify/find/?q={shelf.rows[0].sha256}"):
        page.goto(way)
        found += faults(page)
    assert found == []


def unfold(page: Page) -> None:
    """Open whatever can be opened: what is folded away nobody judges."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
