"""Stories of remixes: a clip's page tells what it was made from and what was made from it."""

import re
from html import unescape

from django.test import Client
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from generation.models import Clip, Generation, Visibility
from sora_archive.accounts.models import User
from sora_archive.gallery.lineage import lineage
from tests.site.hanging import hang


def remix(parent: Clip, artist: User, title: str, **more: object) -> Clip:
    clip = hang(artist, title, **more)  # type: ignore[arg-type]
    Generation.objects.filter(pk=clip.generation_id).update(parent=parent)
    clip.refresh_from_db()
    return clip


def history_of(client: Client, clip: Clip) -> str:
    page = client.get(f"/clips/{clip.pk}/").content.decode()
    found = re.search(r'<section id="history".*?</section>', page, re.DOTALL)
    return " ".join(unescape(strip_tags(found[0])).split()) if found else ""


def test_a_remix_of_a_remix_tells_the_way_back_as_a_list_and_as_a_tree(
    client: Client, ada: User, ben: User
) -> None:
    first = hang(ada, "First")
    second = remix(first, ben, "Second", minute=1)
    third = remix(second, ada, "Third", minute=2)
    other = remix(first, ben, "Other", minute=3)
    told = history_of(client, third)
    way = "First, Ada, 2026 Second, Ben, 2026 Third, Ada, 2026 (this clip)"
    assert told.count(way) == 2  # the list, then the tree
    assert "Other" not in told  # a brother or sister is neither
    told = history_of(client, first)
    assert "3 remixes were made from it" in told
    assert f"As a tree {way.replace(' (this clip)', '')}" not in told
    tree = lineage(first).tree
    assert [kin.clip for kin in tree.children] == [second, other]
    assert [kin.clip for kin in tree.children[0].children] == [third]


def test_a_clip_without_kin_has_no_history(client: Client, ada: User) -> None:
    assert history_of(client, hang(ada)) == ""


def test_a_draft_remix_is_nobodys_business(client: Client, ada: User, ben: User) -> None:
    first = hang(ada, "First")
    remix(first, ben, "Secret", visibility=Visibility.DRAFT)
    assert history_of(client, first) == ""


def test_of_a_clip_that_was_taken_away_only_that_is_told(
    client: Client, ada: User, ben: User
) -> None:
    first = hang(ada, "Taken away")
    second = remix(first, ben, "Second", minute=1)
    third = remix(second, ben, "Gone too", minute=2)
    Clip.objects.filter(pk=first.pk).update(visibility=Visibility.ERASED)
    Clip.objects.filter(pk=third.pk).update(visibility=Visibility.ERASED)
    told = history_of(client, second)
    assert told.count("A clip that was erased") == 3  # above in list and tree, below in the tree
    assert "Taken away" not in told
    assert "Gone too" not in told


def test_an_erased_name_is_not_told_here_either(client: Client, ada: User, ben: User) -> None:
    first = hang(ada, "First")
    second = remix(first, ben, "Second", minute=1)
    Generation.objects.filter(pk=first.generation_id).update(name_erased_at=second.created_at)
    told = history_of(client, second)
    assert "Ada" not in told
    assert "Unnamed artist" in told


def test_a_long_line_and_many_remixes_cost_three_queries(
    ada: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    clip = middle = hang(ada, "0")
    for number in range(1, 7):
        clip = remix(clip, ada, str(number), minute=number)
        middle = clip if number == 3 else middle
    middle = Clip.objects.select_related("generation__artist").get(pk=middle.pk)
    with django_assert_num_queries(3):
        found = lineage(middle)
        titles = [(kin.clip.title, kin.artist) for kin in found.steps]
    assert titles == [(str(number), "Ada") for number in range(4)]
    assert found.remixes == 3
