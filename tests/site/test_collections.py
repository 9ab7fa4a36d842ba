"""Stories of mo, who chooses clips and puts them in order, and of those who look at them."""

import html
import re
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from generation.models import Licence, Visibility
from sora_archive.accounts.models import User
from sora_archive.gallery import curating
from sora_archive.gallery.models import Collection, Piece, Tally
from tests.site.hanging import hang, take_down

TITLE = "Things that leave"


@pytest.fixture
def collection(mo: User, ada: User, ben: User) -> Collection:
    """Three clips, shown to the public."""
    made = curating.make(TITLE, "Watch the edges.", mo.pk)
    for number, artist in enumerate((ada, ben, ada)):
        curating.add(made, str(hang(artist, f"Work {number}", minute=number).pk))
    made.shown = True
    made.save()
    return made


def titles(client: Client, address: str) -> list[str]:
    page = client.get(address).content.decode()
    return [html.unescape(title) for title in re.findall(r"<cite[^>]*>(.*?)</cite>", page)]


def test_mo_makes_a_collection_and_the_public_sees_it_once_it_is_shown(
    as_mo: Client, client: Client, ada: User
) -> None:
    clip = hang(ada, "The first")
    begun = as_mo.post("/collections/begin/", {"title": TITLE, "introduction": "Watch."})
    assert begun["Location"] == "/collections/things-that-leave/desk/"
    put = as_mo.post(f"{begun['Location']}pieces/", {"clip": f"http://testserver/clips/{clip.pk}/"})
    assert put.status_code == 302
    assert client.get("/collections/things-that-leave/").status_code == 404
    assert titles(client, "/clips/?" + urlencode({"collection": TITLE})) == []
    words = {"title": TITLE, "introduction": "Watch.", "shown": "on"}
    assert as_mo.post(begun["Location"], words).status_code == 302
    assert titles(client, "/collections/things-that-leave/") == ["The first"]
    page = client.get("/collections/").content.decode()
    assert TITLE in page
    assert "1 clip, chosen by" in re.sub(r"\s+", " ", page)


def test_the_order_is_the_curators(as_mo: Client, client: Client, collection: Collection) -> None:
    address = "/collections/things-that-leave/"
    assert titles(client, address) == ["Work 0", "Work 1", "Work 2"]
    first, second, last = collection.pieces.all()
    for piece, act in ((last, "earlier"), (first, "later"), (last, "earlier"), (last, "earlier")):
        as_mo.post(f"{address}desk/pieces/{piece.pk}/", {"act": act})
    assert titles(client, address) == ["Work 2", "Work 0", "Work 1"]
    as_mo.post(f"{address}desk/pieces/{second.pk}/", {"act": "take out"})
    as_mo.post(f"{address}desk/pieces/{last.pk}/", {"note": "It never comes back."})
    assert titles(client, address) == ["Work 2", "Work 0"]
    assert "It never comes back." in client.get(address).content.decode()


def test_a_collection_is_a_facet_a_choice_and_a_feed(
    client: Client, collection: Collection, ada: User
) -> None:
    hang(ada, "Elsewhere", minute=9)
    asked = urlencode({"collection": TITLE})
    assert titles(client, f"/clips/?{asked}") == ["Work 2", "Work 1", "Work 0"]
    assert titles(client, f"/clips/?{asked}&artist=Ben") == ["Work 1"]
    assert Tally.objects.get(facet="collection", value=TITLE).clips == 3
    narrowed = client.get("/clips/?artist=Ada").content.decode()
    assert re.search(rf"<bdi>{TITLE}</bdi>\s*<span class=\"soft\">2</span>", narrowed)
    feed = client.get(f"/clips/feed.atom?{asked}").content.decode()
    assert feed.count("<entry>") == 3
    assert [clip["title"] for clip in client.get(f"/api/v1/clips?{asked}").json()["clips"]] == [
        "Work 2",
        "Work 1",
        "Work 0",
    ]


def test_the_page_of_a_clip_leads_to_its_collections(
    client: Client, collection: Collection
) -> None:
    clip = collection.pieces.all()[0].clip
    page = client.get(f"/clips/{clip.pk}/").content.decode()
    assert '<a href="/collections/things-that-leave/" dir="auto">Things that leave</a>' in page


def test_a_withdrawn_clip_leaves_its_collections(client: Client, collection: Collection) -> None:
    clip = collection.pieces.all()[0].clip
    take_down(clip)
    assert titles(client, "/collections/things-that-leave/") == ["Work 1", "Work 2"]
    assert Tally.objects.get(facet="collection", value=TITLE).clips == 2
    assert "2 clips, " in re.sub(r"\s+", " ", client.get("/collections/").content.decode())


