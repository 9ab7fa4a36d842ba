"""What judges that nobody here wrote say of the pages: axe-core of all, Lighthouse of four."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from sora_archive.accounts.models import User
from tests.journeys.lighthouse import TOOLS, judged
from tests.site.open_house import House, fill, filled, parameters, routes

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
AXE = TOOLS / "axe-core" / "axe.min.js"
# Performance depends on what else the machine does: benchmarks/judged.py asks for it.
LEAST = {"accessibility": 1.0, "best-practices": 1.0, "seo": 0.95}


@pytest.fixture
def house(ada: User, mo: User, tmp_path: Path) -> House:
    return fill(ada, mo, tmp_path)


def pages(house: House) -> Iterator[str]:
    """Every address of the map, filled in with what is there."""
    known = house.known()
    for route in sorted(set(routes())):
        kinds = parameters(route)
        for value in known[kinds[0]] if kinds else [""]:
            yield filled(route, [value, *(known[kind][0] for kind in kinds[1:])])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_public_page(
    chromium: Browser, live_server: LiveServer, house: House, scheme: str
) -> None:
    context = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page, judge = context.new_page(), AXE.read_text(encoding="utf-8")
    seen, found = set(), []
    for address in pages(house):
        answer = context.request.get(live_server.url + address, max_redirects=0)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        if answer.status in {301, 302, 405} or "/admin/" in address:
            continue  # elsewhere, no page, or Django's own
        page.goto(live_server.url + address)
        page.evaluate(judge)
        wrong = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        seen.add(address)
        found += [(address, each["id"], each["nodes"][0]["html"][:120]) for each in wrong]
    context.close()
    assert {"/", "/patterns/", "/log/", "/verify/", "/record/", "/collections/"} <= seen
    assert found == []


@pytest.mark.parametrize("name", ["/", "/clips/{clip}/", "/verify/", "/statement/"])
def test_lighthouse_has_nothing_to_say(
    live_server: LiveServer, house: House, tmp_path: Path, name: str
) -> None:
    report = judged(live_server.url + name.format(clip=house.shown.pk), tmp_path, list(LEAST))
    scores = {each: report["categories"][each]["score"] for each in LEAST}
    short = [
        (reference["id"], report["audits"][reference["id"]].get("details"))
        for each in LEAST
        for reference in report["categories"][each]["auditRefs"]
        if report["audits"][reference["id"]]["score"] == 0
    ]
    assert all(scores[each] >= least for each, least in LEAST.items()), (scores, short)
