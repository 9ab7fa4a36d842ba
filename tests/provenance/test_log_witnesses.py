"""Witnesses are asked to cosign; what they say, and that they refuse, is there for everybody."""

import re
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from provenance.core.policies import Policy, parse_policy
from provenance.core.proofs import parse_proof
from provenance.log import cosigning, models, receipts, tree
from provenance.log.audit import audit
from provenance.log.models import Cosignature
from provenance.log.posting import Answer, ServerUnavailable, post
from provenance.log.sequencer import Sequencer
from tests.core.witnesses import EAST, NOON, NORTH, SOUTH, Witness
from tests.provenance.log_cast import log_in, submit_attempt, submit_many

POLICY = f"""\
witness north {NORTH.vkey} https://north.example/
witness east {EAST.vkey} https://east.example/w1
witness south {SOUTH.vkey}
group some 2 north east south
quorum some
"""
HOSTS: Mapping[str, Witness] = {
    "https://north.example/add-checkpoint": NORTH,
    "https://east.example/w1/add-checkpoint": EAST,
}


@pytest.fixture
def policy(settings: Settings) -> Policy:
    settings.LOG_WITNESS_POLICY = parse_policy(POLICY)
    return parse_policy(POLICY)


@pytest.fixture
def log(db: None, tmp_path: Path, policy: Policy) -> Sequencer:
    """A log of seven entries."""
    started = log_in(tmp_path)
    started.open()
    submit_attempt()
    submit_many(6)
    started.drain()
    return started


class Willing:
    """The witnesses of the policy, who sign whatever they are sent, and keep it."""

    def __init__(self, at: datetime = NOON, **answers: Answer | Exception) -> None:
        self.at = at
        self.answers = answers
        self.asked: list[tuple[str, str]] = []
        self.lock = threading.Lock()

    def __call__(self, address: str, body: bytes, kind: str) -> Answer:
        head, _, note = body.decode().partition("\n\n")
        witness = HOSTS[address]
        with self.lock:
            self.asked.append((witness.name.partition(".")[0], head))
        answer = self.answers.get(witness.name.partition(".")[0])
        if isinstance(answer, Exception):
            raise answer
        return answer or Answer(200, "text/plain", witness.line(note, self.at).encode())


def refusing(status: int, body: bytes = b"no\n", kind: str = "text/plain") -> Willing:
    return Willing(north=Answer(status, kind, body))


def test_two_witnesses_make_a_checkpoint_witnessed(log: Sequencer, policy: Policy) -> None:
    assert receipts.newest_witnessed() is None
    assert cosigning.ask_all(policy, Willing()) == 2
    seen = receipts.newest_witnessed()
    assert seen is not None
    assert (seen.head_id, receipts.witnessed(seen).at) == (7, NOON)
    for witness in (NORTH, EAST):
        assert witness.line(seen.note, NOON) in receipts.cosigned(seen)


def test_one_alone_is_kept_and_is_not_enough(log: Sequencer, policy: Policy) -> None:
    down = ServerUnavailable("east.example does not answer.")
    assert cosigning.ask_all(policy, Willing(east=down)) == 1
    assert receipts.newest_witnessed() is None
    assert NORTH.name in receipts.cosigned(receipts.newest() or pytest.fail("no checkpoint"))
    assert models.Witness.objects.get(cosigner=EAST.vkey).problem == str(down)
    assert cosigning.ask_all(policy, Willing()) == 1
    assert receipts.newest_witnessed() is not None
    assert models.Witness.objects.get(cosigner=EAST.vkey).problem == ""


def test_a_checkpoint_is_cosigned_once_and_the_next_from_there(
    log: Sequencer, policy: Policy
) -> None:
    willing = Willing()
    cosigning.ask_all(policy, willing)
    assert cosigning.ask_all(policy, willing) == 0
    assert sorted(willing.asked) == [("east", "old 0"), ("north", "old 0")]
    submit_attempt()
    log.drain()
    willing.asked.clear()
    cosigning.ask_all(policy, willing)
    assert {head.partition("\n")[0] for _, head in willing.asked} == {"old 7"}
    proof = tree.consistency_proof(7, 8)
    assert all(head.count("\n") == len(proof) > 0 for _, head in willing.asked)


def test_an_empty_log_is_shown_to_nobody(db: None, tmp_path: Path, policy: Policy) -> None:
    assert cosigning.ask_all(policy, Willing()) == 0
    log_in(tmp_path).open()
    assert cosigning.ask_all(policy, Willing()) == 0


def test_a_witness_that_remembers_more_is_asked_from_there(log: Sequencer, policy: Policy) -> None:
    class Remembering(Willing):
        def __call__(self, address: str, body: bytes, kind: str) -> Answer:
            answer = super().__call__(address, body, kind)
            if body.startswith(b"old 0\n"):
                return Answer(409, "text/x.tlog.size", b"3\n")
            return answer

    remembering = Remembering()
    assert cosigning.ask_all(policy, remembering) == 2
    heads = [head.partition("\n")[0] for name, head in remembering.asked if name == "north"]
    assert heads == ["old 0", "old 3"]


