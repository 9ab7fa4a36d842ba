"""Stories of coming in: a link that works once, a name of one's own, an allowance that holds."""

import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from generation import asking, quota
from generation.engines.catalog import cards
from generation.models import Generation, State
from sora_archive.accounts import invitations
from sora_archive.accounts.errors import InvitationRefused
from sora_archive.accounts.invitations import Newcomer, Terms
from sora_archive.accounts.models import Invitation, Role, User
from sora_archive.accounts.names import clean_pseudonym
from sora_archive.accounts.people import create_person
from tests.people import EVE, OLGA
from tests.signing_in import signed_in_with_two_steps


@pytest.fixture(autouse=True)
def _nobody_has_come_yet(db: None) -> None:
    cache.clear()


def write(as_mo: Client, **given: str) -> str:
    """mo writes an invitation; the path of its link."""
    fields = {"role": "artist", "generations": "2", "reason": "Met at the reading."} | given
    page = as_mo.post("/accounts/invitations/", fields).content.decode()
    [path] = re.findall(r"http://testserver(/accounts/invited/[\w-]+/)", page)
    return str(path)


def take_up(path: str, **given: str) -> tuple[Client, str]:
    """Somebody takes a link up; their browser, and where it was led or what it was told."""
    fields = {"pseudonym": "Eve", "username": "eve", "email": "", "password": EVE.password} | given
    client = Client()
    answer = client.post(path, fields)
    return client, answer["Location"] if answer.status_code == 302 else answer.content.decode()


def ask(person: User) -> Generation:
    card = cards()[0]
    return asking.ask(person, asking.Request("a kite", "", card, 7, card.frames, uuid.uuid4()))


def test_eve_is_invited_and_chooses_her_name(as_mo: Client, mo: User) -> None:
    path = write(as_mo)
    [invitation] = Invitation.objects.all()
    assert path.split("/")[3] not in str(vars(invitation)), "only the hash is kept"
    assert "You are invited" in Client().get(path).content.decode()
    client, led = take_up(path, pseudonym=" Eve  of the Kites ", email="eve@example.org")
    assert led == "/accounts/factors/"
    eve = User.objects.get(username="eve")
    assert (eve.pseudonym, eve.role, eve.is_staff) == ("Eve of the Kites", Role.ARTIST, False)
    assert client.get("/ask/").status_code == 200
    listed = as_mo.get("/accounts/invitations/").content.decode()
    assert "Met at the reading." in listed
    assert "Mo</span> (Curator)" in listed
    assert "eve@example.org" not in listed
    assert path.split("/")[3] not in listed


def test_a_link_works_once(as_mo: Client) -> None:
    path = write(as_mo)
    take_up(path)
    _client, told = take_up(path, username="mallory", pseudonym="Mallory")
    assert "This link does not work" in told
    assert not User.objects.filter(username="mallory").exists()


@pytest.mark.slow
def test_every_dead_link_says_the_same(as_mo: Client) -> None:
    used, withdrawn, expired, whole = (write(as_mo) for _ in range(4))
    take_up(used)
    newest = Invitation.objects.filter(taken_at__isnull=True).order_by("-pk")
    as_mo.post(f"/accounts/invitations/{newest[2].pk}/withdraw/")
    long_ago = timezone.now() - timedelta(days=8)
    Invitation.objects.filter(pk=newest[1].pk).update(
        created_at=long_ago, expires_at=long_ago + timedelta(days=7)
    )
    paths = (used, withdrawn, expired, whole[:-5] + "/", "/accounts/invited/nothing/")
    answers = [Client().get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {410}
    assert len({answer.content for answer in answers}) == 1
    assert Client().get(whole).status_code == 200


def test_an_invitation_that_was_taken_up_is_not_withdrawn(as_mo: Client) -> None:
    take_up(write(as_mo))
    [invitation] = Invitation.objects.all()
    as_mo.post(f"/accounts/invitations/{invitation.pk}/withdraw/")
    invitation.refresh_from_db()
    assert invitation.withdrawn_at is None


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_two_who_use_one_link_at_once_one_comes_in(mo: User) -> None:
    _made, token = invitations.invite(mo, Terms(Role.ARTIST, None, "A race."))
    start = threading.Barrier(2)

    def come(name: str) -> str:
        start.wait()
        try:
            return str(invitations.take_up(token, Newcomer(name, name.title(), "", EVE.password)))
        except InvitationRefused:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        came = sorted(pool.map(come, ("eve", "zoe")))
    assert came.count("refused") == 1
    assert User.objects.exclude(pk=mo.pk).count() == 1


def test_a_curator_invites_artists_alone_and_an_operator_everybody(as_mo: Client) -> None:
    refused = as_mo.post("/accounts/invitations/", {"role": "curator", "reason": "x"})
    assert refused.status_code == 422
    olga = create_person(OLGA.username, OLGA.pseudonym, Role.OPERATOR, OLGA.password)
    path = write(signed_in_with_two_steps(olga), role="curator", generations="")
    client, _led = take_up(path)
    assert User.objects.get(username="eve").is_staff
    assert client.get("/accounts/invitations/")["Location"] == "/accounts/factors/"


def test_an_artist_invites_nobody(as_ada: Client, ada: User) -> None:
    assert as_ada.get("/accounts/invitations/").status_code == 403
    with pytest.raises(InvitationRefused):
        invitations.invite(ada, Terms(Role.ARTIST, None, "x"))


def test_the_allowance_of_an_invitation_holds_and_a_curator_raises_it(as_mo: Client) -> None:
    take_up(write(as_mo, generations="2"))
    eve = User.objects.get(username="eve")
    states = [ask(eve).state for _ in range(3)]
    assert states == [State.QUEUED, State.QUEUED, State.REFUSED]
    refused = Generation.objects.get(state=State.REFUSED)
    assert refused.reason_code == "quota_allowance"
    assert "all 2 clips that your invitation allows" in refused.reason
    page = as_mo.get(f"/accounts/people/{eve.pk}/").content.decode()
    assert "Has asked for 2 clips." in page
    as_mo.post(f"/accounts/people/{eve.pk}/", {"generations": "3", "reason": "Good work."})
    assert ask(eve).state == State.QUEUED
    assert ask(eve).state == State.REFUSED
    page = as_mo.get(f"/accounts/people/{eve.pk}/").content.decode()
    assert "Good work." in page
    as_mo.post(f"/accounts/people/{eve.pk}/", {"generations": "", "reason": "Trusted."})
    assert ask(eve).state == State.QUEUED


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_cannot_both_be_the_last(mo: User, ada: User) -> None:
    invitations.allow(ada, mo, 1, "One.")
    start = threading.Barrier(2)

    def ask_at_once(_number: int) -> str:
        start.wait()
        try:
            return str(ask(ada).state)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask_at_once, range(2))) == ["queued", "refused"]
    assert quota.asked(ada) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"pseudonym": ""}, "This field is required"),
        ({"pseudonym": "x" * 81}, "1 to 80 letters"),
        ({"pseudonym": "E\u200bve"}, "invisible character (U+200B)"),
        ({"pseudonym": "\u202eevE"}, "invisible character (U+202E)"),
        ({"pseudonym": "-- --"}, "needs a letter"),
        ({"pseudonym": "\u0410da"}, "mixes alphabets"),
        ({"pseudonym": "MO"}, "already called so"),
        ({"pseudonym": "Unnamed-0a"}, "accounts are called that were erased"),
        ({"username": "Mo"}, "Choose another name"),
        ({"username": "e v e"}, "valid username"),
        ({"password": "kite"}, "too short"),
        ({"password": "password123"}, "too common"),
        ({"email": "eve at example"}, "valid email"),
    ],
    ids=str,
)
def test_what_cannot_be_is_said_and_the_link_still_works(
    as_mo: Client, given: dict[str, str], words: str
) -> None:
    path = write(as_mo)
    _client, told = take_up(path, **given)
    assert words in told
    assert take_up(path)[1] == "/accounts/factors/"


