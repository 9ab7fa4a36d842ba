"""Stories of a search on a large wall: stretch by stretch it finds what one look at all finds."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sora_archive.accounts.models import User
from sora_archive.gallery import almanac, facets, reaching, searching, wall
from sora_archive.gallery.choice import Choice
from sora_archive.gallery.models import Hanging
from tests.site.hanging import OPENING_NIGHT, hang

CLIPS = 120
CHOICES = (
    Choice(q="river kettle"),
    Choice(q="river -kettle"),
    Choice(q='"the river"'),
    Choice(q="zeppelin lantern"),
    Choice(q="lant zepp"),
    Choice(q="kettle", artist="Ben"),
    Choice(q="river", year="2026"),
    Choice(q="river submarine"),
)


@pytest.fixture
def large(ada: User, ben: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A wall that is large to those who look, because a stretch is short; the eldest clips hang in
    pairs of one minute.

    "lantern" is on all, "river" on each fifth, "kettle" on each eleventh, "zeppelin" on one.
    """
    monkeypatch.setattr(reaching, "_LEAST", 6)
    monkeypatch.setattr(reaching, "_SLACK", 0.5)
    monkeypatch.setattr(reaching, "_FARTHER", 2)
    for number in range(CLIPS):
        prompt = "a lantern" + " by the river" * (number % 5 == 0)
        prompt += " and a kettle" * (number % 11 == 0) + " under a zeppelin" * (number == 3)
        hang(
            (ada, ben)[number % 2],
            f"No {number}",
            minute=max(number, number // 2 + 9),
            prompt=prompt,
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE gallery_hanging")
    almanac._read.cache_clear()
    assert almanac.current().clips == CLIPS
    yield
    almanac._read.cache_clear()


def at_one_look(choice: Choice, after: wall.Place | None = None) -> list[str]:
    found = choice.hangings()
    if choice.q:
        found = found.filter(words=searching.query(choice.q))
    titles = list(found.values_list("published_at", "clip_id", "title"))
    if after:
        titles = [row for row in titles if (row[0], row[1]) < (after.published_at, after.id)]
    return [title for _, _, title in titles]


def paged(choice: Choice, size: int) -> list[str]:
    shown, after = [], None
    while True:
        page = wall.page(choice, after, size)
        shown += [work.title for work in page.works]
        if (after := page.older) is None:
            return shown


@pytest.mark.slow
@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("dense", [0.0, 1.1])  # walked throughout, looked up throughout
@pytest.mark.parametrize("gathered", [0, 10_000])  # beginnings are slow, are quick to look up
def test_page_after_page_shows_every_find_once(
    monkeypatch: pytest.MonkeyPatch, dense: float, gathered: int
) -> None:
    monkeypatch.setattr(reaching, "_DENSE", dense)
    monkeypatch.setattr(searching, "_GATHERED", gathered)
    for choice in CHOICES:
        assert paged(choice, 3) == at_one_look(choice), choice


@pytest.mark.slow
@pytest.mark.usefixtures("large")
def test_a_page_begins_where_the_last_one_ended_between_clips_of_one_minute() -> None:
    shown = at_one_look(Choice(q="river"))
    clip = Hanging.objects.get(title=shown[2])
    after = wall.Place(clip.published_at, clip.pk)
    page = wall.page(Choice(q="river"), after, 4)
    assert [work.title for work in page.works] == at_one_look(Choice(q="river"), after)[:4]
    assert [work.title for work in page.works] == shown[3:7]


@pytest.mark.slow
@pytest.mark.usefixtures("large")
def test_a_search_stops_where_enough_is_found() -> None:
    with CaptureQueriesContext(connection) as asked:
        wall.page(Choice(q="kettle river"), size=1)
    assert len(asked) > 1
    assert all('"published_at" >= ' in query["sql"] for query in asked)  # none goes to the end


@pytest.mark.slow
@pytest.mark.usefixtures("large")
def test_facets_count_as_far_as_a_page_reaches_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "WORKS_A_PAGE", 4)
    monkeypatch.setattr(facets, "THROUGH", 0)
    (artists,) = (each for each in facets.facets(Choice(q="river")) if each.name == "artist")
    assert artists.at_least
    assert 4 <= sum(option.clips for option in artists.options) < CLIPS // 5
    monkeypatch.setattr(facets, "THROUGH", 10_000)
    (artists,) = (each for each in facets.facets(Choice(q="river")) if each.name == "artist")
    assert not artists.at_least
    assert sum(option.clips for option in artists.options) == CLIPS // 5


@pytest.mark.slow
@pytest.mark.usefixtures("large")
def test_the_almanac_knows_about_how_many_hang_since_when() -> None:
    known = almanac.current()
    assert known.share("lantern", beginning=False) == pytest.approx(1, abs=0.01)
    assert known.share("river", beginning=False) == pytest.approx(0.2, abs=0.05)
    assert known.share("submarine", beginning=True) < 0.1
    assert known.newer(OPENING_NIGHT + timedelta(days=9)) == 0
    assert known.newer(OPENING_NIGHT - timedelta(days=9)) == CLIPS
    half = known.since(CLIPS // 2)
    assert half is not None
    assert Hanging.objects.filter(published_at__gte=half).count() == pytest.approx(
        CLIPS // 2, abs=12
    )
    assert known.newer(half) == pytest.approx(CLIPS // 2, abs=12)
    assert known.since(CLIPS) is None


def test_a_wall_without_statistics_is_looked_at_whole(ada: User) -> None:
    hang(ada, "Lantern", prompt="a lantern")
    assert paged(Choice(q="lantern"), 3) == ["Lantern"]
