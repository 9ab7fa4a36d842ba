"""C2SP tlog-policy: which witnesses together make a checkpoint one that everybody sees alike.

A policy is a small text file. It says whose signatures count, never where a log lies: addresses
in it are only used by the log that asks its witnesses.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from .cosignatures import Cosigner, cosigned_at, parse_cosigner
from .errors import ProvenanceError
from .notes import NoteRefused, Verifier, parse_vkey, split_note

POLICY_LIMIT = 64 * 1024  # characters
NO_QUORUM = "none"
_MOST = 100  # of logs, witnesses and groups each; the standard asks for 32
_NUMBER = re.compile(r"[1-9]\d{0,2}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class PolicyRefused(ProvenanceError):
    """This is no policy file; the text names the line and what is wrong with it."""


@dataclass(frozen=True)
class Witness:
    """A witness under the policy's own name for it; `url` is its submission prefix, if known."""

    name: str
    cosigner: Cosigner
    url: str = ""


@dataclass(frozen=True)
class Group:
    """So many of the members, which are witnesses or groups."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Witnessed:
    """What the witnesses of a policy say of a checkpoint: who saw it when, and when that was
    enough (None: not yet). A policy that asks for nobody is met without a time.
    """

    times: Mapping[Witness, datetime]
    at: datetime | None


@dataclass(frozen=True)
class Policy:
    """The rule; `text` is the file, which anybody can be given to check by the same rule."""

    text: str
    logs: tuple[Verifier, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NO_QUORUM

    @property
    def asks_witnesses(self) -> bool:
        """Whether a checkpoint needs anybody's cosignature at all."""
        return self.quorum != NO_QUORUM

    @property
    def fewest(self) -> int:
        """How many witnesses it takes at the least."""
        return self._fewest(self.quorum) if self.asks_witnesses else 0

    def is_met(self, names: AbstractSet[str]) -> bool:
        """Whether these witnesses (the policy's names) are enough."""
        return not self.asks_witnesses or self._has(self.quorum, names)

    def witnessed(self, note: str) -> Witnessed:
        """What the cosignatures under a checkpoint are worth by this policy.

        Raises NoteRefused where one of a known witness does not hold. The log's own signature is
        not looked at.
        """
        text, signatures = split_note(note)
        known = {witness.cosigner: witness for witness in self.witnesses}
        times = {
            known[cosigner]: at for cosigner, at in cosigned_at(text, signatures, [*known]).items()
        }
        return Witnessed(times, self.met_at({who.name: at for who, at in times.items()}))

    def met_at(self, times: Mapping[str, datetime]) -> datetime | None:
        """When the last of the first enough witnesses saw it; None where they are not enough."""
        seen: set[str] = set()
        for name, at in sorted(times.items(), key=lambda item: item[1]):
            seen.add(name)
            if self.asks_witnesses and self.is_met(seen):
                return at
        return None

    def _has(self, name: str, names: AbstractSet[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in names
        return sum(self._has(member, names) for member in group.members) >= group.threshold

    def _fewest(self, name: str) -> int:
        group = self.groups.get(name)
        if group is None:
            return 1
        return sum(sorted(map(self._fewest, group.members))[: group.threshold])


NO_WITNESSES = Policy("")


def parse_policy(text: str) -> Policy:
    """Read a policy file; raises PolicyRefused where any line of it is not understood."""
    if len(text) > POLICY_LIMIT:
        raise PolicyRefused("The policy file is too long.")
    if _CONTROL.search(text):
        raise PolicyRefused("The policy file has control characters in it.")
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), 1):
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            try:
                reading.take(words)
            except (PolicyRefused, NoteRefused) as error:
                raise PolicyRefused(f"Line {number} of the policy: {error}") from error
    if reading.quorum is None:
        raise PolicyRefused("The policy has no quorum line; “quorum none” asks for no witness.")
    return Policy(
        text, tuple(reading.logs), tuple(reading.witnesses), reading.groups, reading.quorum
    )


@dataclass
class _Reading:
    """What the lines so far have defined."""

    logs: list[Verifier] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str | None = None
    members: set[str] = field(default_factory=set)

    def take(self, words: Sequence[str]) -> None:
        kinds: Mapping[str, tuple[Callable[[Sequence[str]], None], int, int]] = {
            "log": (self._log, 2, 3),
            "witness": (self._witness, 3, 4),
            "group": (self._group, 4, 3 + _MOST),
            "quorum": (self._quorum, 2, 2),
        }
        if words[0] not in kinds:
            raise PolicyRefused(f"{words[0]!r} is none of log, witness, group and quorum.")
        take, least, most = kinds[words[0]]
        if not least <= len(words) <= most:
            raise PolicyRefused(f"“{words[0]}” has {len(words) - 1} words behind it.")
        take(words)

    def _log(self, words: Sequence[str]) -> None:
        verifier = parse_vkey(words[1])
        if any(log.public == verifier.public for log in self.logs):
            raise PolicyRefused("this log's key was named before.")
        _room(self.logs)
        self.logs.append(verifier)

    def _witness(self, words: Sequence[str]) -> None:
        self._new(words[1])
        cosigner = parse_cosigner(words[2])
        if any(each.cosigner.public == cosigner.public for each in self.witnesses):
            raise PolicyRefused("this witness's key was named before.")
        _room(self.witnesses)
        self.witnesses.append(Witness(words[1], cosigner, words[3] if len(words) > 3 else ""))

    def _group(self, words: Sequence[str]) -> None:
        _, name, threshold, *members = words
        self._new(name)
        for member in members:
            if not self._known(member):
                raise PolicyRefused(f"{member!r} was not defined before.")
            if member in self.members:
                raise PolicyRefused(f"{member!r} is a member already, and may be one only once.")
            self.members.add(member)
        count = {"any": "1", "all": str(len(members))}.get(threshold, threshold)
        if not _NUMBER.fullmatch(count) or int(count) > len(members):
            raise PolicyRefused(f"{threshold!r} is none of any, all and 1 to {len(members)}.")
        _room(self.groups)
        self.groups[name] = Group(name, int(count), tuple(members))

    def _quorum(self, words: Sequence[str]) -> None:
        if self.quorum is not None:
            raise PolicyRefused("there is a second quorum.")
        if words[1] != NO_QUORUM and not self._known(words[1]):
            raise PolicyRefused(f"{words[1]!r} was not defined before.")
        self.quorum = words[1]

    def _known(self, name: str) -> bool:
        return name in self.groups or any(each.name == name for each in self.witnesses)

    def _new(self, name: str) -> None:
        if name == NO_QUORUM or self._known(name):
            raise PolicyRefused(f"the name {name!r} is taken.")


def _room(defined: Sequence[object] | Mapping[str, object]) -> None:
    if len(defined) >= _MOST:
        raise PolicyRefused(f"more than {_MOST} of these are not read.")
