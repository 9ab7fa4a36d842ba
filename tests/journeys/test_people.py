"""Journeys of people: making a passkey, signing in with it, and a curator's two steps."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from sora_archive.accounts.models import User
from tests.journeys.signing import give_authenticator, sign_in, sign_in_as_curator
from tests.people import ADA, MO

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def visitor(chromium: Browser, live_server: LiveServer, settings: LazySettings) -> Iterator[Page]:
    """A visitor with scripts, who notes what the browser refused."""
    settings.SITE_URL = live_server.url
    context = chromium.new_context(base_url=live_server.url)
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


def test_ada_makes_a_passkey_and_signs_in_with_it(visitor: Page, ada: User) -> None:
    give_authenticator(visitor)
    sign_in(visitor, ADA)
    visitor.get_by_role("link", name="Account").click()
    visitor.get_by_role("link", name="Make a passkey").click()
    visitor.get_by_label("Password").fill(ADA.password)
    visitor.get_by_role("button", name="Go on").click()
    visitor.get_by_label("Name of the passkey").fill("Kitchen phone")
    visitor.get_by_role("button", name="Make the passkey").click()
    expect(visitor.get_by_role("heading", name="Recovery codes")).to_be_visible()
    visitor.get_by_role("button", name="Sign out").click()
    visitor.goto("/accounts/login/?next=/accounts/passkeys/")
    visitor.get_by_role("button", name="Use a passkey").click()
    expect(visitor.get_by_text("Kitchen phone")).to_be_visible()
    visitor.get_by_role("button", name="Sign out").click()
    sign_in(visitor, ADA)
    expect(visitor.get_by_role("heading", name="The second step")).to_be_visible()
    visitor.get_by_role("button", name="Use a passkey").click()
    expect(visitor.get_by_role("heading", name="Ask for a clip")).to_be_visible()


def test_a_passkey_that_is_not_there_is_said_in_words(visitor: Page, ada: User) -> None:
    give_authenticator(visitor)
    visitor.goto("/accounts/login/")
    visitor.get_by_role("button", name="Use a passkey").click()
    expect(visitor.get_by_role("alert")).to_contain_text("No key was used")


def test_mo_is_led_through_two_steps(visitor: Page, mo: User) -> None:
    secret = sign_in_as_curator(visitor, MO)
    visitor.goto("/statement/draft/")
    expect(visitor.get_by_role("heading", name="The draft of the statement")).to_be_visible()
    assert len(secret) == 32
