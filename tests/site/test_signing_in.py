"""Stories of signing in: one step or two, locked doors, and ending it elsewhere."""

import uuid
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from sora_archive.accounts import sweeping, tokens
from sora_archive.accounts.adapter import network
from sora_archive.accounts.models import Role, Token, User
from sora_archive.accounts.people import create_person
from sora_archive.checks import throttles_tell_visitors_apart
from sora_archive.middleware import ALWAYS, CONFIRMING
from tests.people import ADA, MO, OLGA, Person
from tests.signing_in import SECRET, code, give_app, signed_in, signed_in_with_two_steps
from tests.site.open_house import filled, parameters, routes

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _nobody_has_failed_yet() -> None:
    cache.clear()


def sign_in(client: Client, person: Person, password: str = "") -> str:
    """Fills in the first page; where it leads, or what it says."""
    given = {"login": person.username, "password": password or person.password}
    answer = client.post(LOGIN, given)
    return answer["Location"] if answer.status_code == 302 else answer.content.decode()


def test_an_artist_signs_in_with_a_password(client: Client, ada: User) -> None:
    assert sign_in(client, ADA) == "/ask/"
    assert client.get("/ask/").status_code == 200


def test_a_factor_asks_for_a_second_step_and_a_code_counts_once(client: Client, ada: User) -> None:
    give_app(ada)
    assert sign_in(client, ADA) == "/accounts/factors/code/"
    assert client.get("/ask/").status_code == 302, "half signed in is not signed in"
    now = code()
    assert client.post("/accounts/factors/code/", {"code": now})["Location"] == "/ask/"
    thief = Client()
    sign_in(thief, ADA)
    again = thief.post("/accounts/factors/code/", {"code": now})
    assert "not accepted" in again.content.decode()


def test_a_recovery_code_takes_the_place_of_the_second_step_once(ada: User) -> None:
    give_app(ada)
    codes = Authenticator.objects.get(user=ada, type="recovery_codes").wrap().get_unused_codes()
    for works in (True, False):
        client = Client()
        sign_in(client, ADA)
        answer = client.post("/accounts/factors/code/", {"code": codes[0]})
        assert (answer.status_code == 302) is works


def test_what_the_database_keeps_of_factors_cannot_be_read_there(ada: User) -> None:
    give_app(ada)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        stored = [data for (data,) in cursor.fetchall()]
    assert len(stored) == 2
    assert not any(SECRET in data for data in stored)


def test_a_curator_without_a_second_factor_is_led_to_make_one(client: Client, mo: User) -> None:
    sign_in(client, MO)
    for address in ("/statement/draft/", "/admin/", "/ask/", "/"):
        assert client.get(address)["Location"] == "/accounts/factors/", address
    page = client.get("/accounts/factors/").content.decode()
    assert "a password alone is not enough" in page
    assert client.get("/accounts/factors/app/")["Location"].startswith("/accounts/reauthenticate/")
    client.post("/accounts/reauthenticate/?next=/accounts/factors/app/", {"password": MO.password})
    shown = client.get("/accounts/factors/app/").content.decode()
    secret = client.session["mfa.totp.secret"]
    assert secret in shown
    assert b"<path" in client.get("/accounts/factors/app/code.svg").content
    made = client.post("/accounts/factors/app/", {"code": code(secret)})
    assert made["Location"] == "/accounts/factors/codes/"
    assert client.get("/accounts/factors/codes/").status_code == 200
    assert client.get("/statement/draft/").status_code == 200
    assert client.get("/admin/").status_code == 200


def test_a_curators_session_of_one_step_is_asked_for_the_other(mo: User) -> None:
    """As one that was stolen, or begun before the factor was made elsewhere."""
    give_app(mo)
    client = signed_in(mo)
    answer = client.post("/statement/draft/", {"text": "# Not mo's words"})
    assert answer["Location"] == "/accounts/factors/confirm/?next=%2F"
    assert "no-store" in answer["Cache-Control"]
    for enrolling in ("/accounts/factors/app/", "/accounts/passkeys/new/", "/accounts/factors/"):
        assert client.get(enrolling)["Location"].startswith("/accounts/factors/confirm/"), (
            "a password alone makes no new factor"
        )
    confirming = client.get("/statement/draft/")["Location"]
    assert confirming == "/accounts/factors/confirm/?next=%2Fstatement%2Fdraft%2F"
    assert client.post(confirming, {"code": code()})["Location"] == "/statement/draft/"
    assert client.get("/statement/draft/").status_code == 200


