"""Journeys of people: making a passkey, signing in with it, and a curator's two steps."""

import json
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer
from webauthn.helpers.exceptions import InvalidAuthenticationResponse

from generation.models import Generation
from provenance.core import signatures
from provenance.log.models import Opening, Pending
from sora_archive.accounts import invitations, keys
from sora_archive.accounts.invitations import Terms
from sora_archive.accounts.models import Role, User
from tests.core.signers import soft_passkey, verify_with_another_library
from tests.journeys import axe
from tests.journeys.signing import give_authenticator, sign_in, sign_in_as_curator
from tests.people import ADA, EVE, MO
from tests.signing_in import give_passkey, signed_in

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


def test_eve_is_invited_makes_a_passkey_and_signs_what_she_asks_for(
    visitor: Page, mo: User, live_server: LiveServer
) -> None:
    _made, token = invitations.invite(mo, Terms(Role.ARTIST, 5, "Met at the reading."))
    give_authenticator(visitor)
    visitor.goto(f"/accounts/invited/{token}/")
    visitor.get_by_label("Name that the public sees").fill(EVE.pseudonym)
    visitor.get_by_label("Name to sign in with").fill(EVE.username)
    visitor.get_by_role("button", name="Make my account").click()
    expect(visitor.get_by_text("no way to come back yet")).to_be_visible()
    visitor.get_by_role("link", name="Make a passkey").click()
    visitor.get_by_role("button", name="Make the passkey").click()
    visitor.get_by_role("link", name="I have kept them").click()
    visitor.get_by_role("button", name="Sign out").click()
    visitor.goto("/accounts/login/?next=/ask/")
    visitor.get_by_role("button", name="Use a passkey").click()
    visitor.get_by_label("What shall it show?").fill("a red circle")
    visitor.get_by_role("button", name="Sign it with a passkey first").click()
    expect(visitor.get_by_role("heading", name="Sign your request")).to_be_visible()
    visitor.get_by_role("button", name="Sign it and ask").click()
    expect(visitor.get_by_role("heading", name="Signed by you")).to_be_visible()
    _both_libraries_believe(Generation.objects.get(), live_server.url)
    visitor.get_by_role("link", name="Account").click()
    visitor.get_by_role("link", name="See them", exact=True).click()
    visitor.get_by_role("link", name="What it signed").click()
    expect(visitor.get_by_role("link", name="a red circle")).to_be_visible()


def _both_libraries_believe(generation: Generation, origin: str) -> None:
    """What Chromium's authenticator signed, held against the entry by fido2 and by py_webauthn."""
    entry = bytes(Pending.objects.get(ticket=generation.attempt_ticket).data)
    opened = json.loads(Opening.objects.get(ticket=generation.signature.ticket).value)
    signature = signatures.parse(opened)
    signatures.check(signature, entry)
    verified = verify_with_another_library(signature, entry, origin)
    assert verified.user_verified
    with pytest.raises(InvalidAuthenticationResponse):
        verify_with_another_library(signature, entry + b" ", origin)


def test_asking_unsigned_needs_no_script(
    chromium: Browser, live_server: LiveServer, settings: LazySettings, ada: User
) -> None:
    settings.SITE_URL = live_server.url
    keys.enrol(ada, give_passkey(ada, soft_passkey()))
    cookie = signed_in(ada).cookies["sessionid"].value
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto("/ask/?prompt=a+red+circle")
    page.get_by_role("button", name="Sign it with a passkey first").click()
    expect(page.locator("noscript")).to_be_visible()
    expect(page.get_by_role("button", name="Sign it and ask")).to_have_count(0)
    page.get_by_role("button", name="Ask without a signature").click()
    expect(page.get_by_text("You asked for")).to_be_visible()
    context.close()


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


def test_axe_finds_nothing_on_the_pages_of_people(visitor: Page, ada: User, mo: User) -> None:
    give_authenticator(visitor)
    visitor.goto("/accounts/login/")
    wrong = [axe.faults(visitor)]
    sign_in(visitor, ADA)
    visitor.goto("/accounts/passkeys/new/")
    wrong.append(axe.faults(visitor))
    visitor.get_by_label("Password").fill(ADA.password)
    visitor.get_by_role("button", name="Go on").click()
    wrong.append(axe.faults(visitor))
    visitor.get_by_role("button", name="Make the passkey").click()
    visitor.wait_for_url("**/codes/")
    wrong.append(axe.faults(visitor))
    visitor.goto("/ask/?prompt=a+red+circle")
    visitor.get_by_role("button", name="Sign it with a passkey first").click()
    wrong.append(axe.faults(visitor))
    visitor.get_by_role("button", name="Sign it and ask").click()
    visitor.wait_for_url("**/generations/**")
    wrong.append(axe.faults(visitor))
    again = f"/ask/?again={visitor.url.rstrip('/').rsplit('/', 1)[-1]}"
    for path in ("/queue/", "/prompts/", "/prompts/?q=none", "/presets/", again):
        visitor.goto(path)
        wrong.append(axe.faults(visitor))
    for path in ("", "name/", "factors/", "factors/app/", "passkeys/", "sessions/", "tokens/",
                 "password/", "erase/"):  # fmt: skip
        visitor.goto(f"/accounts/{path}")
        wrong.append(axe.faults(visitor))
    visitor.goto(f"/accounts/keys/{ada.keys.get().pk}/")
    wrong.append(axe.faults(visitor))
    visitor.get_by_role("button", name="Sign out").click()
    sign_in(visitor, ADA)
    wrong.append(axe.faults(visitor))
    visitor.get_by_role("button", name="Begin again").click()
    sign_in_as_curator(visitor, MO)
    visitor.goto("/accounts/invitations/")
    visitor.get_by_label("Whom and why").fill("Met at the reading.")
    visitor.get_by_role("button", name="Make the link").click()
    wrong.append(axe.faults(visitor))
    visitor.goto(f"/accounts/people/{ada.pk}/")
    wrong.append(axe.faults(visitor))
    visitor.goto("/pause/")
    wrong.append(axe.faults(visitor))
    _made, token = invitations.invite(mo, Terms(Role.ARTIST, None, "x"))
    visitor.get_by_role("button", name="Sign out").click()
    for link in (token, "nothing"):
        visitor.goto(f"/accounts/invited/{link}/")
        wrong.append(axe.faults(visitor))
    assert [fault for page in wrong for fault in page] == []
