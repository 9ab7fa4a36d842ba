"""A stranger reports a clip in a real browser, and mo decides."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from generation import storage
from generation.models import Clip
from provenance.core.records import JSON, EntryType
from provenance.log import outbox
from sora_archive.accounts.models import User
from sora_archive.moderation import deciding
from sora_archive.moderation.models import (
    About,
    Appeal,
    BlockedFile,
    Grounds,
    Held,
    Outcome,
    RefusedWord,
)
from sora_archive.moderation.reporting import Subject, report
from sora_archive.moderation.skeletons import skeleton
from tests.journeys.judging import violations
from tests.journeys.signing import sign_in_as_curator
from tests.people import MO
from tests.signing_in import signed_in
from tests.site.hanging import hang
from tests.site.signatories import started_log

WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
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


@pytest.fixture
def in_the_log(ada: User, tmp_path: Path) -> Clip:
    """A clip whose publication the log has taken up, with a file of its own."""
    log = started_log(tmp_path)
    clip = hang(ada, "Lantern")
    sha256 = storage.keep_bytes(b"the bytes of a lantern").sha256
    type(clip.credential).objects.filter(pk=clip.credential_id).update(sha256=sha256)
    body: dict[str, JSON] = {
        "attempt": clip.credential.attempt, "clip": str(clip.pk), "generated": 0,
        "manifest": clip.credential.manifest_id, "sha256": sha256,
    }  # fmt: skip
    with transaction.atomic():
        ticket = outbox.submit(EntryType.PUBLICATION, body)
        Clip.objects.filter(pk=clip.pk).update(publication_ticket=ticket)
    log.take_up()
    return clip


def test_mo_signs_in_with_two_steps_and_a_withdrawn_clip_s_file_is_gone_at_once(
    chromium: Browser, live_server: LiveServer, in_the_log: Clip, mo: User
) -> None:
    page = chromium.new_page(base_url=live_server.url)
    stranger = chromium.new_page(base_url=live_server.url)
    direct, address = f"/media/{in_the_log.pk}.mp4", f"/clips/{in_the_log.pk}/"
    assert stranger.request.get(direct).status == 200
    sign_in_as_curator(page, MO)
    page.goto(address)
    page.get_by_role("link", name="Decide about this clip").click()
    page.get_by_label("The clip is withdrawn").check()
    page.get_by_label("Grounds").select_option("rights")
    page.get_by_label("Reasons").fill("The lantern is the mark of a shop.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("status")).to_contain_text("It is decided")
    for browser in (stranger, page):
        for gone in (direct, f"/media/{in_the_log.pk}/poster.webp", address):
            assert browser.request.get(gone).status == 410
    stranger.goto(address)
    told = stranger.inner_text("main")
    assert told.count("By Mo, curator.") == 2  # the act, and the decision that it rests on
    assert "The lantern is the mark of a shop." in told
    stranger.goto("/")
    assert "Lantern" not in stranger.inner_text("main")
    page.close()
    stranger.close()


@pytest.fixture
def window(chromium: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Opens a window of somebody's, in a colour scheme and at a width."""
    opened = []

    def open_(client: Client, scheme: str, width: int) -> Page:
        context = chromium.new_context(
            base_url=live_server.url, reduced_motion="reduce",
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 900},
        )  # fmt: skip
        name = settings.SESSION_COOKIE_NAME
        if name in client.cookies:
            cookie = client.cookies[name].value
            context.add_cookies([{"name": name, "value": cookie, "url": live_server.url}])
        opened.append(context)
        return context.new_page()

    yield open_
    for context in opened:
        context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("light", 768), ("dark", 360)])
def test_axe_finds_nothing_on_any_page_of_moderation(
    window: Callable[..., Page], as_mo: Client, ada: User, mo: User, in_the_log: Clip,
    cases: Clip, scheme: str, width: int,
) -> None:  # fmt: skip
    _made, token = report(Subject(About.CLIP, in_the_log), Grounds.RIGHTS, "It is our mark.")
    ruling = deciding.Ruling(Outcome.WITHDRAWN, Grounds.RIGHTS, "It is their mark.", 400, True)
    decision = deciding.decide(mo, Subject(About.CLIP, in_the_log), ruling)
    appealed = Appeal.objects.get().decision
    word, file = RefusedWord.objects.get(), BlockedFile.objects.first()
    assert file
    keepers = (
        "queue/", f"queue/clip/{cases.pk}/", f"queue/clip/{appealed.clip_id}/",
        f"queue/name/{cases.pk}/", "queue/signature/17/", "rules/",
        f"rules/words/{word.pk}/remove/", f"rules/files/{file.pk}/remove/",
    )  # fmt: skip
    everybodys = (
        f"report/{cases.pk}/", f"report/status/{token}/", "decisions/", f"decisions/{decision.pk}/",
    )  # fmt: skip
    pages = {
        as_mo: [f"/moderation/{path}" for path in keepers],
        signed_in(ada): [f"/moderation/reasons/{clip}/" for clip in (in_the_log.pk, cases.pk)],
        Client(): [f"/clips/{in_the_log.pk}/", *(f"/moderation/{path}" for path in everybodys)],
    }
    found = []
    for client, addresses in pages.items():
        page = window(client, scheme, width)
        for address in addresses:
            page.goto(address)
            found += violations(page)
            if page.evaluate(WIDER):
                found.append(f"{address} scrolls sideways at {width}")
    assert found == []