@pytest.mark.slow
def test_no_address_of_the_house_opens_to_a_curator_of_one_step(mo: User) -> None:
    give_app(mo)
    once = signed_in(mo)
    some = {"uuid": str(uuid.UUID(int=0)), "int": "1"}
    names = ALWAYS | CONFIRMING
    opened = []
    for route in routes():
        address = filled(route, [some.get(each, "x") for each in parameters(route)])
        if resolve(address).view_name in names:
            continue
        opened += [
            f"{address}: {answer.status_code}"
            for answer in (once.get(address), once.post(address))
            if not answer.headers.get("location", "").startswith("/accounts/factors/confirm/")
        ]
    assert not opened


def test_the_admin_has_no_door_of_its_own(client: Client, as_ada: Client, mo: User) -> None:
    assert client.get("/admin/login/")["Location"].startswith("/accounts/login/?next=")
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    assert as_ada.get("/admin/", follow=True).status_code == 403


def test_nobody_signs_up(client: Client) -> None:
    for address in ("/accounts/signup/", "/accounts/email/", "/accounts/password/reset/"):
        assert client.get(address).status_code == 404


def test_a_wrong_name_and_a_wrong_password_sound_the_same(client: Client, ada: User) -> None:
    nobody = Person("nobody", "Nobody", "artist", "whatever-it-is")
    known, unknown = sign_in(client, ADA, "wrong"), sign_in(client, nobody)
    assert "do not belong together" in known
    for secret in ("csrfmiddlewaretoken", 'value="ada"', 'value="nobody"'):
        known, unknown = (
            "\n".join(line for line in page.splitlines() if secret not in line)
            for page in (known, unknown)
        )
    assert known == unknown


def test_five_wrong_passwords_lock_a_name_for_a_while_whether_it_exists_or_not(
    client: Client, ada: User
) -> None:
    for person in (ADA, Person("nobody", "Nobody", "artist", "x")):
        for _ in range(5):
            assert "do not belong together" in sign_in(client, person, "wrong")
        locked = sign_in(Client(REMOTE_ADDR="198.51.100.7"), person)
        assert "Too many sign-ins have failed" in locked


@pytest.mark.slow
def test_many_names_from_one_network_are_stopped(ada: User) -> None:
    pages = [
        sign_in(Client(REMOTE_ADDR=f"203.0.113.{n}"), Person(f"guess{n}", "", "", "x"))
        for n in range(11)
    ]
    assert "do not belong together" in pages[9]
    assert "Too many sign-ins have failed" in pages[10]
    assert sign_in(Client(REMOTE_ADDR="198.51.100.9"), ADA) == "/ask/"


@pytest.mark.slow
def test_thirty_posts_a_minute_are_answered_in_words(client: Client) -> None:
    answers = [client.post(LOGIN, {}).status_code for _ in range(31)]
    assert answers[29:] == [200, 429]
    assert "Too many tries" in client.post(LOGIN, {}).content.decode()


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
    ],
)
def test_of_an_address_only_the_network_is_kept(address: str, kept: str, ada: User) -> None:
    assert network(address) == kept
    sign_in(Client(REMOTE_ADDR=address), ADA)
    assert [session.ip for session in UserSession.objects.all()] == [kept]


def test_ada_signs_out_there_and_everywhere_else(ada: User) -> None:
    here, phone, library = Client(), Client(HTTP_USER_AGENT="Phone"), Client()
    for client in (here, phone, library):
        sign_in(client, ADA)
    page = here.get("/accounts/sessions/").content.decode()
    assert page.count("Sign out there") == 2
    there = UserSession.objects.get(user_agent="Phone")
    here.post(f"/accounts/sessions/{there.pk}/end/")
    assert phone.get("/ask/").status_code == 302
    assert library.get("/ask/").status_code == 200
    here.post("/accounts/sessions/others/")
    assert library.get("/ask/").status_code == 302
    assert here.get("/ask/").status_code == 200


