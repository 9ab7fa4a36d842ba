"""Stories of finding clips: by facets, by words, and never what is not published."""

import html
import re
from urllib.parse import quote, quote_plus

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from generation.models import Clip, Visibility
from sora_archive.accounts.models import User
from sora_archive.gallery import almanac
from sora_archive.gallery.models import Hanging, Tally, Word
from sora_archive.gallery.wall import WORKS_A_PAGE
from tests.site.hanging import hang, take_down
from tests.site.test_gallery import titles

SECRET = "moonlit zeppelin"


def found(client: Client, **choice: str) -> list[str]:
    address = "/clips/?" + "&".join(f"{name}={quote(value)}" for name, value in choice.items())
    return titles(client, address)


def tallies(facet: str) -> dict[str, int]:
    return dict(Tally.objects.filter(facet=facet).values_list("value", "clips"))


def test_the_facets_choose(client: Client, ada: User, ben: User) -> None:
    hang(ada, "By ada")
    other = hang(ben, "By ben", minute=1)
    other.model_title, other.frames = "Starter & co", 40
    other.save()
    assert found(client) == ["By ben", "By ada"]
    assert found(client, artist="Ada") == ["By ada"]
    assert found(client, model="Starter & co") == ["By ben"]
    assert found(client, length="5-15") == ["By ben"]
    assert found(client, length="to-2") == []
    assert found(client, artist="Ben", length="2-5") == []
    assert found(client, year="2026") == ["By ben", "By ada"]
    assert found(client, year="2025") == []


def test_facets_are_plain_links_with_counts(client: Client, ada: User, ben: User) -> None:
    for minute in range(3):
        hang((ada, ada, ben)[minute], minute=minute)
    page = client.get("/clips/").content.decode()
    assert re.search(r'href="/clips/\?artist=Ada"><bdi>Ada</bdi> <span class="soft">2</span>', page)
    narrowed = client.get("/clips/?artist=Ada").content.decode()
    assert (
        'href="/clips/?artist=Ada&amp;year=2026"><bdi>2026</bdi> <span class="soft">2<' in narrowed
    )
    assert 'aria-current="true"><bdi>Ada</bdi>' in narrowed
    assert 'type="hidden" name="artist" value="Ada"' in narrowed


def test_a_choice_is_kept_while_one_goes_back_in_time(client: Client, ada: User, ben: User) -> None:
    for number in range(WORKS_A_PAGE + 1):
        hang(ada, f"Ada {number}", minute=number)
        hang(ben, f"Ben {number}", minute=number)
    page = client.get("/clips/?artist=Ada").content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older
    assert titles(client, "/clips/" + older[1].replace("&amp;", "&")) == ["Ada 0"]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("lantern", ["Paper lantern", "Two"]),
        ("LANTERN", ["Paper lantern", "Two"]),
        ("lant", ["Paper lantern", "Two"]),
        ("river lantern", ["Two"]),
        ('"paper lantern"', ["Paper lantern"]),
        ('"lantern paper"', []),
        ("lantern -river", ["Paper lantern"]),
        ('-"paper lantern" lantern', ["Two"]),
        ("Ben", ["Two"]),
        ("красная", ["Paper lantern"]),
        ('"unfinished', []),
        ("'; DROP TABLE gallery_word; --", []),
        ("lantern:* & !river | \\", ["Two"]),
    ],
)
def test_words_find(client: Client, ada: User, ben: User, search: str, expected: list[str]) -> None:
    hang(ben, "Two", prompt="a lantern beside the river, by paper boats")
    hang(ada, "Paper lantern", minute=1, prompt="КРАСНАЯ лампа")
    assert found(client, q=search) == expected


@pytest.mark.parametrize("typo", ["lantren", "lanterm", "lentern", "lanntern"])
def test_a_mistyped_word_is_put_right_and_said_so(client: Client, ada: User, typo: str) -> None:
    hang(ada, "Paper lantern")
    page = client.get("/clips/", {"q": f"paper {typo}"}).content.decode()
    assert "Paper lantern</cite>" in page
    assert f'No clip has the words <q dir="auto">paper {typo}</q>' in page


