"""A stranger reports a clip in a real browser, and mo decides."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from generation.models import Clip
from sora_archive.accounts.models import User
from sora_archive.moderation import deciding
from sora_archive.moderation.models import About, Appeal, Grounds, Held, Outcome, RefusedWord
from sora_archive.moderation.reporting import Subject, report
from sora_archive.moderation.skeletons import skeleton
from tests.site.hanging import hang

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cases(ada: User, mo: User) -> Clip:
    """A clip with a report, one that is held back, and one with a decision and an appeal."""
    clips = [hang(ada, f"Lantern {number}", minute=number) for number in range(3)]
    report(Subject(About.CLIP, clips[0]), Grounds.REAL_PERSON, "It is my neighbour, on her stairs.")
    report(Subject(About.SIGNATURE, signature="17"), Grounds.NAME, "")
    Held.objects.create(clip=clips[1])
    ruling = deciding.Ruling(Outcome.KEPT, Grounds.RIGHTS, "The lantern is nobody's mark.")
    kept = deciding.decide(mo, Subject(About.CLIP, clips[2]), ruling)
    Appeal.objects.create(decision=kept, words="I would still rather have it looked at again.")
    RefusedWord.objects.create(
        shown="Golden Gate", skeleton=skeleton("Golden Gate"), grounds=Grounds.RIGHTS,
        note="a trade mark", curator=mo,
    )  # fmt: skip
    return clips[0]


@pytest.fixture(params=[True, False], ids=["with scripts", "without"])
def stranger(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=request.param)
    yield context.new_page()
    context.close()


def test_a_stranger_reports_and_comes_back(
    stranger: Page, live_server: LiveServer, cases: Clip
) -> None:
    stranger.goto(f"{live_server.url}/clips/{cases.pk}/")
    stranger.get_by_role("link", name="Report this clip").click()
    stranger.get_by_label("What is wrong with it?").select_option("deception")
    stranger.get_by_label("What should the curators know?").fill("It was shown as a recording.")
    stranger.get_by_role("button", name="Send the report").click()
    stranger.get_by_role("heading", name="Keep this link").wait_for()
    assert "It was shown as a recording." in stranger.inner_text("main")
    stranger.reload()
    assert "It waits for a curator." in stranger.inner_text("main")


@pytest.fixture
def curator(chromium: Browser, live_server: LiveServer, as_mo: Client) -> Iterator[Page]:
    """mo's browser, signed in with two steps."""
    context = chromium.new_context(base_url=live_server.url)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies(
        [{"name": name, "value": as_mo.cookies[name].value, "url": live_server.url}]
    )
    yield context.new_page()
    context.close()


def test_mo_works_through_what_waits(curator: Page, cases: Clip) -> None:
    curator.goto("/")
    curator.get_by_role("link", name="What waits").click()
    curator.get_by_role("link", name="It portrays a real person").click()
    assert "on her stairs" in curator.inner_text("main")
    curator.get_by_label("It stays").check()
    curator.get_by_label("Grounds").select_option("real_person")
    curator.get_by_label("Reasons").fill("Nobody can be made out.")
    curator.get_by_role("button", name="Decide").click()
    assert "It is decided, and stands in the log." in curator.inner_text("main")
    assert "Nobody can be made out." in curator.inner_text("main")
    curator.goto("/moderation/queue/")
    assert curator.get_by_role("link", name="It portrays a real person").count() == 0
