"""eve's first evening: invited, she asks, watches, stops, tries again, publishes, remixes."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.signing import give_authenticator, sign_in
from tests.people import ADA, EVE
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROMPT = "a red circle moves left on the blue background"
PATIENCE_MS = 180_000
LONG, SHORT = "900", "5"
INVITE = (
    "from sora_archive.accounts import invitations as i;"
    "from sora_archive.accounts.models import Role, User;"
    "mo = User.objects.get(username='mo');"
    "print(i.invite(mo, i.Terms(Role.ARTIST, 30, 'Met at the reading.'))[1])"
)


def comes_in(page: Page, archive: Stack) -> None:
    """By a curator's link, with a passkey and no password."""
    token = archive.must("shell", "--no-imports", "-c", INVITE).strip().splitlines()[-1]
    give_authenticator(page)
    page.goto(f"/accounts/invited/{token}/")
    page.get_by_label("Name that the public sees").fill(EVE.pseudonym)
    page.get_by_label("Name to sign in with").fill(EVE.username)
    page.get_by_role("button", name="Make my account").click()
    page.get_by_role("link", name="Make a passkey").click()
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_role("link", name="I have kept them").click()


def ask(page: Page, steps: str, count: str = "1", seed: str = "7") -> None:
    page.goto("/ask/")
    page.get_by_label("What shall it show?").fill(PROMPT)
    page.get_by_label("Title").fill("Evening walk")
    page.get_by_label("Steps").fill(steps)
    page.get_by_label("How many variations").fill(count)
    page.get_by_label("Seed").fill(seed)
    page.get_by_role("button", name="Ask for this clip").click()


def watches(page: Page) -> None:
    """The steps count up without a reload, and a first look appears beside them."""
    expect(page.get_by_text(re.compile(rf"^Step [1-9]\d* of {LONG}$"))).to_be_visible(
        timeout=PATIENCE_MS
    )
    look = page.get_by_role("img", name=re.compile("^A first look"))
    expect(look).to_be_visible(timeout=PATIENCE_MS)
    assert look.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 320


def stops_one_and_tries_it_again(page: Page) -> None:
    """Of two variations that wait, the second is stopped, and asked for anew."""
    ask(page, LONG, count="2")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    rows = page.locator(".queue > li")
    expect(rows).to_have_count(3)
    page.get_by_role("button", name=re.compile(r"^Cancel ?:")).last.click()
    expect(page.locator(".queue > li")).to_have_count(2)
    page.goto("/generations/")
    page.locator("a.work", has_text="Cancelled").first.click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    page.get_by_role("button", name="Try it again").click()
    expect(page.get_by_text("The attempt before it")).to_be_visible()
    page.goto("/queue/")
    page.get_by_role("button", name=re.compile("^Cancel all but this")).first.click()
    expect(page.get_by_text("2 attempts are stopped.")).to_be_visible()


def publishes(page: Page) -> None:
    expect(page.get_by_role("button", name="Publish it")).to_be_visible(timeout=PATIENCE_MS)
    assert page.get_by_role("img", name=re.compile("^A first look")).count() == 0
    page.get_by_role("button", name="Publish it").click()
    expect(page.locator(".work-title")).to_have_text("Evening walk")


def remixes(page: Page) -> None:
    """All of it stands in the form; a field that was changed comes back by itself."""
    page.get_by_role("link", name="Make a remix").click()
    expect(page.get_by_text("A remix of")).to_be_visible()
    page.get_by_label("Seed").fill("99")
    page.get_by_label("Steps").fill(SHORT)
    page.get_by_role("button", name=re.compile(r"^Take over ?: Seed")).click()
    expect(page.get_by_label("Seed")).to_have_value("7")
    expect(page.get_by_label("Steps")).to_have_value(SHORT)
    page.get_by_role("button", name="Ask for this clip").click()
    expect(page.get_by_role("button", name="Publish it")).to_be_visible(timeout=PATIENCE_MS)


def test_eves_first_evening(page: Page, archive: Stack) -> None:
    comes_in(page, archive)
    ask(page, LONG)
    watches(page)
    first = page.url
    stops_one_and_tries_it_again(page)
    page.goto(first)
    publishes(page)
    remixes(page)
    left = archive.rows("SELECT count(*) FROM generation_look")
    assert left == [(0,)], "no first look outlives its attempt"


def test_without_scripts_the_form_changes_and_loses_nothing(page_without_scripts: Page) -> None:
    page = page_without_scripts
    sign_in(page, ADA)
    page.goto("/ask/")
    page.get_by_label("What shall it show?").fill(PROMPT)
    page.get_by_label("Title").fill("Evening walk")
    page.get_by_role("button", name="Shuffle").click()
    expect(page.get_by_label("Seed")).to_have_value(re.compile(r"^\d+$"))
    page.get_by_label("Keep it as a preset").fill("Walks")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("Kept as the preset “Walks”.")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("Evening walk")
    page.get_by_label("Steps").fill(SHORT)
    page.get_by_label("How many variations").press(
        "Enter"
    )  # Enter asks; it presses no other button
    expect(page.get_by_role("button", name="Publish it")).to_be_visible(timeout=PATIENCE_MS)


# What the browser was told, kept by the page itself; and a page that lies behind another one.
LISTENS = """
    window.told = [];
    window.shown = [];
    window.Notification = class extends window.Notification {
      constructor(words) { super(words); told.push(words); this.onshow = () => shown.push(words); }
    };
"""
BEHIND = "Object.defineProperty(document, 'hidden', {get: () => true});"


def waits_for_a_clip(page: Page, steps: str) -> None:
    ask(page, steps)
    expect(page.get_by_role("heading", name=re.compile("^Attempt of"))).to_be_attached()


def test_the_page_says_when_it_is_done_and_the_browser_does_where_it_may(page: Page) -> None:
    page.context.grant_permissions(["notifications"])
    page.add_init_script(LISTENS)
    page.add_init_script(BEHIND)
    sign_in(page, ADA)
    waits_for_a_clip(page, SHORT)
    done = "Done. The clip is ready."
    expect(page.get_by_role("status").filter(has_text=done)).to_be_attached(timeout=PATIENCE_MS)
    expect(page).to_have_title(re.compile(f"^{done}"))
    page.wait_for_function("shown.length")
    assert page.evaluate("told") == [done], "once"
    assert page.get_by_role("button", name="Tell me when it is done").count() == 0


def test_who_reads_the_page_gets_no_note_of_the_browser(page: Page) -> None:
    page.context.grant_permissions(["notifications"])
    page.add_init_script(LISTENS)
    sign_in(page, ADA)
    waits_for_a_clip(page, SHORT)
    expect(page).to_have_title(re.compile("^Done"), timeout=PATIENCE_MS)
    assert page.evaluate("told") == []
