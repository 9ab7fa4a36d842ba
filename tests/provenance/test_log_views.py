"""A stranger with nothing but HTTP rebuilds the log, and is told clearly what is not there."""

from pathlib import Path

import pytest
from django.test import Client

from provenance.core import tiles
from provenance.core.merkle import leaf_hash, perfect_root
from provenance.core.notes import open_checkpoint
from provenance.core.proofs import Receipt, check_receipt
from provenance.log import integrate
from provenance.log.sequencer import Sequencer
from tests.provenance.log_cast import (
    log_in,
    new_attempt,
    submit_attempt,
    submit_failure,
    submit_many,
)
from tests.provenance.test_log_sequencer import guards_off


@pytest.fixture
def log(db: None, tmp_path: Path) -> Sequencer:
    """A log of 301 entries: one full tile and a partial one."""
    started = log_in(tmp_path)
    started.open()
    submit_attempt()
    submit_many(300)
    started.drain()
    return started


def test_a_stranger_rebuilds_the_tree_from_the_bundles(log: Sequencer, client: Client) -> None:
    vkey = client.get("/log/vkey").content.decode().strip()
    assert vkey == log.signer.vkey
    signed = open_checkpoint(client.get("/log/checkpoint").content.decode(), vkey)
    assert signed.size == 301
    edge = tiles.Edge()
    for path in ("entries/000", "entries/001.p/45"):
        for entry in tiles.unbundle(client.get(f"/log/tile/{path}").content):
            edge.append(leaf_hash(entry))
    assert (edge.size, edge.root) == (301, signed.root)


def test_tiles_are_those_of_the_tree_and_partial_ones_stay(log: Sequencer, client: Client) -> None:
    full = client.get("/log/tile/0/000")
    assert len(full.content) == 8192
    assert full["Cache-Control"] == "public, max-age=31536000, immutable"
    assert full["Content-Type"] == "application/octet-stream"
    assert client.get("/log/tile/0/000.p/7").content == full.content[: 7 * 32]
    assert len(client.get("/log/tile/0/001.p/45").content) == 45 * 32
    above = client.get("/log/tile/1/000.p/1").content
    assert above == perfect_root(tiles.split(full.content))


@pytest.mark.parametrize(
    "path",
    ["0/001", "0/001.p/46", "0/002.p/1", "1/000", "1/000.p/2", "2/000.p/1", "entries/001",
     "entries/001.p/46", "0/1", "0/x000/000", "9/000", "0/000.p/256", "nonsense", "0/" + "9" * 99],
)  # fmt: skip
def test_tiles_that_are_not_there(log: Sequencer, client: Client, path: str) -> None:
    assert client.get(f"/log/tile/{path}").status_code == 404


def test_nothing_is_served_before_it_is_signed(log: Sequencer, client: Client) -> None:
    submit_attempt()
    integrate.integrate(1)
    for path in ("entry/301", "entry/301/proof", "entry/301/data", "tile/0/001.p/46",
                 "tile/entries/001.p/46"):  # fmt: skip
        assert client.get(f"/log/{path}").status_code == 404
    log.open()
    assert client.get("/log/entry/301/proof").status_code == 200


def test_entry_and_proof_are_a_receipt(log: Sequencer, client: Client) -> None:
    data = client.get("/log/entry/0/data")
    proof = client.get("/log/entry/0/proof")
    assert proof["Content-Disposition"] == 'attachment; filename="entry-0.tlog-proof"'
    receipt = Receipt(data.content.decode(), proof.content.decode())
    assert check_receipt(receipt, log.signer.vkey).index == 0


def test_the_pages_show_the_log(log: Sequencer, client: Client) -> None:
    front = client.get("/log/")
    assert front.status_code == 200
    text = front.content.decode()
    assert "archive.example/log" in text
    assert 'href="/log/entry/300"' in text
    assert "/log/entry/250" not in text

    assert f"auditlog --url http://testserver/log/ --vkey '{log.signer.vkey}'" in text
    older = client.get("/log/", {"before": "251"}).content.decode()
    assert 'href="/log/entry/250"' in older
    page = client.get("/log/entry/0").content.decode()
    assert "/log/entry/0/proof" in page
    assert "attempt" in page


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE log_entry SET data = data || ' '::bytea WHERE index = 299",
        "UPDATE log_entry SET data = '\\xff'::bytea || data WHERE index = 299",
    ],
)
def test_a_damaged_entry_hides_no_other(log: Sequencer, client: Client, damage: str) -> None:
    guards_off(damage)
    page = client.get("/log/").content.decode()
    assert "/log/entry/300" in page
    assert page.count("damaged") == 1
    assert "These bytes are no entry" in client.get("/log/entry/299").content.decode()
    for path in ("entry/299/data", "entry/299/proof"):
        assert client.get(f"/log/{path}").status_code == 404


def test_attempts_without_outcome_are_listed_until_they_have_one(
    log: Sequencer, client: Client
) -> None:
    begun, lost = new_attempt(), new_attempt()
    for attempt in (begun, lost):
        submit_attempt(attempt)
    log.drain()
    assert "303 attempts have been logged and not ended" in _front(client)
    submit_failure(begun)
    integrate.integrate(10)
    log.open()
    assert "302 attempts have been logged and not ended" in _front(client)
    assert 'href="/log/entry/0">No. 0</a> <span class="soft">open for 0\xa0minutes' in _front(
        client
    )


def test_a_log_in_which_everything_has_ended_says_so(
    db: None, tmp_path: Path, client: Client
) -> None:
    started = log_in(tmp_path)
    started.open()
    attempt = new_attempt()
    submit_attempt(attempt)
    submit_failure(attempt)
    started.drain()
    assert "Every attempt in the log has ended in its outcome" in _front(client)


def _front(client: Client) -> str:
    return client.get("/log/").content.decode()


def test_a_log_that_was_never_started_says_so(db: None, client: Client) -> None:
    assert client.get("/log/").status_code == 200
    for path in ("checkpoint", "vkey", "entry/0", "entry/0/proof", "tile/0/000"):
        assert client.get(f"/log/{path}").status_code == 404


@pytest.mark.parametrize(
    "path", ["entry/301", f"entry/{10**30}", f"entry/{10**30}/proof", f"entry/{10**30}/data",
             "?before=-1", "?before=x", f"?before={10**30}", "?before=%D9%A7"],
)  # fmt: skip
def test_absurd_requests_are_not_found(log: Sequencer, client: Client, path: str) -> None:
    assert client.get(f"/log/{path}").status_code == 404


def test_the_log_is_read_only(log: Sequencer, client: Client) -> None:
    assert client.post("/log/checkpoint").status_code == 405
    assert client.head("/log/checkpoint").status_code == 200
