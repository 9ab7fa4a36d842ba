"""Lighthouse's score of performance, as a phone gets the pages; the median of a few looks.

It depends on what else the machine does, so that no test asserts it: on a quiet one it is to be 95
or more. The other three categories are held in tests/journeys/test_judges.py.
"""

import statistics
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from benchmarks.measure import Ratio
from tests.journeys.conftest import answers
from tests.journeys.lighthouse import judged
from tests.stack import Stack, free_port, wait_until

LOOKS = 3
PAGES = ("/", "/clips/{clip}/", "/verify/", "/statement/")


def the_scores(clip: object, folder: Path) -> Iterator[Ratio]:
    """Prints the scores; there is nothing to compare them with, so that no ratio comes of it."""
    port = free_port()
    site = f"http://localhost:{port}"
    web = Stack(
        settings.DATA, settings.DATABASE_URL, "memory://", {"PORT": str(port), "SITE_URL": site}
    )
    web.start("web")
    try:
        wait_until(lambda: answers(f"{site}/statement/"), "the web server answers")
        for page in PAGES:
            address = site + page.format(clip=clip)
            reports = [judged(address, folder, ["performance"]) for _ in range(LOOKS)]
            scores = [100 * report["categories"]["performance"]["score"] for report in reports]
            print(f"Lighthouse, performance of {page:<24} {statistics.median(scores):8.0f}")
    finally:
        web.stop()
    yield from ()
