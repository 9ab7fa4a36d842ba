"""What a reading is made of, line by line: statements with who stands for each, and failures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SHOWN_LETTERS = 4000
NAMED_LETTERS = 200  # of a title or a place, which stand in many lines
_NOT_ABOUT_BYTES = ("signingCredential.", "timeStamp.", "cawg.")


@dataclass(frozen=True)
class Claim:
    """One line of what the credential says: assertion label, words, value, who asserts it."""

    label: str
    text: str
    value: str
    asserted_by: str


@dataclass(frozen=True)
class Failure:
    """One thing that does not hold: status code, plain words, and the part of the credential."""

    code: str
    text: str
    where: str
    in_ingredient: bool = False

    @property
    def about_bytes(self) -> bool:
        """Whether it is about the bytes or the statements, and not about the signer or a time."""
        return not self.code.startswith(_NOT_ABOUT_BYTES)


def dig(holder: Any, path: tuple[str, ...]) -> Any:
    """The value at a path of keys; None where any part of the way is missing."""
    for key in path:
        holder = holder.get(key) if isinstance(holder, Mapping) else None
    return holder


def shown(value: Any, most: int = SHOWN_LETTERS) -> str:
    """Any value as text of bounded length; escaping for a page is the page's work."""
    if value is None:
        return ""
    text = (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    )
    return text if len(text) <= most else text[:most] + "…"


def part_of(url: Any) -> str:
    """The last part of an address within a credential, of bounded length; empty without one."""
    return shown(str(url or "").rsplit("/", 1)[-1], NAMED_LETTERS)
