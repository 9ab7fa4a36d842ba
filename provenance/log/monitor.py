"""A reader with a memory: each checkpoint seen must extend the one seen before.

The one before lies in a file. Where two contradict each other both are kept, because their
signatures together prove to anybody that the log has shown two faces.
"""

from dataclasses import dataclass
from pathlib import Path

from provenance.core.errors import ProvenanceError
from provenance.core.mirrors import Contradiction, Read, check_growth, checkpoint_of
from provenance.core.notes import Checkpoint, NoteRefused, open_checkpoint

from .files import write_whole


class StateRefused(ProvenanceError):
    """The file with the last checkpoint cannot be used."""


@dataclass(frozen=True)
class Seen:
    """Two neighbouring observations; `before` is None at the first one."""

    before: Checkpoint | None
    now: Checkpoint


def observe(read: Read, vkey: str, state: Path) -> Seen:
    """Fetch the checkpoint, prove that it extends the one in `state`, and keep it there instead.

    Raises Contradiction after leaving the new checkpoint beside the old one as evidence;
    FileMissing, TileRefused or NoteRefused where the log cannot be read; StateRefused.
    """
    before = _kept(state, vkey)
    now, note = checkpoint_of(read, vkey)
    if before is not None:
        try:
            check_growth(read, before, now)
        except Contradiction as error:
            evidence = state.with_name(f"{state.name}.contradiction-{now.size}-{now.root.hex()}")
            write_whole(evidence, note.encode())
            raise Contradiction(
                f"{error} Both checkpoints are signed by the log; the older one is kept in "
                f"{state}, the newer one in {evidence}. Show them to others."
            ) from error
    write_whole(state, note.encode())
    return Seen(before, now)


def _kept(state: Path, vkey: str) -> Checkpoint | None:
    if not state.exists():
        return None
    try:
        return open_checkpoint(state.read_text(encoding="utf-8"), vkey)
    except (NoteRefused, OSError, UnicodeDecodeError) as error:
        raise StateRefused(
            f"{state} holds no checkpoint of this log ({error}). Name another file, or the log's "
            "right key."
        ) from error