def test_a_search_among_many_costs_two_queries(
    client: Client, ada: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(WORKS_A_PAGE + 1):
        hang(ada, minute=number)
    almanac.current()  # asked once in ten minutes
    for address in ("/clips/", "/clips/?q=circle&artist=Ada"):
        with django_assert_num_queries(2):
            client.get(address)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("wrok", "work"), ("wokr", "work"), ("wrk", "work"), ("worrk", "work"),
     ("cta", "cat"), ("дмо", "дом"), ("fütre", "füttre"), ("xy", ""), ("zzzz", ""), ("2051", "")],
)  # fmt: skip
def test_a_slip_in_a_short_word_is_put_right(
    client: Client, ada: User, typed: str, meant: str
) -> None:
    hang(ada, "One of them", prompt="work cat дом füttre 2015 20.51")
    page = client.get("/clips/", {"q": typed}).content.decode()
    assert ("One of them</cite>" in page) == bool(meant)
    assert (f'<q dir="auto">{meant}</q>' in page) == bool(meant)


@pytest.mark.parametrize("hidden", [Visibility.DRAFT, Visibility.WITHDRAWN, Visibility.ERASED])
def test_what_is_not_published_leaves_no_trace(
    client: Client, ada: User, ben: User, hidden: Visibility
) -> None:
    hang(ada, "Visible", prompt="a red circle")
    hang(ben, "The Moonlit Secret", prompt=SECRET, visibility=hidden)
    for search in ("moonlit", "zeppelin", "zep", "zepelin", '"moonlit zeppelin"', "Ben"):
        page = client.get("/clips/", {"q": search}).content.decode()
        assert "Moonlit Secret" not in page
        assert "No published clip fits" in page
        for repeated in (html.escape(search), quote_plus(search)):
            page = page.replace(repeated, "")
        assert "zeppelin" not in page
    assert "Ben" not in client.get("/clips/").content.decode()
    assert not Word.objects.filter(word__in=["moonlit", "zeppelin", "ben"]).exists()
    assert tallies("artist") == {"Ada": 1}


@pytest.mark.parametrize("then", [Visibility.WITHDRAWN, Visibility.ERASED])
def test_a_withdrawal_bites_at_once_and_in_the_counters(
    client: Client, ada: User, then: Visibility
) -> None:
    hang(ada, "Visible", prompt="a red circle")
    clip = hang(ada, "A night", prompt=SECRET)
    assert found(client, q="zeppelin") == ["A night"]
    assert tallies("year") == {"2026": 2}
    if then == Visibility.WITHDRAWN:
        take_down(clip)
    else:
        Clip.objects.filter(pk=clip.pk).update(visibility=then)
    assert found(client, q="zeppelin") == []
    assert tallies("year") == {"2026": 1}
    assert not Word.objects.filter(word="zeppelin").exists()
    assert Word.objects.get(word="circle").clips == 1


def test_a_new_pseudonym_and_a_changed_prompt_replace_the_old(client: Client, ada: User) -> None:
    clip = hang(ada, "A night", prompt=SECRET)
    ada.pseudonym = "Adelaide"
    ada.save()
    clip.generation.prompt = "a red circle"
    clip.generation.save()
    assert found(client, artist="Adelaide") == found(client, q="circle") == ["A night"]
    assert found(client, artist="Ada") == []
    assert not Word.objects.filter(word__in=["ada", "zeppelin"]).exists()


def test_a_deleted_clip_takes_its_counts_along(ada: User) -> None:
    clip = hang(ada)
    clip.delete()
    assert not Hanging.objects.exists()
    assert not Tally.objects.exists()
    assert not Word.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "choice",
    [{"q": "x" * 10_000}, {"q": "a\0b"}, {"q": "a " * 13}, {"q": "-only -not"}, {"q": "!!"},
     {"length": "long"}, {"year": "20x6"}, {"year": "9" * 5000}, {"year": "٢٠٢٦"},
     {"artist": "a\0"}, {"model": "m" * 201}],
    ids=str,
)  # fmt: skip
def test_a_choice_that_means_nothing_is_400_in_words(
    client: Client, choice: dict[str, str]
) -> None:
    response = client.get("/clips/", choice)
    assert response.status_code == 400
    assert '<p class="notice" role="status">' in response.content.decode()


@pytest.mark.parametrize("said", ["<b>lantern</b>", "\u202elantern", "a_b%c", "3.5", "red-blue"])
def test_odd_words_are_only_words(client: Client, ada: User, said: str) -> None:
    hang(ada, prompt=said)
    page = client.get("/clips/", {"q": said}).content.decode()
    assert "Clip 7f3a</cite>" in page
    assert "<b>lantern" not in page