def test_nobody_ends_the_session_of_somebody_else(
    as_ben: Client, client: Client, ada: User
) -> None:
    sign_in(client, ADA)
    theirs = UserSession.objects.get(user=ada)
    assert as_ben.post(f"/accounts/sessions/{theirs.pk}/end/").status_code == 404
    assert client.get("/ask/").status_code == 200


def test_a_new_password_ends_the_other_sessions(client: Client, ada: User) -> None:
    other = signed_in(ada)
    sign_in(client, ADA)
    new = "grey-heron-bridge-12"
    given = {"oldpassword": ADA.password, "password1": new, "password2": new}
    assert client.post("/accounts/password/", given).status_code == 302
    assert client.get("/ask/").status_code == 200
    assert other.get("/ask/").status_code == 302


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong",
    [
        {"role": Role.CURATOR},
        {"is_staff": True},
        {"is_superuser": True},
        {"role": Role.CURATOR, "is_staff": True, "is_superuser": True},
        {"pseudonym": "ADA"},
    ],
    ids=str,
)
def test_the_database_refuses_a_role_that_says_otherwise(
    ada: User, ben: User, wrong: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=ben.pk).update(**wrong)


def test_a_superuser_of_djangos_command_is_an_operator(db: None) -> None:
    made = User.objects.create_superuser(OLGA.username, None, OLGA.password, pseudonym="Olga")
    assert (made.role, made.is_staff) == (Role.OPERATOR, True)


@pytest.mark.slow
def test_an_operator_makes_ben_a_curator_and_says_why(ben: User) -> None:
    olga = create_person(OLGA.username, OLGA.pseudonym, Role.OPERATOR, OLGA.password)
    browser = signed_in_with_two_steps(olga)
    page = f"/admin/accounts/user/{ben.pk}/change/"
    assert browser.post(page, {"role": "curator", "is_active": "on"}).status_code == 200
    given = {"role": "curator", "is_active": "on", "reason": "Mo needs help."}
    assert browser.post(page, given).status_code == 302
    ben.refresh_from_db()
    assert (ben.role, ben.is_staff, ben.is_superuser) == (Role.CURATOR, True, False)
    history = browser.get(f"/admin/accounts/user/{ben.pk}/history/").content.decode()
    assert "Mo needs help." in history
    assert "Olga, Operator" in history


def test_a_curator_changes_nobodys_role(as_mo: Client, ben: User) -> None:
    page = f"/admin/accounts/user/{ben.pk}/change/"
    assert as_mo.post(page, {"role": "curator", "reason": "x"}).status_code == 403


def test_an_account_that_is_closed_is_signed_out_everywhere(as_ben: Client, ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(is_active=False)
    assert as_ben.get("/ask/").status_code == 302


def test_what_is_over_is_forgotten_within_the_hour(client: Client, ada: User) -> None:
    sign_in(client, ADA)
    sign_in(Client(), ADA)
    sign_in(Client(), ADA, "wrong")
    for days in (1, 31):
        tokens.issue(ada, f"ended {days} days ago", ["read"], -days)
    ended = Session.objects.exclude(session_key=client.session.session_key)
    ended.update(expire_date=timezone.now() - timedelta(minutes=1))
    assert sweeping.sweep() == "1 sessions, 1 traces of them and 1 tokens forgotten"
    assert sweeping.sweep() == ""
    assert [token.name for token in Token.objects.all()] == ["ended 1 days ago"]
    assert client.get("/ask/").status_code == 200
    assert UserSession.objects.count() == 1


@pytest.mark.slow
def test_behind_a_proxy_each_network_counts_for_itself(ada: User, settings: LazySettings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(11):
        far = Client(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="1.2.3.4, 203.0.113.9")
        sign_in(far, Person(f"guess{number}", "", "", "x"))
    near = Client(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.9, 198.51.100.4")
    assert sign_in(near, ADA) == "/ask/"
    assert UserSession.objects.get().ip == "198.51.100.0"


def test_a_proxy_that_is_not_trusted_is_told_to_the_operator(settings: LazySettings) -> None:
    settings.HTTPS, settings.ALLAUTH_TRUSTED_PROXY_COUNT = True, 0
    assert [told.id for told in throttles_tell_visitors_apart()] == ["sora_archive.W002"]
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert throttles_tell_visitors_apart() == []
