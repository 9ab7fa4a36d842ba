"""Ben has a number, an address or a hash in his hand, and finds what the log says of it."""

import importlib
import json
import uuid
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client

from provenance.core.records import EntryType
from provenance.log import integrate, outbox
from provenance.log.audit import audit
from provenance.log.models import Entry, Mention
from provenance.log.sequencer import Sequencer
from tests.provenance.log_cast import log_in, new_attempt, submit_attempt, submit_failure
from tests.provenance.test_log_audit import owner

CLIP = uuid.UUID("6f1b3c1e-2a57-4d0f-9c3e-0a1b2c3d4e5f")
SHA256 = "c0" * 32
MANIFEST = "urn:c2pa:11111111-2222-4333-8444-555555555555"


@pytest.fixture
def log(db: None, tmp_path: Path) -> Sequencer:
    """A clip's way: 0 attempt, 1 failure of another, 2 publication, 3 withdrawal."""
    started = log_in(tmp_path)
    started.open()
    attempt = new_attempt()
    submit_attempt(attempt)
    submit_failure(new_attempt())
    with transaction.atomic():
        outbox.submit(
            EntryType.PUBLICATION,
            {
                "attempt": attempt,
                "clip": str(CLIP),
                "generated": 0,
                "manifest": MANIFEST,
                "sha256": SHA256,
            },
        )
        outbox.submit(
            EntryType.WITHDRAWAL,
            {"clip": str(CLIP), "publication": 2, "by": "artist", "reason": "wish"},
        )
    started.drain()
    return started


def found(client: Client, query: str) -> list[int]:
    answer = client.get("/log/find/", {"q": query})
    assert answer.status_code == 200, query
    return [line.index for line in answer.context["lines"]]


def leaf(index: int) -> str:
    return bytes(Entry.objects.get(index=index).leaf_hash).hex()


def test_a_clip_is_found_by_id_address_hash_and_manifest(log: Sequencer, client: Client) -> None:
    for query in (str(CLIP), f"http://testserver/clips/{CLIP}/", f" {str(CLIP).upper()} "):
        assert found(client, query) == [2, 3]
    assert found(client, SHA256) == [2]
    assert found(client, SHA256.upper()) == [2]
    assert found(client, MANIFEST) == [2]


def test_an_entry_is_found_by_number_leaf_and_attempt(log: Sequencer, client: Client) -> None:
    for query in ("3", "No. 3", "#3", "no 3"):
        answer = client.get("/log/find/", {"q": query})
        assert (answer.status_code, answer["Location"]) == (302, "/log/entry/3"), query
    assert found(client, leaf(1)) == [1]
    attempt = json.loads(bytes(Entry.objects.get(index=2).data))["attempt"]
    assert found(client, attempt) == [0, 2]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("4", 404, "no entry of that number"),
        ("9" * 18, 404, "no entry of that number"),
        ("c1" * 32, 404, "only once its clip is published"),
        ("5f3d1c60-1c1e-4e0b-9a55-3a5a6a1b7c2d", 404, "No entry names this"),
        ("0" * 32, 404, "No entry names this"),
        ("urn:c2pa:nothing", 404, "No entry names this"),
        ("a red kite", 400, "neither a number"),
        ("9" * 19, 400, "neither a number"),
        ("٣", 400, "neither a number"),
        ("c1" * 31, 400, "neither a number"),
        ("x" * 501, 400, "neither a number"),
        ("\x00", 400, "neither a number"),
        ("'; DROP TABLE log_entry; --", 400, "neither a number"),
        ("", 200, "Find entries by number"),
    ],
)
def test_what_is_not_found_is_said_in_words(
    log: Sequencer, client: Client, query: str, status: int, words: str
) -> None:
    answer = client.get("/log/find/", {"q": query})
    assert (answer.status_code, words in answer.content.decode()) == (status, True)


def test_nothing_is_found_before_it_is_signed(log: Sequencer, client: Client) -> None:
    with transaction.atomic():
        outbox.submit(
            EntryType.RESTORATION,
            {"clip": str(CLIP), "withdrawal": 3, "by": "artist", "reason": "wish"},
        )
    integrate.integrate(10)
    assert found(client, str(CLIP)) == [2, 3]
    assert client.get("/log/find/", {"q": "4"}).status_code == 404
    log.open()
    assert found(client, str(CLIP)) == [2, 3, 4]


@pytest.mark.django_db(transaction=True)
def test_a_log_from_before_the_lookup_gets_it_whole(log: Sequencer) -> None:
    filling = importlib.import_module("provenance.log.migrations.0004_confirmations")
    before = set(Mention.objects.values_list("term", "index"))
    assert before == {(str(CLIP), 2), (str(CLIP), 3), (SHA256, 2), (MANIFEST, 2)}
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM log_mention")
        cursor.execute(filling.FILL)
    assert set(Mention.objects.values_list("term", "index")) == before


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("order", "index"),
    [
        ("DELETE FROM log_mention WHERE term LIKE 'c0c0%'", 2),
        ("UPDATE log_mention SET index = 1 WHERE term LIKE 'c0c0%'", 1),
        ("UPDATE log_mention SET term = 'x' WHERE index = 3", 3),
        ("INSERT INTO log_mention VALUES ('x', 0)", 0),
        ("INSERT INTO log_mention VALUES ('x', 77)", 77),
        ("INSERT INTO log_mention VALUES ('x', -1)", -1),
    ],
)
def test_the_audit_names_what_is_found_wrongly(log: Sequencer, order: str, index: int) -> None:
    assert [each for each in audit().problems if "look" in each] == []
    owner(order)
    assert any(each.startswith(f"entry {index}: ") for each in audit().problems)
