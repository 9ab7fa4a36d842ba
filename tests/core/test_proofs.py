"""A receipt convinces a stranger, and a bent one does not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from provenance.core.merkle import EMPTY_ROOT, leaf_hash, node_hash
from provenance.core.notes import Checkpoint
from provenance.core.proofs import (
    HEADER,
    ProofRefused,
    Receipt,
    TlogProof,
    check_receipt,
    parse_proof,
)
from provenance.core.records import EntryType, entry_bytes
from tests.core.test_notes import LOG, ORIGIN, WITNESS

AT = datetime(2026, 11, 23, 19, 4, 36, tzinfo=UTC)
ENTRY = entry_bytes(EntryType.FAILED, AT, {"attempt": "0" * 32, "reason": "storage"})
SIBLING = leaf_hash(b"another entry")
ROOT = node_hash(SIBLING, leaf_hash(ENTRY))
NOTE = LOG.sign(Checkpoint(ORIGIN, 2, ROOT).text)
PROOF = TlogProof(1, (SIBLING,), NOTE)
RECEIPT = Receipt(ENTRY.decode(), PROOF.text)


def test_a_receipt_proves_its_entry() -> None:
    checked = check_receipt(RECEIPT, LOG.vkey)
    assert (checked.index, checked.size, checked.origin) == (1, 2, ORIGIN)
    assert checked.entry.body == {"attempt": "0" * 32, "reason": "storage"}


def test_the_file_is_that_of_the_standard() -> None:
    head, index, sibling, blank, *note = PROOF.text.split("\n")
    assert (head, index, blank) == (HEADER, "index 1", "")
    assert len(sibling) == 44
    assert "\n".join(note) == NOTE
    assert parse_proof(PROOF.text) == PROOF
    with_extra = replace(PROOF, extra=b"\0\0\0")
    assert with_extra.text == PROOF.text.replace("\nindex", "\nextra AAAA\nindex")
    assert parse_proof(with_extra.text) == with_extra


def test_the_only_entry_of_a_log_needs_no_hashes() -> None:
    note = LOG.sign(Checkpoint(ORIGIN, 1, leaf_hash(ENTRY)).text)
    receipt = Receipt(ENTRY.decode(), TlogProof(0, (), note).text)
    assert check_receipt(receipt, LOG.vkey).size == 1


BENT = {
    "another entry": Receipt(ENTRY.decode().replace("storage", "worker_lost"), PROOF.text),
    "another index": Receipt(RECEIPT.entry, PROOF.text.replace("index 1", "index 0")),
    "beyond the tree": Receipt(RECEIPT.entry, PROOF.text.replace("index 1", "index 2")),
    "another size": Receipt(RECEIPT.entry, PROOF.text.replace("\n2\n", "\n3\n")),
    "no hashes": Receipt(RECEIPT.entry, TlogProof(1, (), NOTE).text),
    "a hash too many": Receipt(RECEIPT.entry, TlogProof(1, (SIBLING, SIBLING), NOTE).text),
    "an empty tree": Receipt(
        RECEIPT.entry, TlogProof(0, (), LOG.sign(Checkpoint(ORIGIN, 0, EMPTY_ROOT).text)).text
    ),
    "signed by another": Receipt(
        RECEIPT.entry,
        TlogProof(1, (SIBLING,), WITNESS.sign(Checkpoint(ORIGIN, 2, ROOT).text)).text,
    ),
    "an entry that is no text": Receipt("\ud800", PROOF.text),
}


@pytest.mark.parametrize("receipt", BENT.values(), ids=BENT)
def test_a_bent_receipt_is_refused(receipt: Receipt) -> None:
    with pytest.raises(ProofRefused):
        check_receipt(receipt, LOG.vkey)


def test_a_proof_over_bytes_that_are_no_entry_is_refused() -> None:
    note = LOG.sign(Checkpoint(ORIGIN, 1, leaf_hash(b"{}")).text)
    with pytest.raises(ProofRefused, match="schema"):
        check_receipt(Receipt("{}", TlogProof(0, (), note).text), LOG.vkey)


def test_the_key_of_another_log_convinces_nobody() -> None:
    with pytest.raises(ProofRefused):
        check_receipt(RECEIPT, WITNESS.vkey)


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        PROOF.text.replace("@v1", "@v2"),
        PROOF.text.replace("index 1", "index 01"),
        PROOF.text.replace("index 1", "index -1"),
        PROOF.text.replace("index 1", f"index {2**63}"),
        PROOF.text.replace("index 1\n", ""),
        PROOF.text.replace("index 1\n", "index 1\nnot base64\n"),
        PROOF.text.replace("index 1\n", "index 1\nAAAA\n"),
        TlogProof(1, (SIBLING,) * 64, NOTE).text,
        f"{HEADER}\nextra AAAA\n\n{NOTE}",
        "x" * 1_000_001,
    ],
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(ProofRefused):
        parse_proof(text)
