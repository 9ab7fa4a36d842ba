"""The tree against the standards' known answers, a naive tree, and proofs that somebody bent."""

import hashlib
import json
from base64 import b64decode
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.core import merkle
from provenance.core.merkle import MAX_SIZE, Node, Span, TreeRefused
from provenance.core.tiles import Edge

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
          "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
WIDE = 300
HASHES = [hashlib.sha256(b"\x00" + str(n).encode()).digest() for n in range(WIDE)]


def naive(hashes: Sequence[bytes]) -> bytes:
    """MTH as RFC 6962 §2.1 writes it, on leaf hashes."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + naive(hashes[:k]) + naive(hashes[k:])).digest()


def hash_of(node: Node) -> bytes:
    return naive(HASHES[node.n << node.level : (node.n + 1) << node.level])


def filled(spans: list[Span]) -> list[bytes]:
    return [merkle.span_hash(span, hash_of) for span in spans]


def test_the_known_roots_of_rfc_6962() -> None:
    edge = Edge()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        edge.append(merkle.leaf_hash(bytes.fromhex(leaf)))
        assert edge.root.hex() == root


def test_the_empty_tree() -> None:
    assert Edge().root == merkle.EMPTY_ROOT == hashlib.sha256(b"").digest()


def test_every_size_has_the_root_of_the_naive_tree() -> None:
    edge = Edge()
    for size in range(WIDE + 1):
        root = naive(HASHES[:size])
        assert edge.root == root
        assert merkle.span_hash(Span(0, size), hash_of) == root
        if size < WIDE:
            edge.append(HASHES[size])


@pytest.mark.parametrize("size", [*range(1, 20), 64, 65, 255, 256, 257, WIDE])
def test_every_entry_of_a_tree_is_proved(size: int) -> None:
    root = naive(HASHES[:size])
    for index in range(size):
        proof = filled(merkle.inclusion_spans(index, size))
        merkle.verify_inclusion(HASHES[index], index, size, proof, root)


@pytest.mark.parametrize("new", [*range(1, 20), 64, 65, 256, 257, WIDE])
def test_every_older_tree_is_proved_to_be_the_beginning(new: int) -> None:
    root = naive(HASHES[:new])
    for old in range(new + 1):
        proof = filled(merkle.consistency_spans(old, new))
        merkle.verify_consistency(old, new, naive(HASHES[:old]), root, proof)


@given(st.integers(1, WIDE), st.data())
def test_a_bent_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root, leaf = naive(HASHES[:size]), HASHES[index]
    proof = filled(merkle.inclusion_spans(index, size))
    bent = [[*proof, leaf], proof[:-1] if proof else [leaf]]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bent.append([*proof[:at], bytes(32), *proof[at + 1 :]])
    for wrong in bent:
        with pytest.raises(TreeRefused):
            merkle.verify_inclusion(leaf, index, size, wrong, root)
    with pytest.raises(TreeRefused):
        merkle.verify_inclusion(bytes(32), index, size, proof, root)
    if size > 1:
        with pytest.raises(TreeRefused):
            merkle.verify_inclusion(leaf, (index + 1) % size, size, proof, root)


@given(st.integers(2, WIDE), st.data())
def test_a_bent_consistency_proof_is_refused(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new - 1))
    roots = naive(HASHES[:old]), naive(HASHES[:new])
    proof = filled(merkle.consistency_spans(old, new))
    at = data.draw(st.integers(0, len(proof) - 1))
    for wrong in ([*proof, HASHES[0]], proof[:-1], [*proof[:at], bytes(32), *proof[at + 1 :]]):
        with pytest.raises(TreeRefused):
            merkle.verify_consistency(old, new, *roots, wrong)
    with pytest.raises(TreeRefused):
        merkle.verify_consistency(old, new, bytes(32), roots[1], proof)
    with pytest.raises(TreeRefused):
        merkle.verify_consistency(old, new, roots[0], bytes(32), proof)


def test_equal_and_empty_trees_need_no_proof_and_allow_none() -> None:
    root = naive(HASHES[:5])
    merkle.verify_consistency(5, 5, root, root, [])
    merkle.verify_consistency(0, 5, merkle.EMPTY_ROOT, root, [])
    for old, old_root in ((5, bytes(32)), (0, bytes(32))):
        with pytest.raises(TreeRefused, match="contradict"):
            merkle.verify_consistency(old, 5, old_root, root, [])
    with pytest.raises(TreeRefused, match="contradict"):
        merkle.verify_consistency(0, 5, merkle.EMPTY_ROOT, root, [HASHES[0]])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (0, MAX_SIZE + 1)])
def test_absurd_places_are_refused(index: int, size: int) -> None:
    with pytest.raises(TreeRefused):
        merkle.inclusion_spans(index, size)
    with pytest.raises(TreeRefused):
        merkle.verify_inclusion(HASHES[0], index, size, [], HASHES[0])


@pytest.mark.parametrize(("old", "new"), [(6, 5), (-1, 5), (1, MAX_SIZE + 1)])
def test_a_shrinking_tree_is_refused(old: int, new: int) -> None:
    with pytest.raises(TreeRefused):
        merkle.consistency_spans(old, new)
    with pytest.raises(TreeRefused):
        merkle.verify_consistency(old, new, HASHES[0], HASHES[1], [])


def test_a_hash_of_another_length_is_refused() -> None:
    with pytest.raises(TreeRefused, match="32 bytes"):
        merkle.verify_inclusion(HASHES[0][:31], 0, 1, [], HASHES[0][:31])


VECTORS = json.loads((Path(__file__).parent / "merkle_vectors.json").read_text())


def hashed(text: str) -> bytes:
    """Where any hash will do, the vectors have some words."""
    data = b64decode(text)
    return hashlib.sha256(data).digest() if data.startswith(b"don't care") else data


@pytest.mark.parametrize("vector", VECTORS["inclusion"], ids=lambda vector: vector["name"])
def test_inclusion_proofs_of_the_public_vectors(vector: dict[str, Any]) -> None:
    leaf, root = hashed(vector["leafHash"]), hashed(vector["root"])
    proof = [hashed(each) for each in vector["proof"] or ()]
    outcome = pytest.raises(TreeRefused) if vector["wantErr"] else nullcontext()
    with outcome:
        merkle.verify_inclusion(leaf, vector["leafIdx"], vector["treeSize"], proof, root)


@pytest.mark.parametrize("vector", VECTORS["consistency"], ids=lambda vector: vector["name"])
def test_consistency_proofs_of_the_public_vectors(vector: dict[str, Any]) -> None:
    """Their program refuses to begin at size 0. C2SP tlog-witness does begin there: without a
    proof, and with the root of the empty tree.
    """
    old, new = vector["size1"], vector["size2"]
    roots = hashed(vector["root1"]), hashed(vector["root2"])
    proof = [hashed(each) for each in vector["proof"] or ()]
    begins = (old, proof, roots[0]) == (0, [], merkle.EMPTY_ROOT) and new > 0
    refused = vector["wantErr"] and not begins
    outcome = pytest.raises(TreeRefused) if refused else nullcontext()
    with outcome:
        merkle.verify_consistency(old, new, *roots, proof)


def test_the_public_vectors_are_all_there() -> None:
    assert (len(VECTORS["inclusion"]), len(VECTORS["consistency"])) == (98, 98)
    wanted = [
        vector["wantErr"] for kind in ("inclusion", "consistency") for vector in VECTORS[kind]
    ]
    assert wanted.count(False) > 10 < wanted.count(True)
