"""Stories of the wall and of one clip's page."""

import re
import uuid
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from generation.models import Clip, Visibility
from provenance.core.policies import parse_policy
from provenance.core.proofs import check_receipt, receipt_of
from provenance.core.records import EntryType
from provenance.log import cosigning, outbox
from provenance.verify.models import Credential
from sora_archive.accounts.models import User
from sora_archive.gallery.errors import BadPlace
from sora_archive.gallery.wall import WORKS_A_PAGE, Place
from tests.core.witnesses import NOON
from tests.provenance.log_cast import log_in, submit_many
from tests.provenance.test_log_witnesses import POLICY, Willing
from tests.site.hanging import OPENING_NIGHT, PROMPT, hang

MARKUP = "<script>alert('ada')</script>"


def titles(client: Client, address: str = "/") -> list[str]:
    page = client.get(address).content.decode()
    return re.findall(r"<cite[^>]*>(.*?)</cite>", page)


@pytest.mark.django_db
def test_an_empty_wall_says_so(client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert "No clip has been published here yet" in response.content.decode()


def test_the_newest_hangs_first_and_drafts_do_not_hang(
    client: Client, ada: User, ben: User
) -> None:
    hang(ada, "The first", minute=1)
    hang(ben, "The third", minute=3)
    hang(ada, "The second", minute=2)
    hang(ada, "A draft", visibility=Visibility.DRAFT)
    hang(ada, "Taken down", minute=9, visibility=Visibility.WITHDRAWN)
    assert titles(client) == ["The third", "The second", "The first"]


def test_every_page_continues_where_the_last_one_ended(client: Client, ada: User) -> None:
    # All at one moment: only the ids tell the places apart.
    hung = {hang(ada, f"Work {number}").title for number in range(2 * WORKS_A_PAGE + 1)}
    seen: list[str] = []
    address: str | None = "/"
    pages = 0
    while address:
        page = client.get(address).content.decode()
        seen += re.findall(r"<cite[^>]*>(.*?)</cite>", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following and following[1]
        pages += 1
    assert pages == 3
    assert len(seen) == len(hung)
    assert set(seen) == hung


def test_a_clip_published_meanwhile_shifts_no_older_page(client: Client, ada: User) -> None:
    for number in range(WORKS_A_PAGE + 2):
        hang(ada, f"Work {number}", minute=number)
    older = re.search(r'rel="next" href="([^"]+)"', client.get("/").content.decode())
    assert older
    before = titles(client, older[1])
    hang(ada, "Just now", minute=500)
    assert titles(client, older[1]) == before == ["Work 1", "Work 0"]


def test_a_full_wall_costs_one_query(
    client: Client, ada: User, ben: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(WORKS_A_PAGE + 1):
        hang((ada, ben)[number % 2], minute=number)
    with django_assert_num_queries(1):
        client.get("/")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "place",
    ["1", "-", "x" * 10_000, "1-" + "g" * 32, "9" * 17 + "-" + "0" * 32, "\0", "-1-" + "0" * 32,
     "١-" + "0" * 32, "1-" + "0" * 32 + "\n"],
)  # fmt: skip
def test_an_address_nobody_linked_to_is_404_in_words(client: Client, place: str) -> None:
    response = client.get("/", {"older": place})
    assert response.status_code == 404
    assert "names a place on the wall that does not exist" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["0-" + "0" * 32, "9" * 16 + "-" + "f" * 32])
def test_the_ends_of_time_are_places(client: Client, place: str) -> None:
    assert client.get("/", {"older": place}).status_code == 200


def test_a_place_survives_its_address() -> None:
    place = Place(OPENING_NIGHT.replace(microsecond=123_457), uuid.uuid4())
    assert Place.parse(str(place)) == place
    with pytest.raises(BadPlace):
        Place.parse(str(place) + "0")


def test_the_page_of_a_clip_names_artist_prompt_model_seed_and_file(
    client: Client, ada: User
) -> None:
    clip = hang(ada)
    response = client.get(f"/clips/{clip.id}/")
    page = response.content.decode()
    assert response.status_code == 200
    for shown in ("Ada", PROMPT, "untrained test model", ">4242<", clip.credential.sha256):
        assert shown in page
    assert f'href="/media/{clip.id}.mp4" download' in page
    assert "AI-generated" in page


def test_the_credential_mark_comes_before_the_player(client: Client, ada: User) -> None:
    page = client.get(f"/clips/{hang(ada).id}/").content.decode()
    assert 0 < page.index('class="mark"') < page.index("<video")
    assert "poster=" in page[page.index("<video") :]


def test_markup_in_title_and_prompt_stays_text(client: Client, ada: User) -> None:
    clip = hang(ada, title=MARKUP, prompt=MARKUP)
    for address in ("/", f"/clips/{clip.id}/"):
        page = client.get(address).content.decode()
        assert MARKUP not in page
        assert "&lt;script&gt;" in page


@pytest.mark.parametrize("visibility", [Visibility.WITHDRAWN, Visibility.ERASED])
def test_a_withdrawn_clip_is_gone_with_its_words(
    client: Client, ada: User, visibility: Visibility
) -> None:
    clip = hang(ada, "A title to forget", visibility=visibility)
    response = client.get(f"/clips/{clip.id}/")
    page = response.content.decode()
    assert response.status_code == 410
    assert "was withdrawn" in page
    for gone in ("A title to forget", PROMPT, "Ada", "/media/"):
        assert gone not in page


def test_a_draft_is_known_to_its_artist_alone(
    client: Client, as_ada: Client, as_ben: Client, ada: User
) -> None:
    draft = hang(ada, visibility=Visibility.DRAFT)
    address = f"/clips/{draft.id}/"
    shown = as_ada.get(address)
    assert (shown.status_code, shown["Location"]) == (302, draft.generation.get_absolute_url())
    for stranger in (client, as_ben):
        response = stranger.get(address)
        assert response.status_code == 404
        assert "No clip of this archive has this address" in response.content.decode()


@pytest.mark.django_db
def test_an_unknown_clip_is_404(client: Client) -> None:
    assert not Clip.objects.exists()
    assert client.get(f"/clips/{uuid.uuid4()}/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_gallery_is_only_read(client: Client, method: str) -> None:
    assert getattr(client, method)("/").status_code == 405


def test_a_clip_shows_what_stands_behind_it_and_offers_its_receipt(
    client: Client, ada: User, settings: Settings, tmp_path: Path
) -> None:
    """Index and size, when the log signed, when its witnesses saw it, and the file to keep."""
    settings.LOG_WITNESS_POLICY = parse_policy(POLICY)
    log = log_in(tmp_path)
    log.open()
    submit_many(3)
    clip = hang(ada)
    assert "Download the receipt" not in client.get(f"/clips/{clip.pk}/").content.decode()
    with transaction.atomic():
        ticket = outbox.submit(
            EntryType.GENERATED,
            {"attempt": clip.credential.attempt, "rendered": 1, "manifest": "urn:c2pa:x"},
            [outbox.new_opening("file", {"sha256": clip.credential.sha256})],
        )
    Credential.objects.filter(pk=clip.credential.pk).update(generated_ticket=ticket)
    log.drain()
    page = client.get(f"/clips/{clip.pk}/").content.decode()
    assert "Entry 3 of a log of 4 entries" in page
    assert 'href="/log/entry/3/proof"' in page
    assert "First witnessed" not in page
    cosigning.ask_all(settings.LOG_WITNESS_POLICY, Willing())
    page = client.get(f"/clips/{clip.pk}/").content.decode()
    assert "23 November 2026, 12:00" in page
    assert "by east, north" in page
    checked = check_receipt(
        receipt_of(client.get("/log/entry/3/proof").content.decode()),
        log.signer.vkey,
        settings.LOG_WITNESS_POLICY,
    )
    assert (checked.entry.type, checked.index, checked.witnessed_at) == ("generated", 3, NOON)
