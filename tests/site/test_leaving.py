"""Stories of taking one's data along, and of leaving: the name goes, the proofs stay."""

import uuid
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from generation import asking, proposals
from generation.asking import Request
from generation.engines.catalog import cards
from generation.models import Generation, Proposal, RequestSignature, State
from provenance.core.records import parse_entry
from provenance.log import outbox
from provenance.log.models import Entry, Opening
from provenance.log.sequencer import Sequencer
from sora_archive.accounts import invitations, keys, leaving, tokens
from sora_archive.accounts.models import ArtistKey, Invitation, Role, Token, User
from tests.core.signers import soft_passkey
from tests.people import ADA, EVE
from tests.provenance.log_cast import log_in
from tests.signing_in import give_app, give_passkey, signed_in_a_moment_ago

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_site_that_browsers_trust(settings: LazySettings) -> None:
    settings.SITE_URL = "http://localhost:8000"


@pytest.fixture
def log(tmp_path: Path) -> Sequencer:
    opened = log_in(tmp_path)
    opened.open()
    return opened


def request() -> Request:
    card = cards()[0]
    return Request("a red kite", "", card, 7, card.frames, uuid.uuid4())


def a_life(ada: User) -> Generation:
    """ada has done everything once: signed, asked, made a token, an app, a passkey."""
    ada.email = "ada@example.org"
    ada.save()
    give_app(ada)
    soft = soft_passkey()
    keys.enrol(ada, give_passkey(ada, soft))
    proposal = proposals.propose(ada, request())
    signed = soft.sign(bytes(proposal.data), site="localhost", origin="http://localhost:8000")
    generation = proposals.accept(ada, proposal, signed.as_json())
    asking.cancel(generation)
    proposals.propose(ada, request())
    tokens.issue(ada, "laptop", ["read"], 30)
    generation.refresh_from_db()
    return generation


def everything() -> str:
    """Every row of every table of the site, as text: where a name could hide."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 - our own tables
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)


def test_ada_takes_everything_along_and_no_secret(ada: User, log: Sequencer) -> None:
    generation = a_life(ada)
    answer = signed_in_a_moment_ago(ada).get("/accounts/export.json")
    assert "attachment" in answer["Content-Disposition"]
    told = answer.json()
    assert told["account"]["email"] == "ada@example.org"
    [attempt] = told["generations"]
    assert (attempt["id"], attempt["prompt"]) == (str(generation.pk), "a red kite")
    opened = outbox.openings_of(generation.attempt_ticket)
    assert set(attempt["openings"]) == {"artist", "prompt", "parameters", "signed"}
    assert attempt["openings"]["prompt"]["salt"] == opened["prompt"].salt.hex()
    assert [token["name"] for token in told["tokens"]] == ["laptop"]
    assert [key["name"] for key in told["keys"]] == ["Kitchen phone"]
    text = answer.content.decode()
    for secret in (ada.password, Token.objects.get().token_sha256, '"secret"', '"seed":"'):
        assert secret not in text


def test_the_export_is_asked_for_once_more_and_is_ones_own(as_ada: Client, ada: User) -> None:
    asked = as_ada.get("/accounts/export.json")
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert Client().get("/accounts/export.json").status_code == 302


def test_the_export_takes_as_many_queries_for_many_attempts(
    ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(8):
        asking.ask(ada, request())
    with django_assert_max_num_queries(12):
        leaving.export(ada)


@pytest.mark.slow
def test_ada_leaves_and_nothing_of_her_is_left_but_proofs(ada: User, log: Sequencer) -> None:
    generation = a_life(ada)
    log.drain()
    entries = [bytes(row.data) for row in Entry.objects.order_by("index")]
    browser = signed_in_a_moment_ago(ada)
    given = {"name": "Ada"}
    assert browser.post("/accounts/erase/", given)["Location"] == "/"
    log.drain()
    after = everything()
    for trace in ("ada@example.org", "Kitchen phone", "laptop", '"Ada"', ",ada,", ",Ada,"):
        assert trace not in after, trace
    ada.refresh_from_db()
    assert (ada.is_active, ada.has_usable_password()) == (False, False)
    for model in (Authenticator, ArtistKey, Token, Proposal, RequestSignature, UserSession):
        assert not model._default_manager.exists(), model
    assert browser.get("/accounts/").status_code == 302, "signed out"
    again = Client().post("/accounts/login/", {"login": "ada", "password": ADA.password})
    assert again.status_code == 200
    # The proofs: every entry stands as it did, and the log says what was erased.
    assert [bytes(row.data) for row in Entry.objects.order_by("index")][: len(entries)] == entries
    erased = [
        parse_entry(bytes(row.data)).body
        for row in Entry.objects.filter(kind="erasure").order_by("index")
    ]
    assert sorted(str(body["field"]) for body in erased) == ["artist", "key", "signed"]
    assert {(body["by"], body["reason"]) for body in erased} == {("artist", "account_closed")}
    assert not Opening.objects.filter(field__in=("artist", "key", "signed")).exists()
    assert Opening.objects.filter(field="prompt").exists(), "the prompt is not the name"
    generation.refresh_from_db()
    assert generation.state == State.CANCELLED


def test_leaving_takes_ones_name_typed(ada: User, log: Sequencer) -> None:
    refused = signed_in_a_moment_ago(ada).post("/accounts/erase/", {"name": "ada"})
    assert refused.status_code == 422
    ada.refresh_from_db()
    assert ada.is_active


def test_leaving_asks_who_one_is(as_ada: Client) -> None:
    asked = as_ada.post("/accounts/erase/", {"name": "Ada"})
    assert asked["Location"].startswith("/accounts/reauthenticate/")


@pytest.mark.slow
def test_why_somebody_was_invited_goes_with_them(mo: User, log: Sequencer) -> None:
    terms = invitations.Terms(Role.ARTIST, 3, "Eve Kite of the reading.")
    _made, token = invitations.invite(mo, terms)
    newcomer = invitations.Newcomer("eve", "Eve", "", EVE.password)
    eve = invitations.take_up(token, newcomer)
    leaving.erase(eve)
    assert "Eve" not in everything()
    assert Invitation.objects.get().taken_by == eve


@pytest.mark.slow
def test_leaving_twice_changes_nothing_more(ada: User, log: Sequencer) -> None:
    a_life(ada)
    log.drain()
    leaving.erase(ada)
    log.drain()
    count = Entry.objects.count()
    name = User.objects.get(pk=ada.pk).pseudonym
    leaving.erase(ada)
    log.drain()
    assert Entry.objects.count() == count
    assert User.objects.get(pk=ada.pk).pseudonym == name