@pytest.mark.parametrize("name", ["Zoë", "張偉 Ada", "O'Neil", "Ада", "ada-7", "Ω team"])
def test_names_of_all_alphabets_can_be_chosen(name: str) -> None:
    assert clean_pseudonym(name) == name


def test_a_name_that_somebody_takes_in_between_is_refused_in_words(mo: User) -> None:
    _made, token = invitations.invite(mo, Terms(Role.ARTIST, None, "x"))
    with pytest.raises(ValidationError, match="a moment ago"):
        invitations.take_up(token, Newcomer("eve", "mo", "", EVE.password))
    assert invitations.find(token).taken_at is None


def test_who_comes_without_a_password_is_led_to_a_passkey_until_there_is_a_way_back(
    as_mo: Client,
) -> None:
    client, led = take_up(write(as_mo), password="")
    assert led == "/accounts/factors/"
    assert client.get("/ask/")["Location"] == "/accounts/factors/"
    assert "no way to come back yet" in client.get(led).content.decode()
    assert client.get("/accounts/passkeys/new/").status_code == 200
    new = {"password1": EVE.password, "password2": EVE.password}
    client.post("/accounts/password/set/", new)
    assert client.get("/ask/").status_code == 200


@pytest.mark.slow
def test_taking_up_is_throttled(as_mo: Client) -> None:
    path = write(as_mo)
    codes = [Client().post(path, {"email": ""}).status_code for _ in range(11)]
    assert codes[9:] == [422, 429]


def test_the_operator_opens_an_account_again(ada: User) -> None:
    lost = signed_in_with_two_steps(ada)
    out = StringIO()
    call_command("recoverperson", "ada", "--reason", "Lost the phone.", stdout=out)
    path = out.getvalue().strip().removeprefix("http://testserver")
    client = Client()
    assert "A new way in" in client.get(path).content.decode()
    assert client.post(path, {"password": "12345678"}).status_code == 422
    assert client.post(path, {"password": EVE.password})["Location"] == "/accounts/factors/"
    assert client.get("/ask/").status_code == 200
    assert lost.get("/ask/").status_code == 302
    ada.refresh_from_db()
    assert ada.check_password(EVE.password)
    assert Client().get(path).status_code == 410


def test_a_link_for_a_new_account_opens_no_old_one(mo: User) -> None:
    _made, token = invitations.invite(mo, Terms(Role.ARTIST, None, "x"))
    with pytest.raises(InvitationRefused):
        invitations.recover(token, EVE.password)


def test_nobody_is_recovered_who_is_not_there(db: None) -> None:
    with pytest.raises(CommandError, match="nobody named 'eve'"):
        call_command("recoverperson", "eve", "--reason", "x")


def test_ada_changes_her_name(as_ada: Client, ada: User) -> None:
    as_ada.post("/accounts/name/", {"pseudonym": "Ada K.", "email": ""})
    ada.refresh_from_db()
    assert str(ada) == "Ada K."
    again = as_ada.post("/accounts/name/", {"pseudonym": "ADA K.", "email": ""})
    assert again.status_code == 302, "one's own name in other letters"


@pytest.fixture
def eves(as_mo: Client) -> Client:
    return take_up(write(as_mo))[0]


def test_a_new_link_is_nothing_for_who_is_signed_in(eves: Client, as_mo: Client) -> None:
    path = write(as_mo)
    assert eves.get(path)["Location"] == "/accounts/"
    assert Client().get(path).status_code == 200
