"""How many signatures count under each version of the statement, worked out from a log alone.

A signature counts once its entry stands in the log, unless it was taken back, and as long as it is
not invalidated. Whoever publishes a name shows its salt beside it; `opens` tells whether the two
belong to an entry.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from .records import JSON, Entry, EntryRefused, EntryType, commitment

FIELD = "signatory"  # the key of the commitment, in the entry and in what opens it


@dataclass(frozen=True)
class Count:
    """The signatures under one version: all that were ever made, and why some do not count."""

    version: int
    sha256: str
    made: int
    withdrawn: int
    invalid: int

    @property
    def counted(self) -> int:
        """How many count."""
        return self.made - self.withdrawn - self.invalid


@dataclass(slots=True)
class _Signature:
    statement: int
    commitment: str
    withdrawn: bool = False
    valid: bool = True


@dataclass
class Tally:
    """The signatures of a log, read from its first entry to its last."""

    size: int = 0
    _versions: dict[int, tuple[int, str]] = field(default_factory=dict)
    _signatures: dict[int, _Signature] = field(default_factory=dict)

    def take(self, place: int, entry: Entry) -> Iterator[str]:
        """Take in the entry of an index above all before; yields in words what is wrong about it.

        What is wrong changes no count. Entries of other types are passed over.
        """
        self.size = place + 1
        match entry.type:
            case EntryType.STATEMENT_VERSION:
                yield from self._version(place, entry.body)
            case EntryType.SIGNATURE:
                yield from self._signature(place, entry.body)
            case (
                EntryType.SIGNATURE_WITHDRAWN
                | EntryType.SIGNATURE_INVALIDATED
                | EntryType.SIGNATURE_REINSTATED
            ):
                yield from self._act(entry.type, entry.body)

    @property
    def counts(self) -> list[Count]:
        """The count of each version, the first one first."""
        found = {place: [0, 0, 0] for place in self._versions}
        for signature in self._signatures.values():
            row = found[signature.statement]
            row[0] += 1
            row[1] += signature.withdrawn
            row[2] += not signature.withdrawn and not signature.valid
        return [Count(*self._versions[place], *row) for place, row in found.items()]

    def standing(self, place: int) -> Literal["counted", "invalid", "withdrawn"] | None:
        """Where the signature of that index stands; None where there is none."""
        signature = self._signatures.get(place)
        if signature is None:
            return None
        if signature.withdrawn:
            return "withdrawn"
        return "counted" if signature.valid else "invalid"

    def opens(self, place: int, salt: bytes, value: JSON) -> bool:
        """Whether this salt and value are what the signature of that index commits to, and it
        counts."""
        signature = self._signatures.get(place)
        if signature is None or signature.withdrawn or not signature.valid:
            return False
        try:
            return commitment(FIELD, salt, value) == signature.commitment
        except EntryRefused:
            return False

    def _version(self, place: int, body: Mapping[str, JSON]) -> Iterator[str]:
        number, sha256 = body.get("version"), body.get("sha256")
        if not isinstance(number, int) or not isinstance(sha256, str):
            yield "it names no version and hash"
        elif number in {known for known, _ in self._versions.values()}:
            yield f"version {number} was fixed before"
        else:
            self._versions[place] = (number, sha256)

    def _signature(self, place: int, body: Mapping[str, JSON]) -> Iterator[str]:
        statement, committed = body.get("statement"), body.get(FIELD)
        known = self._versions.get(statement) if isinstance(statement, int) else None
        if not isinstance(statement, int) or known is None:
            yield "it signs no version that an earlier entry has fixed"
        elif body.get("sha256") != known[1]:
            yield f"its hash is not that of version {known[0]}"
        elif not isinstance(committed, str):
            yield "it commits to nobody"
        else:
            self._signatures[place] = _Signature(statement, committed)

    def _act(self, kind: str, body: Mapping[str, JSON]) -> Iterator[str]:
        place = body.get("signature")
        signature = self._signatures.get(place) if isinstance(place, int) else None
        if signature is None:
            yield "it is about no signature that an earlier entry holds"
        elif signature.withdrawn:
            yield f"the signature of entry {place} was taken back before"
        elif kind == EntryType.SIGNATURE_WITHDRAWN:
            signature.withdrawn = True
        elif signature.valid == (kind == EntryType.SIGNATURE_REINSTATED):
            state = "counts" if signature.valid else "does not count"
            yield f"the signature of entry {place} {state} already"
        else:
            signature.valid = not signature.valid
