"""docs/log-format.md is what a stranger writes a verifier from: what it says is what the code does.

The stranger here has the page and Python's own library, and nothing of ours but what is checked.
"""

import hashlib
import re
from pathlib import Path

import pytest

from provenance.core import forms, manifests, records
from provenance.core.records import SCHEMA, EntryType

PAGE = (Path(__file__).parents[2] / "docs" / "log-format.md").read_text(encoding="utf-8")
_KEY = re.compile(r"`([a-z0-9_]+)`(\\\*)?")


def types_of_the_page() -> dict[str, tuple[set[str], set[str], set[str]]]:
    """By type: the keys that it must have, may have, and those that hold a commitment."""
    table = PAGE.partition("| `type` | Further keys | Meaning |")[2].partition("\n\n")[0]
    found = {}
    for line in table.splitlines()[2:]:
        _, kind, keys, _ = line.split("|", 3)
        must, _, may = keys.partition("(")
        named = _KEY.findall(keys)
        found[kind.strip(" `")] = (
            {key for key, _ in _KEY.findall(must)}
            | {key for key, _ in _KEY.findall(may[1:] and may.partition(")")[2])},
            {key for key, _ in _KEY.findall(may.partition(")")[0])},
            {key for key, star in named if star},
        )
    return found


def test_the_table_of_types_is_that_of_the_code() -> None:
    page = types_of_the_page()
    assert page.keys() == {kind.value for kind in EntryType}
    for kind, body in forms.BODIES.items():
        must, may, _ = page[kind.value]
        assert (must, may) == (set(body.required), set(body.optional)), kind


def test_what_the_page_calls_a_commitment_is_a_hash_and_has_its_value_described() -> None:
    described = PAGE.partition("| Field | Value |")[2].partition("\n\n")[0]
    for kind, (_, _, committed) in types_of_the_page().items():
        for key in committed:
            assert forms.TEXTS[key] == "[0-9a-f]{64}", (kind, key)
            assert f"`{key}`" in described, (kind, key)


def test_the_example_of_a_commitment_can_be_worked_out_from_the_page() -> None:
    value = re.search(r"value\s`(\{.*\})`\sgives\s`([0-9a-f]{64})`", PAGE)
    assert value is not None
    parts = (b"sora-archive/commit/v1", b"prompt", bytes(range(32)) + value[1].encode())
    # Context and field each end with a zero byte; salt and value follow as they are.
    assert hashlib.sha256(b"\0".join(parts)).hexdigest() == value[2]
    assert (
        records.commitment("prompt", bytes(range(32)), {"prompt": "kite", "negative_prompt": ""})
        == value[2]
    )


def root(leaves: list[bytes]) -> bytes:
    """As the page's section "The tree" says it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    return hashlib.sha256(b"\1" + root(leaves[:left]) + root(leaves[left:])).digest()


@pytest.mark.parametrize("size", [0, 1, 2, 7, 8])
def test_the_roots_of_the_page_can_be_worked_out_from_it(size: int) -> None:
    listed = PAGE.partition("Known answer: a log whose entries")[2].partition("(hexadecimal;")[0]
    leaves = [b"", *(bytes.fromhex(each) for each in re.findall(r"`([0-9a-f]+)`", listed))]
    assert len(leaves) == 8
    assert f"| {size} | `{root(leaves[:size]).hex()}` |" in PAGE


def test_limits_and_names_of_the_page_are_those_of_the_code() -> None:
    assert f"at\nmost {records.ENTRY_LIMIT:,} bytes" in PAGE
    assert f"`schema`: {SCHEMA} in this version" in PAGE
    assert f"`salt` {records.SALT_BYTES} random bytes" in PAGE


def test_the_labels_of_a_credential_are_those_of_the_page() -> None:
    table = PAGE.partition("## What a clip carries")[2].partition("\n\nAn opening is")[0]
    labels = {manifests.GENERATION, manifests.PROMPT, manifests.ARTIST, manifests.RECEIPT}
    assert set(re.findall(r"`(org\.[a-z.-]+)`", table)) == labels
