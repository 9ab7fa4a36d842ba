"""Checks a copy of a log with tlog-scales: what is ours here is only the order of the questions.

Usage: verify_scales.py DIR VKEY, where DIR also holds `proof` and `consistency`.
"""

import sys
from base64 import b64decode
from pathlib import Path

from tlog_scales import tiles
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint, ConsistencyProof, InclusionProof


def check(folder: Path, vkey: Vkey) -> str:
    """What was accepted; raises whatever tlog-scales raises."""
    reader = TilesReader(LocalBackend(folder))
    signed = reader.get_checkpoint()
    signed.verify(vkey)
    if reader.calculate_root_hash() != signed.root_hash:
        raise ValueError("the tiles have another root")
    for index in range(signed.size):
        leaf = tiles.leaf_hash(reader.get_entry(index))
        if leaf != reader.mth(index, index + 1):
            raise ValueError(f"entry {index} has another hash")
        if index % 256 == 0:
            reader.get_inclusion_proof(index, signed.size).check(leaf, signed.root_hash)
    _receipt(folder, vkey, reader)
    size, old, *proof = (folder / "consistency").read_text().split()
    hashes = [b64decode(line, validate=True) for line in proof]
    ConsistencyProof(int(size), signed.size, hashes).check(b64decode(old), signed.root_hash)
    if reader.get_consistency_proof(int(size), signed.size).node_hashes != hashes:
        raise ValueError("another consistency proof")
    return f"ACCEPTED {signed.size}"


def _receipt(folder: Path, vkey: Vkey, reader: TilesReader) -> None:
    head, _, note = (folder / "proof").read_text().partition("\n\n")
    _, index, *hashes = head.split("\n")
    number = int(index.removeprefix("index "))
    signed = Checkpoint.from_text(note)
    signed.verify(vkey)
    proof = InclusionProof(number, signed.size, [b64decode(line) for line in hashes])
    proof.check(tiles.leaf_hash(reader.get_entry(number)), signed.root_hash)


if __name__ == "__main__":
    try:
        print(check(Path(sys.argv[1]), Vkey.from_string(sys.argv[2])))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a refusal
        print(f"REFUSED: {error!r}")
        sys.exit(1)
