"""The high-water mark: the newest checkpoint ever signed, kept outside the database.

A database restored from an older backup would let the sequencer sign a second history. The mark
tells, because it is written before each checkpoint is published and never goes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from provenance.core.notes import Checkpoint, NoteRefused, open_checkpoint

from .errors import SequencerRefused
from .files import write_whole


@dataclass(frozen=True)
class HighWater:
    """One mark in one or more files, best on more than one disk."""

    paths: Sequence[Path]

    def read(self, vkey: str) -> Checkpoint | None:
        """The highest mark; None where there is none in any place.

        Raises SequencerRefused where a file cannot be read or is not of this log's key.
        """
        marks = [_read(path, vkey) for path in self.paths if path.exists()]
        return max(marks, key=lambda mark: mark.size, default=None)

    def write(self, note: str) -> None:
        """Store a signed checkpoint in every place; it is on disk when this returns."""
        for path in self.paths:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, note.encode())


def _read(path: Path, vkey: str) -> Checkpoint:
    try:
        return open_checkpoint(path.read_text(), vkey)
    except (NoteRefused, OSError, UnicodeDecodeError) as error:
        raise SequencerRefused(
            f"The high-water mark {path} is not a checkpoint of this log ({error}). If the log "
            "was given a new key or origin on purpose, move the file away; else restore it.",
            "The high-water mark is not one of this log.",
        ) from error
