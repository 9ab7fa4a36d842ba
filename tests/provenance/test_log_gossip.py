"""Somebody met a checkpoint elsewhere: the log answers for it, and keeps what speaks against it."""

import json
from base64 import b64decode
from pathlib import Path
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client

from provenance.core.merkle import verify_consistency
from provenance.core.notes import Checkpoint, Signer, open_checkpoint
from provenance.log import gossip
from provenance.log.models import Contradiction
from provenance.log.sequencer import Sequencer
from tests.core.witnesses import NORTH
from tests.provenance.log_cast import ORIGIN, log_in, submit_many

TEXT = "text/plain; charset=utf-8"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def log(db: None, tmp_path: Path) -> Sequencer:
    """A log that was signed at 5 and at 12 entries."""
    started = log_in(tmp_path)
    started.open()
    for count in (5, 7):
        submit_many(count)
        started.drain()
    return started


def tell(client: Client, note: str | bytes, kind: str = TEXT) -> tuple[int, str]:
    answer = client.post("/log/gossip", note, content_type=kind)
    return answer.status_code, answer.content.decode()


def signed(log: Sequencer, size: int, root: bytes = bytes(32)) -> str:
    return log.signer.sign(Checkpoint(ORIGIN, size, root).text)


def test_a_checkpoint_of_this_history_agrees(log: Sequencer, client: Client) -> None:
    for size in (5, 12):
        note = client.get(f"/log/checkpoint/{size}").content.decode()
        assert open_checkpoint(note, log.signer.vkey).size == size
        status, words = tell(client, note + NORTH.line(note))
        assert (status, f"first {size} entries" in words) == (200, True)
    status, words = tell(client, client.get("/log/checkpoint/0").content)
    assert status == 200
    assert Contradiction.objects.count() == 0


@pytest.mark.parametrize("size", [1, 5, 7, 12])
def test_another_history_is_kept_as_evidence_that_proves_itself(
    log: Sequencer, client: Client, size: int
) -> None:
    forged = signed(log, size)
    status, words = tell(client, forged + NORTH.line(forged))
    assert (status, "evidence No. " in words) == (201, True)
    [kept] = Contradiction.objects.all()
    proof = json.loads(client.get(f"/log/contradictions/{kept.pk}").content)
    # What a stranger does with it, with the log's key alone.
    seen = open_checkpoint(proof["checkpoint"], proof["vkey"])
    ours = open_checkpoint(proof["contradicts"], proof["vkey"])
    first = b64decode(proof["first"])
    verify_consistency(
        seen.size, ours.size, first, ours.root, [b64decode(value) for value in proof["consistency"]]
    )
    assert (seen.size, seen.root == first) == (size, False)
    assert "north.example" not in proof["checkpoint"]


def test_more_than_the_log_has_means_that_it_lost_entries(log: Sequencer, client: Client) -> None:
    status, words = tell(client, signed(log, 13))
    assert (status, "evidence" in words) == (201, True)
    [kept] = Contradiction.objects.all()
    proof = json.loads(client.get(f"/log/contradictions/{kept.pk}").content)
    assert (proof["size"], proof["first"], proof["consistency"]) == (13, "", [])


def test_the_same_evidence_is_kept_once(log: Sequencer, client: Client) -> None:
    assert [tell(client, signed(log, 5))[0] for _ in range(3)] == [201, 200, 200]
    assert tell(client, signed(log, 5, bytes([1]) * 32))[0] == 201
    assert Contradiction.objects.count() == 2


def test_everybody_sees_it(log: Sequencer, client: Client) -> None:
    assert "contradicted itself" not in client.get("/log/").content.decode()
    tell(client, signed(log, 5))
    page = client.get("/log/").content.decode()
    assert "This log has contradicted itself" in page
    assert "another tree of 5 entries" in page


THIEF = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER = Signer("other.example/log", Ed25519PrivateKey.from_private_bytes(bytes(32)))


@pytest.mark.parametrize(
    ("note", "status", "words"),
    [
        (THIEF.sign(Checkpoint(ORIGIN, 5, bytes(32)).text), 403, "did not sign"),
        (OTHER.sign(Checkpoint(OTHER.name, 5, bytes(32)).text), 422, "another log"),
        (Checkpoint(ORIGIN, 5, bytes(32)).text, 400, "no checkpoint"),
        (THIEF.sign(f"{ORIGIN}\n{10**40}\n{'A' * 43}=\n"), 400, "size or root"),
        (THIEF.sign(f"{ORIGIN}\n-5\n{'A' * 43}=\n"), 400, "size or root"),
        (THIEF.sign(f"{ORIGIN}\n5\nAAAA\n"), 400, "size or root"),
        ("", 400, "no checkpoint"),
        ("hello", 400, "no checkpoint"),
        (b"\xff\xfe\x00", 400, "UTF-8"),
        ("x" * 70_000, 413, "64 KB"),
        ("x" * 140_000, 413, "64 KB"),
        ("x" * 2_000_000, 413, "64 KB"),
    ],
)  # fmt: skip
def test_what_says_nothing_about_this_log_is_refused_and_not_kept(
    log: Sequencer, client: Client, note: str | bytes, status: int, words: str
) -> None:
    found, said = tell(client, note)
    assert (found, words in said) == (status, True), said
    assert Contradiction.objects.count() == 0


def test_an_absurd_size_under_the_right_key_is_evidence_and_no_work(
    log: Sequencer, client: Client
) -> None:
    assert tell(client, signed(log, 2**63 - 1))[0] == 201
    assert tell(client, log.signer.sign(f"{ORIGIN}\n{2**63}\n{'A' * 43}=\n"))[0] == 400


def test_a_person_pastes_it_into_the_page(log: Sequencer) -> None:
    """Without a token of the site: whoever runs into a checkpoint may come from anywhere."""
    browser = Client(enforce_csrf_checks=True)

    def paste(**fields: str) -> tuple[int, str]:
        return tell(browser, urlencode(fields), FORM)

    note = browser.get("/log/checkpoint/5").content.decode()
    status, page = paste(checkpoint=note.replace("\n", "\r\n").strip())
    assert (status, "It agrees" in page) == (200, True)
    status, page = paste(checkpoint=signed(log, 5))
    assert (status, "A contradiction" in page) == (201, True)
    status, page = paste(checkpoint="<script>")
    assert (status, "It says nothing" in page) == (400, True)
    assert paste(other="x")[0] == 400
    assert browser.get("/log/gossip").status_code == 405


def test_a_log_that_was_never_started_has_nothing_to_compare(db: None, client: Client) -> None:
    assert tell(client, THIEF.sign(Checkpoint(ORIGIN, 5, bytes(32)).text))[0] == 404
    with pytest.raises(gossip.GossipRefused):
        gossip.hear("")


@pytest.mark.parametrize("number", [1, 10**30])
def test_evidence_that_is_not_there(log: Sequencer, client: Client, number: int) -> None:
    assert client.get(f"/log/contradictions/{number}").status_code == 404


@pytest.mark.parametrize("size", [3, 13, 10**30])
def test_checkpoints_that_were_never_signed(log: Sequencer, client: Client, size: int) -> None:
    assert client.get(f"/log/checkpoint/{size}").status_code == 404
