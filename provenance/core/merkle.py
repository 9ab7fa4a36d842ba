"""The Merkle tree of RFC 6962 §2 and RFC 9162 §2, with SHA-256: hashes, proofs, and their checks.

Proofs are described as spans of leaves first and filled with hashes afterwards, so that whoever
stores the tree can fetch everything that a proof needs at once.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from .errors import ProvenanceError

LEAF_PREFIX = b"\x00"
HASH_BYTES = 32
MAX_SIZE = 2**63 - 1
EMPTY_ROOT = hashlib.sha256(b"").digest()


class TreeRefused(ProvenanceError):
    """A proof does not hold, or was asked for what no tree has."""


class Span(NamedTuple):
    """The leaves from `start` to before `end`."""

    start: int
    end: int


class Node(NamedTuple):
    """The hash over leaves n * 2^level to before (n + 1) * 2^level, all of them there."""

    level: int
    n: int


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry's bytes: SHA-256(00 data)."""
    return hashlib.sha256(LEAF_PREFIX + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours: SHA-256(01 left right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(peaks: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees, the largest first (RFC 9162 §2.1.1)."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def peaks_of(span: Span) -> list[Node]:
    """The perfect subtrees that make up a span, from left to right."""
    nodes, start = [], span.start
    while start < span.end:
        level = (span.end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over 2^k neighbouring hashes."""
    row = list(hashes)
    while len(row) > 1:
        pairs = zip(row[::2], row[1::2], strict=True)
        # Written out, not called: this is where a log's time goes.
        row = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return row[0]


def span_hash(span: Span, hash_of: Callable[[Node], bytes]) -> bytes:
    """MTH over a span that RFC 9162 would cut out of a tree."""
    return fold([hash_of(node) for node in peaks_of(span)])


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The spans whose hashes prove leaf `index` in a tree of `size`, the leaf's sibling first.

    RFC 9162 §2.1.3.1. Raises TreeRefused where the tree has no such leaf.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise TreeRefused(f"A tree of {size} entries has no entry {index}.")
    spans, span = [], Span(0, size)
    while span.end - span.start > 1:
        middle = span.start + _left_width(span.end - span.start)
        left, right = Span(span.start, middle), Span(middle, span.end)
        span, sibling = (left, right) if index < middle else (right, left)
        spans.append(sibling)
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """The spans whose hashes prove that the tree of `new` extends that of `old`.

    RFC 9162 §2.1.4.1. Empty where the sizes are equal or the old tree was empty. Raises
    TreeRefused where the old tree is the larger one.
    """
    if not 0 <= old <= new <= MAX_SIZE:
        raise TreeRefused(f"A tree of {new} entries cannot extend one of {old}.")
    if old in {0, new}:
        return []
    return list(_subproof(old, Span(0, new), whole=True))[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that `leaf` is the hash of entry `index` under `root`: RFC 9162 §2.1.3.2.

    Raises TreeRefused where it is not.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise TreeRefused(f"A tree of {size} entries has no entry {index}.")
    _check_lengths([leaf, root, *proof])
    left, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise TreeRefused("The proof is too long.")
        if left & 1 or left == last:
            value = node_hash(sibling, value)
            while not left & 1 and left:
                left, last = left >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        left, last = left >> 1, last >> 1
    if last != 0:
        raise TreeRefused("The proof is too short.")
    if value != root:
        raise TreeRefused("The entry is not the one that the root covers.")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of `new` entries begins with that of `old`: RFC 9162 §2.1.4.2.

    Every tree extends the empty one, without a proof. Raises TreeRefused where it does not hold.
    """
    if not 0 <= old <= new <= MAX_SIZE:
        raise TreeRefused(f"A tree of {new} entries cannot extend one of {old}.")
    _check_lengths([old_root, new_root, *proof])
    if old in {0, new}:
        known = {EMPTY_ROOT} if old == 0 else set()
        known |= {new_root} if old == new else set()
        if proof or known != {old_root}:
            raise TreeRefused("The two roots contradict each other.")
        return
    _walk_consistency(old, new, (old_root, new_root), proof)


def _walk_consistency(
    old: int, new: int, roots: tuple[bytes, bytes], proof: Sequence[bytes]
) -> None:
    path = [roots[0], *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise TreeRefused("The proof is too short.")
    left, last = old - 1, new - 1
    while left & 1:
        left, last = left >> 1, last >> 1
    first = second = path[0]
    for value in path[1:]:
        if last == 0:
            raise TreeRefused("The proof is too long.")
        if left & 1 or left == last:
            first, second = node_hash(value, first), node_hash(value, second)
            while not left & 1 and left:
                left, last = left >> 1, last >> 1
        else:
            second = node_hash(second, value)
        left, last = left >> 1, last >> 1
    if last != 0:
        raise TreeRefused("The proof is too short.")
    if (first, second) != roots:
        raise TreeRefused("The two roots contradict each other.")


def _subproof(old: int, span: Span, *, whole: bool) -> Iterator[Span]:
    """SUBPROOF of RFC 9162, from the root down: the order is turned round by the caller."""
    while True:
        if span.end == old:
            if not whole:
                yield span
            return
        middle = span.start + _left_width(span.end - span.start)
        if old <= middle:
            yield Span(middle, span.end)
            span = Span(span.start, middle)
        else:
            yield Span(span.start, middle)
            span, whole = Span(middle, span.end), False


def _left_width(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _check_lengths(hashes: Sequence[bytes]) -> None:
    if any(len(value) != HASH_BYTES for value in hashes):
        raise TreeRefused(f"A hash has {HASH_BYTES} bytes.")