def test_a_hidden_collection_leaves_no_trace(client: Client, collection: Collection) -> None:
    collection.shown = False
    collection.save()
    assert client.get("/collections/things-that-leave/").status_code == 404
    assert not Tally.objects.filter(facet="collection").exists()
    for address in ("/collections/", "/clips/", f"/clips/?{urlencode({'collection': TITLE})}"):
        assert "/collections/things" not in client.get(address).content.decode()
    assert titles(client, "/clips/?" + urlencode({"collection": TITLE})) == []


def test_a_renamed_collection_is_found_by_its_new_name(
    client: Client, collection: Collection
) -> None:
    collection.title = "What stays"
    collection.save()
    assert len(titles(client, "/clips/?collection=What+stays")) == 3
    assert titles(client, "/clips/?" + urlencode({"collection": TITLE})) == []
    assert client.get("/collections/things-that-leave/").status_code == 200


def test_the_end_of_a_collection_is_not_the_end_of_its_clips(
    as_mo: Client, client: Client, collection: Collection
) -> None:
    ended = as_mo.post("/collections/things-that-leave/desk/end/")
    assert ended["Location"] == "/collections/begin/"
    assert not Piece.objects.exists()
    assert len(titles(client, "/")) == 3
    assert not Tally.objects.filter(facet="collection").exists()


@pytest.mark.parametrize("what", ["", "x", "/clips/", "0" * 400, "again", "a draft"])
def test_what_cannot_be_put_in_is_refused_in_words(
    as_mo: Client, collection: Collection, ada: User, what: str
) -> None:
    named = {
        "again": str(collection.pieces.all()[0].clip_id),
        "a draft": str(hang(ada, visibility=Visibility.DRAFT).pk),
    }
    refused = as_mo.post(
        "/collections/things-that-leave/desk/pieces/", {"clip": named.get(what, what)}
    )
    assert refused.status_code == 422
    assert 'role="alert"' in refused.content.decode()
    assert collection.pieces.count() == 3


def test_two_collections_have_two_titles_and_two_addresses(as_mo: Client, mo: User) -> None:
    curating.make(TITLE, "", mo.pk)
    assert as_mo.post("/collections/begin/", {"title": TITLE.upper()}).status_code == 422
    others = [curating.make(title, "", mo.pk) for title in (TITLE + "!", "Begin", "何か")]
    assert len({each.slug for each in others} - {"things-that-leave", "begin", ""}) == 3


def test_a_piece_has_a_place_of_its_own(collection: Collection) -> None:
    first, second, _ = collection.pieces.all()
    Piece.objects.filter(pk=first.pk).update(position=second.position)  # until the transaction ends
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.check_constraints()
    Piece.objects.filter(pk=first.pk).update(position=first.position)


DESK = ("begin/", "things-that-leave/desk/")
ACTS = ("things-that-leave/desk/pieces/", "things-that-leave/desk/end/")


@pytest.mark.parametrize("page", [*DESK, *ACTS, "things-that-leave/desk/pieces/1/"])
def test_the_desk_is_the_curators_alone(
    as_ada: Client, client: Client, collection: Collection, page: str
) -> None:
    assert as_ada.post(f"/collections/{page}").status_code == 403
    assert client.post(f"/collections/{page}")["Location"].startswith("/accounts/login/")
    assert Collection.objects.get().pieces.count() == 3


@pytest.mark.parametrize("act", ["", "burn", "a\0"])
def test_an_unknown_act_changes_nothing_but_the_note(
    as_mo: Client, collection: Collection, act: str
) -> None:
    piece = collection.pieces.all()[0]
    sent = as_mo.post(
        f"/collections/things-that-leave/desk/pieces/{piece.pk}/", {"act": act, "note": "n" * 601}
    )
    assert sent.status_code == 302
    assert Piece.objects.get(pk=piece.pk).note == ""


def test_a_collection_costs_three_queries_however_long_it_is(
    client: Client, collection: Collection, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for address, queries in (("/collections/", 3), ("/collections/things-that-leave/", 3)):
        with django_assert_num_queries(queries):
            client.get(address)


def test_clips_are_found_by_licence_and_description(client: Client, ada: User) -> None:
    free, other = hang(ada, "Free"), hang(ada, "Other", minute=1)
    free.generation.licence = Licence.CC0
    free.generation.save()
    other.description = "A lighthouse in fog"
    other.save()
    assert titles(client, "/clips/?licence=cc0-1.0") == ["Free"]
    assert titles(client, "/clips/?q=lighthouse") == ["Other"]
    assert titles(client, "/clips/?licence=none&q=fog") == ["Other"]
    assert client.get("/clips/?licence=mine").status_code == 400
    page = client.get("/clips/").content.decode()
    assert "CC0 1.0: no conditions at all" in page