@pytest.mark.parametrize(
    ("answering", "words"),
    [
        (refusing(409, b"9\n", "text/x.tlog.size"), "9 entries .* only 7 .* older backup"),
        (refusing(409, b"3\n", "text/x.tlog.size"), "somebody else feeds it"),
        (refusing(409, b"9\n"), "none that a witness gives. .409"),
        (refusing(409, b"-1\n", "text/x.tlog.size"), "none that a witness gives"),
        (refusing(409, b"9" * 30, "text/x.tlog.size"), "none that a witness gives"),
        (refusing(400), "malformed"),
        (refusing(403), "this log's key"),
        (refusing(404), "origin and vkey"),
        (refusing(422), "two histories"),
        (refusing(500), "none that a witness gives. .500"),
        (refusing(301), "none that a witness gives. .301"),
        (refusing(200, b"<html>"), "no cosignature"),
        (refusing(200, b"\xff\xfe"), "no cosignature"),
        (refusing(200, b""), "no cosignature"),
        (refusing(200, EAST.line("another\n1\nAAAA\n").encode()), "another key"),
        (refusing(200, NORTH.line("another\n1\nAAAA\n").encode()), "does not hold"),
    ],
)  # fmt: skip
def test_a_refusal_is_shown_in_words_and_nothing_is_kept(
    log: Sequencer, policy: Policy, answering: Willing, words: str, client: Client,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    assert cosigning.ask_all(policy, answering) == 1  # east signs all the same
    assert Cosignature.objects.filter(cosigner=NORTH.vkey).count() == 0
    problem = models.Witness.objects.get(cosigner=NORTH.vkey).problem
    assert re.search(words, problem), problem
    assert "the witness north did not cosign" in caplog.text
    caplog.clear()
    cosigning.ask_all(policy, answering)
    assert "did not cosign" not in caplog.text  # said once, not every ten seconds


def test_receipts_are_under_the_newest_witnessed_checkpoint(
    log: Sequencer, policy: Policy, client: Client
) -> None:
    cosigning.ask_all(policy, Willing())
    submit_attempt()
    log.drain()
    old = parse_proof(client.get("/log/entry/3/proof").content.decode())
    new = parse_proof(client.get("/log/entry/7/proof").content.decode())
    assert policy.witnessed(old.checkpoint).at == NOON
    assert old.checkpoint.split("\n")[1] == "7"
    assert policy.witnessed(new.checkpoint).at is None
    assert new.checkpoint.split("\n")[1] == "8"
    assert client.get("/log/witnessed").content.decode() == old.checkpoint
    assert client.get("/log/checkpoint").content.decode() == new.checkpoint


def test_the_first_witnessed_time_is_that_of_the_first_checkpoint_that_covers_the_entry(
    log: Sequencer, policy: Policy
) -> None:
    assert receipts.standing(7) is None
    assert receipts.standing(6) is not None
    for hour in range(3):
        cosigning.ask_all(policy, Willing(NOON + timedelta(hours=hour)))
        submit_attempt()
        log.drain()
    times = [receipts.standing(index) for index in (0, 6, 7, 8, 9)]
    assert [each.witnessed_at if each else None for each in times] == [
        NOON, NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=2), None,
    ]  # fmt: skip
    assert times[0] is not None
    assert times[0].witnesses == ("east", "north")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", ["line", "another", "cosigner"])
def test_a_cosignature_row_that_does_not_hold_is_shown_to_nobody(
    log: Sequencer, policy: Policy, change: str
) -> None:
    """Whoever can write rows cannot make a witness say something, nor spoil what others say."""
    cosigning.ask_all(policy, Willing())
    [row] = Cosignature.objects.filter(cosigner=NORTH.vkey)
    submit_attempt()
    log.drain()
    newest = receipts.newest()
    assert newest is not None
    forged = {
        "line": NORTH.line("another\n1\nAAAA\n"),
        "another": row.line,
        "cosigner": EAST.line(newest.note),
    }[change]
    Cosignature.objects.create(checkpoint=newest, cosigner=NORTH.vkey, at=NOON, line=forged)
    assert receipts.cosigned(newest) == newest.note
    assert any("entry 7: the cosignature of 8 entries" in each for each in audit().problems)


@pytest.mark.django_db(transaction=True)
def test_the_audit_counts_cosignatures(log: Sequencer, policy: Policy) -> None:
    cosigning.ask_all(policy, Willing())
    report = audit()
    assert (report.cosignatures, report.problems) == (2, [])


def test_the_policy_is_public(log: Sequencer, policy: Policy, client: Client) -> None:
    served = parse_policy(client.get("/log/policy").content.decode())
    assert [each.cosigner for each in served.witnesses] == [
        each.cosigner for each in policy.witnesses
    ]
    assert served.logs == (log.signer.verifier,)
    assert served.is_met({"north", "south"})


def test_the_page_shows_who_witnesses_and_who_does_not(
    log: Sequencer, policy: Policy, client: Client
) -> None:
    cosigning.ask_all(policy, refusing(422))
    page = client.get("/log/").content.decode()
    assert "north" in page
    assert "two histories" in page
    entry = client.get("/log/entry/3").content.decode()
    assert "Not yet" in entry
    cosigning.ask_all(policy, Willing())
    assert "23 November 2026, 12:00" in client.get("/log/entry/3").content.decode()


def test_without_a_policy_nobody_is_asked_and_nothing_is_promised(
    db: None, tmp_path: Path, client: Client
) -> None:
    started = log_in(tmp_path)
    started.open()
    submit_attempt()
    started.drain()
    assert cosigning.ask_all(django_settings.LOG_WITNESS_POLICY, Willing()) == 0
    assert client.get("/log/witnessed").status_code == 404
    assert client.get("/log/policy").content == f"log {started.signer.vkey}\nquorum none\n".encode()


@pytest.mark.parametrize("address", ["ftp://w.example/", "w.example", "http://127.0.0.1:9/"])
def test_a_server_that_is_not_there_is_an_answer_in_words(address: str) -> None:
    with pytest.raises(ServerUnavailable, match=r"no address|does not answer"):
        post(address, b"old 0\n", "text/plain")
