"""The journey of a signature in a real browser, with scripts and without, and axe on every page."""

import re
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from sora_archive.accounts.models import User
from sora_archive.record.models import Source as RecordSource
from sora_archive.statement import invalidating, limits, translating
from sora_archive.statement.invalidating import Criteria
from sora_archive.statement.models import Reason, Signature, Source, Tier, Version
from tests.journeys.judging import violations
from tests.journeys.signing import sign_in_as_curator
from tests.people import MO
from tests.site.signatories import FORM, Log, last_links, make_version, signed, started_log

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=[True, False], ids=["with scripts", "without"])
def visitor(
    chromium: Browser, request: pytest.FixtureRequest, live_server: LiveServer, settings: Settings
) -> Iterator[Page]:
    """A visitor who notes what the browser refused."""
    settings.SITE_URL = live_server.url
    context = chromium.new_context(java_script_enabled=request.param, base_url=live_server.url)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda said: problems.append(said.text) if "Security Policy" in said.text else None,
    )
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def log(transactional_db: None, tmp_path: Path) -> Log:
    return started_log(tmp_path)


@pytest.fixture
def version(log: Log) -> Version:
    return make_version(log)


def figure(page: Page) -> str:
    return page.locator(".sum .figure").first.inner_text()


def test_read_sign_open_the_mail_confirm_be_counted_take_it_back(
    visitor: Page, version: Version, log: Log
) -> None:
    page = visitor
    page.goto("/")
    page.get_by_role("link", name="Statement", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Our words")
    assert figure(page) == "0"
    page.get_by_role("link", name="Sign it").click()
    page.get_by_label("Your name, as it shall appear").fill(FORM["name"])
    page.get_by_label("E-mail address").fill(FORM["email"])
    page.get_by_label("Artist", exact=True).check()
    page.get_by_label("What you do").fill("painter")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    page.goto(last_links()["confirm"])
    expect(page.get_by_role("heading", level=1)).to_have_text("One button is left")
    expect(page.get_by_text(FORM["name"])).to_be_visible()
    page.get_by_role("button", name="Sign the statement").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have signed")
    assert figure(page) == "1"
    log.take_up()
    page.get_by_role("link", name="Who has signed").click()
    expect(page.get_by_text(FORM["name"])).to_be_visible()
    page.get_by_role("link", name="Count them anew from the log").click()
    expect(page.get_by_role("row", name="Version 1")).to_have_text(
        re.compile(r"Version 1\s*1\s*1\s*Yes")
    )
    page.goto(last_links()["mine"])
    page.get_by_role("button", name="Take my signature back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have taken it back")
    log.take_up()
    page.goto("/statement/count/")
    expect(page.get_by_role("row", name="Version 1")).to_have_text(
        re.compile(r"Version 1\s*0\s*0\s*Yes")
    )
    page.goto("/statement/versions/1/signatures/")
    expect(page.get_by_text("Nobody is listed yet.")).to_be_visible()


def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(
    visitor: Page, version: Version
) -> None:
    page = visitor
    page.goto("/statement/sign/")
    page.get_by_label("Your name, as it shall appear").fill("A\u200bda")
    page.get_by_label("E-mail address").fill("ada@archive.example")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("alert")).to_contain_text("U+200B cannot be seen")
    expect(page.get_by_label("E-mail address")).to_have_value("ada@archive.example")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Your name, as it shall appear")).to_be_focused()


@pytest.fixture
def sights(
    version: Version, log: Log, mo: User, live_server: LiveServer, settings: Settings
) -> dict[str, str]:
    """Every page of the statement with something on it, by name."""
    settings.SITE_URL = live_server.url
    call_command("loadrecord", verbosity=0, stdout=StringIO())
    for number, tier in enumerate((Tier.PROGRAMME, Tier.ARTIST, Tier.SUPPORTER, Tier.SUPPORTER)):
        signed(version, number, tier=tier, role="painter", place="Lisbon")
    log.take_up()
    translating.translate(version, "de", "# Unsere Worte\n\nWir bitten um Lohn.\n", mo.pk)
    why = (Reason.AUTOMATED, "One program made them.")
    made = invalidating.invalidate(Criteria(1, name="No 3"), 1, why, mo.pk)
    limits.admit("192.0.2.0/24", "ada@archive.example")
    Source.objects.update(refused=3)
    signature, source = Signature.objects.get(name="Somebody No 0"), Source.objects.first()
    assert source
    return {
        "statement": "/statement/", "sign": "/statement/sign/", "sent": "/statement/sign/sent/",
        "own": last_links()["mine"], "bad link": "/statement/mine/x/",
        "names": "/statement/versions/1/signatures/", "count": "/statement/count/",
        "translation": "/statement/versions/1/de/", "versions": "/statement/versions/",
        "embed": "/statement/embed/", "privacy": "/privacy/", "terms": "/terms/",
        "contact": "/contact/", "record": "/record/", "fact": "/record/facts/artists-16/",
        "sides": "/record/sides/", "source": source_page(), "search": "/record/search/?q=petition",
        "curate": "/statement/curate/", "find": "/statement/curate/signatures/",
        "one": signature.get_absolute_url(), "from": f"/statement/curate/sources/{source.pk}/",
        "choose": "/statement/curate/invalidate/?version=1&name=no",
        "undo": f"/statement/curate/invalidations/{made.pk}/undo/",
        "translate": "/statement/translate/", "draft": "/statement/draft/",
    }  # fmt: skip


def source_page() -> str:
    source = RecordSource.objects.first()
    assert source
    return f"/record/sources/{source.pk}/"


@pytest.fixture
def curator(
    chromium: Browser, live_server: LiveServer, mo: User, settings: Settings
) -> Iterator[Callable[[str, int], Page]]:
    """Opens windows in which mo has signed in, in a colour scheme and at a width."""
    settings.SITE_URL = live_server.url
    first = chromium.new_context(base_url=live_server.url)
    sign_in_as_curator(first.new_page(), MO)
    state = first.storage_state()
    first.close()
    opened = []

    def window(scheme: str, width: int) -> Page:
        context = chromium.new_context(
            base_url=live_server.url, storage_state=state, reduced_motion="reduce",
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 900},
        )  # fmt: skip
        opened.append(context)
        return context.new_page()

    yield window
    for context in opened:
        context.close()


def test_axe_finds_nothing_on_any_page(
    curator: Callable[[str, int], Page], sights: dict[str, str]
) -> None:
    found = []
    for scheme, width in (("light", 1440), ("dark", 360)):
        page = curator(scheme, width)
        for path in sights.values():
            page.goto(path)
            found += violations(page)
            wide = page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
            if wide:
                found.append(f"{path} scrolls sideways at {width}")
    assert found == []


def test_another_site_may_frame_the_count(
    chromium: Browser, live_server: LiveServer, sights: dict[str, str]
) -> None:
    # Chromium asks its user before a page reaches into the user's own machine.
    page = chromium.new_page(permissions=["local-network-access"])
    elsewhere = live_server.url.replace("localhost", "127.0.0.1") + "/elsewhere"
    body = f"<iframe src='{live_server.url}/statement/embed/'></iframe>"
    page.route(elsewhere, lambda asked: asked.fulfill(body=body, content_type="text/html"))
    page.goto(elsewhere)
    expect(page.frame_locator("iframe").locator(".figure")).to_have_text("3")
    page.close()
