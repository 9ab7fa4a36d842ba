"""Signing in through the pages, as people do it, with a key that Chromium pretends to have."""

from playwright.sync_api import CDPSession, Page, expect

from tests.people import Person
from tests.signing_in import code

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def give_authenticator(page: Page) -> CDPSession:
    """A virtual authenticator that keeps passkeys and says yes by itself."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return devtools


def sign_in(page: Page, person: Person) -> None:
    """Name and password."""
    page.goto("/accounts/login/")
    page.get_by_label("Name").fill(person.username)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()


def set_up_app(page: Page, person: Person) -> str:
    """Sets up an authenticator app on the page that curators are led to; its secret."""
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Go on").click()
    secret = page.locator(".hash").inner_text()
    page.get_by_label("The code the app shows").fill(code(secret))
    page.get_by_role("button", name="Use this app").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    return secret


def sign_in_as_curator(page: Page, person: Person, secret: str = "") -> str:
    """Signs in with two steps; the first time sets up the app. Returns the app's secret."""
    sign_in(page, person)
    if secret:
        page.get_by_label("Code").fill(code(secret))
        page.get_by_role("button", name="Sign in").click()
    else:
        secret = set_up_app(page, person)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return secret
