"""A log as files in memory, written by our own code without a database: thousands a second."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.core.merkle import leaf_hash
from provenance.core.mirrors import FileMissing
from provenance.core.notes import Checkpoint, Signer
from provenance.core.records import EntryType, entry_bytes
from provenance.core.tiles import WIDTH, Edge, Tile, bundle, edge_tiles

ORIGIN = "archive.example/log"
SIGNER = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)


def attempts(count: int) -> list[bytes]:
    """Entries of attempts, each followed by its outcome, every third of them without one."""
    entries = []
    for number in range(count):
        name = f"{number // 3:032x}"
        at = BEGAN + timedelta(seconds=number)
        if number % 3 == 1:
            body = {"attempt": name, "reason": "internal"}
            entries.append(entry_bytes(EntryType.FAILED, at, body))
        else:
            name = name if number % 3 == 0 else f"{number:032x}"[::-1]
            body = {"attempt": name, **dict.fromkeys(("artist", "prompt", "parameters"), "ab" * 32)}
            entries.append(entry_bytes(EntryType.ATTEMPT, at, body))
    return entries


class PlainLog:
    """Files by path, as below /log/."""

    def __init__(self, entries: Iterable[bytes] = (), signer: Signer = SIGNER) -> None:
        self.signer = signer
        self.edge = Edge()
        self.files: dict[str, bytes] = {"vkey": f"{signer.vkey}\n".encode()}
        self._waiting: list[bytes] = []
        self.extend(entries)

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.signer.name, self.edge.size, self.edge.root)

    def extend(self, entries: Iterable[bytes]) -> None:
        """Add entries and sign; partial tiles of the sizes before stay, as they must."""
        for entry in entries:
            self._waiting.append(entry)
            for full in self.edge.append(leaf_hash(entry)):
                self._put(Tile(full.level, full.n), full.hashes)
                if full.level == 0:
                    self._put(Tile(None, full.n), bundle(self._waiting))
                    self._waiting = []
        for tile, row in zip(edge_tiles(self.edge.size), self.edge.levels, strict=False):
            if row:
                self._put(tile, b"".join(row))
        if self._waiting:
            tile = Tile(None, self.edge.size // WIDTH, len(self._waiting))
            self._put(tile, bundle(self._waiting))
        self.files["checkpoint"] = self.signer.sign(self.checkpoint.text).encode()

    def read(self, path: str, limit: int) -> bytes:
        if path not in self.files:
            raise FileMissing(f"{path} is not there")
        assert len(self.files[path]) <= limit
        return self.files[path]

    def flip(self, path: str, at: int, bit: int = 1) -> None:
        data = bytearray(self.files[path])
        data[at] ^= bit
        self.files[path] = bytes(data)

    def _put(self, tile: Tile, data: bytes) -> None:
        self.files[f"tile/{tile.path}"] = data
