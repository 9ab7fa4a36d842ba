"""The statement's file as a page: a title, headings, lists and paragraphs, and no other markup.

Every mark but these is shown as it was typed, so the page says what the file says, and the file's
SHA-256 stands for both.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .errors import StatementUnreadable

LARGEST_BYTES = 200_000
DRAFT_LINE = "<!-- draft -->"


@dataclass(frozen=True)
class Block:
    """A piece of the text: one heading, the lines of one list, or one paragraph."""

    kind: Literal["heading", "list", "paragraph"]
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines as one."""
        return " ".join(self.lines)


@dataclass(frozen=True)
class Statement:
    """The statement as it stands; `sha256` (hex) is that of its bytes, `text` what they say."""

    title: str
    blocks: Sequence[Block]
    draft: bool
    sha256: str
    text: str


def load(path: Path) -> Statement:
    """Read the statement; raises StatementUnreadable with words for the operator."""
    try:
        with path.open("rb") as opened:
            data = opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise StatementUnreadable(f"{path.name} cannot be read: {error.strerror}.") from error
    return parse(data)


def parse(data: bytes) -> Statement:
    """The statement in these bytes; raises StatementUnreadable where they are not such a text."""
    if len(data) > LARGEST_BYTES:
        raise StatementUnreadable(f"The statement is longer than {LARGEST_BYTES:,} bytes.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StatementUnreadable("The statement is not UTF-8 text.") from error
    if "\0" in text:
        raise StatementUnreadable("The statement holds a NUL character.")
    lines = [line.strip() for line in text.splitlines()]
    draft = DRAFT_LINE in lines
    pieces = list(_pieces(line for line in lines if line != DRAFT_LINE))
    if not pieces or not pieces[0][0].startswith("# "):
        raise StatementUnreadable("The statement must begin with its title: a line “# Title”.")
    title = pieces[0][0][2:].strip()
    return Statement(title, [_block(piece) for piece in pieces[1:]], draft, _sha256(data), text)


def _pieces(lines: Iterator[str]) -> Iterator[tuple[str, ...]]:
    """Runs of lines between blank ones; a heading is a run of its own."""
    run: list[str] = []
    for line in lines:
        starts_heading = line.startswith("#")
        if run and (not line or starts_heading):
            yield tuple(run)
            run = []
        if starts_heading:
            yield (line,)
        elif line:
            run.append(line)
    if run:
        yield tuple(run)


def _block(piece: tuple[str, ...]) -> Block:
    if piece[0].startswith("#"):
        return Block("heading", (piece[0].lstrip("#").strip(),))
    if all(line.startswith("- ") for line in piece):
        return Block("list", tuple(line[2:] for line in piece))
    return Block("paragraph", piece)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
