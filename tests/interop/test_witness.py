"""A live witness that nobody here wrote cosigns our log, and refuses a fork and a rollback.

aics-witness runs in an environment of its own (`make tools`), since it needs Python 3.12.
"""

import json
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from provenance.core.policies import parse_policy
from provenance.core.proofs import parse_proof
from provenance.core.tiles import Tile
from provenance.log import cosigning, models, posting, receipts, tree, witnesses
from provenance.log.sequencer import Sequencer
from tests.provenance.log_cast import log_in, submit_attempt, submit_many

pytestmark = pytest.mark.slow

HOME = Path(__file__).parents[2] / ".venv-witness" / "bin"
NAME = "witness.example/w1"


class LiveWitness:
    """aics-witness on the loopback address, which knows one log."""

    def __init__(self, folder: Path, log: Sequencer) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        listen = self.address.removeprefix("http://")
        self.vkey = self.run("init", "--name", NAME, "--listen", listen).strip()
        self.run("add-log", "--origin", log.signer.name, "--vkey", log.signer.vkey)

    def run(self, *words: str) -> str:
        line = [str(HOME / "aics-witness"), words[0], "--config", "witness.json", *words[1:]]
        done = subprocess.run(line, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def serve(self) -> "subprocess.Popen[bytes]":
        line = [str(HOME / "aics-witness"), "serve", "--config", "witness.json"]
        with (self.folder / "witness.log").open("ab") as said:
            running = subprocess.Popen(line, cwd=self.folder, stdout=said, stderr=said)
        deadline = time.monotonic() + 30
        while True:
            try:
                assert self.get("/healthz") == b"ok\n"
                return running
            except OSError:
                assert running.poll() is None, (self.folder / "witness.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.address + path, timeout=5) as answer:  # noqa: S310
            data: bytes = answer.read()
        return data

    @property
    def policy(self) -> str:
        return f"witness live {self.vkey} {self.address}/\nquorum live\n"


@pytest.fixture
def log(db: None, tmp_path: Path) -> Sequencer:
    started = log_in(tmp_path)
    started.open()
    return started


@pytest.fixture
def witness(log: Sequencer, tmp_path: Path, settings: Settings) -> Iterator[LiveWitness]:
    if not (HOME / "aics-witness").exists():
        pytest.skip("the live witness is missing: make tools, with a Python 3.12 or newer")
    folder = tmp_path / "witness"
    folder.mkdir()
    live = LiveWitness(folder, log)
    settings.LOG_WITNESS_POLICY = parse_policy(live.policy)
    running = live.serve()
    yield live
    running.terminate()
    assert running.wait(10) == 0


def grow(log: Sequencer, count: int) -> None:
    submit_many(count)
    log.drain()


def ask(settings: Settings) -> str:
    """One round; what the witness has against it, empty where it cosigned."""
    cosigning.ask_all(settings.LOG_WITNESS_POLICY, posting.post)
    return models.Witness.objects.get().problem


def test_it_cosigns_every_checkpoint_of_a_log_that_only_grows(
    log: Sequencer, witness: LiveWitness, settings: Settings
) -> None:
    for count in (1, 1, 254, 1, 300, 3):
        grow(log, count)
        assert ask(settings) == ""
    seen = receipts.newest_witnessed()
    assert seen is not None
    assert seen.head_id == 560
    proof = parse_proof(receipts.receipt(41).proof)
    witnessed = settings.LOG_WITNESS_POLICY.witnessed(proof.checkpoint)
    assert witnessed.at is not None
    assert abs(witnessed.at.timestamp() - time.time()) < 60
    # What it tells monitors is what we serve.
    [state] = json.loads(witness.run("status", "--json"))["logs"]
    theirs = witness.get(f"/{state['origin_hash']}/checkpoint").decode()
    assert theirs == receipts.cosigned(seen)


def test_a_fork_of_the_same_size_is_refused_with_422(
    log: Sequencer, witness: LiveWitness, settings: Settings
) -> None:
    grow(log, 7)
    past = transaction.savepoint()
    grow(log, 5)
    assert ask(settings) == ""
    transaction.savepoint_rollback(past)  # another history from entry 7 on
    log.marks.paths[0].unlink()
    grow(log, 5)
    assert re.search(r"two histories.*\(422\)", ask(settings))
    assert receipts.newest_witnessed() is None
    evidence = json.loads(witness.run("evidence"))
    assert evidence
    assert evidence[0]["witness_size"] == 12


def test_a_longer_fork_is_refused_with_422(
    log: Sequencer, witness: LiveWitness, settings: Settings
) -> None:
    grow(log, 7)
    past = transaction.savepoint()
    grow(log, 5)
    assert ask(settings) == ""
    transaction.savepoint_rollback(past)
    log.marks.paths[0].unlink()
    grow(log, 50)
    assert re.search(r"two histories.*\(422\)", ask(settings))


def test_a_rollback_is_refused_with_409(
    log: Sequencer, witness: LiveWitness, settings: Settings
) -> None:
    grow(log, 7)
    past = transaction.savepoint()
    grow(log, 5)
    assert ask(settings) == ""
    transaction.savepoint_rollback(past)
    assert "cosigned 12 entries of this log, of which only 7 are here" in ask(settings)
    newest = receipts.newest()
    assert newest is not None
    [live] = settings.LOG_WITNESS_POLICY.witnesses
    body = witnesses.request(7, [], newest.note)
    with pytest.raises(witnesses.WitnessElsewhere) as refused:
        witnesses.add_checkpoint(live, body, newest.note, posting.post)
    assert refused.value.size == 12


def test_a_witness_that_was_away_catches_up(
    log: Sequencer, witness: LiveWitness, settings: Settings
) -> None:
    grow(log, 3)
    assert ask(settings) == ""
    away = parse_policy(witness.policy.replace(witness.address, "http://127.0.0.1:9"))
    grow(log, 300)
    assert cosigning.ask_all(away, posting.post) == 0
    assert "does not answer" in models.Witness.objects.get().problem
    grow(log, 1)
    models.Witness.objects.all().delete()  # also where we forgot what it has seen
    assert ask(settings) == ""
    assert receipts.newest_witnessed() == receipts.newest()


def test_it_refuses_a_proof_that_is_not_one(log: Sequencer, witness: LiveWitness) -> None:
    """The witness checks what we send: a wrong proof is no mere formality."""
    [live] = parse_policy(witness.policy).witnesses
    grow(log, 5)
    first = receipts.newest()
    assert first is not None
    witnesses.add_checkpoint(live, witnesses.request(0, [], first.note), first.note, posting.post)
    submit_attempt()
    log.drain()
    second = receipts.newest()
    assert second is not None
    proof = tree.consistency_proof(5, 6)
    body = witnesses.request(5, [*proof[:-1], bytes(32)], second.note)
    with pytest.raises(witnesses.WitnessRefused, match="422"):
        witnesses.add_checkpoint(live, body, second.note, posting.post)
    body = witnesses.request(5, proof, second.note)
    witnesses.add_checkpoint(live, body, second.note, posting.post)


@pytest.mark.django_db(transaction=True)
def test_a_verifier_of_others_accepts_the_quorum_over_http(
    transactional_db: None, log: Sequencer, witness: LiveWitness, settings: Settings,
    live_server: LiveServer, tmp_path: Path,
) -> None:  # fmt: skip
    """aics-tlog fetches our files from the running site and wants the witness's signature."""
    grow(log, 600)
    assert ask(settings) == ""
    (tmp_path / "entry").write_bytes(tree.read_entries(Tile(None, 0))[41])
    common = ["--log-key", log.signer.vkey, "--tiles", f"{live_server.url}/log",
              "--origin", log.signer.name]  # fmt: skip
    quorum = ["--witness-key", witness.vkey, "--quorum", "1"]
    inclusion = ["verify-inclusion", "--leaf", str(tmp_path / "entry"), "--index", "41"]
    assert tlog("verify-checkpoint", *common, *quorum) == 0
    assert tlog(*inclusion, *common, *quorum) == 0
    (tmp_path / "entry").write_bytes(b"{}")
    assert tlog(*inclusion, *common, *quorum) != 0
    grow(log, 1)  # signed, not cosigned yet
    assert tlog("verify-checkpoint", *common) == 0
    assert tlog("verify-checkpoint", *common, *quorum) != 0


def tlog(*words: str) -> int:
    line = [str(HOME / "aics-tlog"), *words]
    return subprocess.run(line, capture_output=True, check=False, timeout=60).returncode
