"""Bringing a backup back into an archive that has nothing yet, and saying what it lacks.

The high-water mark never goes back: of all that are at hand the highest is kept, so that the
sequencer refuses to sign where this backup is older than what others hold already.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from generation import erasures, storage
from provenance import vault
from provenance.core.notes import Checkpoint, NoteRefused, open_checkpoint
from provenance.log.files import write_whole

from . import backup, server
from .backup import DATABASE, ERASURES, MARK, MEDIA, OTHER, Manifest, Progress
from .errors import RestoreRefused


@dataclass(frozen=True)
class Restored:
    """What came back: entries of the log, files, and how many entries were signed in all."""

    manifest: Manifest
    files: int
    marked: int

    @property
    def behind(self) -> bool:
        """Whether others hold entries that this database lacks."""
        return self.manifest.entries < self.marked


def restore(folder: Path, keys: Path | None, seen: str, progress: Progress) -> Restored:
    """Restore a backup where there is nothing yet; `seen` is a checkpoint that somebody holds.

    The database must answer. Raises RestoreRefused where anything would be overwritten or the
    backup is not whole, BackupRefused where there is none, KeepingError where the tools fail.
    """
    manifest = backup.read(folder)
    _check_whole(folder, manifest)
    _check_nothing_there(keys)
    marks = _marks(folder, manifest, seen)
    for done, (name, sha256) in enumerate(manifest.files.items(), 1):
        if not backup.copy_file(folder / MEDIA / name, _place(name), sha256):
            raise RestoreRefused(
                f"The backup's file {name} is missing or damaged: nothing was put into the "
                "database. Use another backup, after emptying the media folder."
            )
        progress(done, len(manifest.files))
    _copy_other(folder / OTHER)
    if keys is not None:
        shutil.copytree(keys, settings.KEYS_DIR, dirs_exist_ok=True)
        settings.KEYS_DIR.chmod(0o700)
    highest = max(marks, key=lambda mark: mark[0].size)
    place: Path = settings.DATA / "log" / MARK
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(place, highest[1].encode())
    erasures.merge(folder / ERASURES)
    server.load(folder / DATABASE)
    server.grant()
    return Restored(manifest, len(manifest.files), highest[0].size)


def _check_whole(folder: Path, manifest: Manifest) -> None:
    if storage.sha256_of(folder / DATABASE) != manifest.database_sha256:
        raise RestoreRefused(f"{folder / DATABASE} is damaged: use another backup.")


def _place(name: str) -> Path:
    """Where a file of the backup belongs; a name that leads elsewhere is no file of ours."""
    folder: Path = settings.MEDIA_DIR.resolve()
    place = (folder / name).resolve()
    if not place.is_relative_to(folder):
        raise RestoreRefused(f"The backup names a file outside the media folder: {name!r}.")
    return place


def _check_nothing_there(keys: Path | None) -> None:
    """Refuse whatever would write over something; an empty archive is what this is for."""
    if not server.is_empty():
        raise RestoreRefused(
            "The database has tables already. Restore into an empty one: move DATA/pg away, or "
            "name another database in DATABASE_URL."
        )
    if any(path.is_file() for path in settings.MEDIA_DIR.rglob("*")):
        raise RestoreRefused(f"{settings.MEDIA_DIR} holds files already: move it away first.")
    if keys is not None and (settings.KEYS_DIR / vault.HOME).exists():
        raise RestoreRefused(
            f"{settings.KEYS_DIR} holds this archive's keys already: leave --keys out, or move "
            "them away first."
        )


def _marks(folder: Path, manifest: Manifest, seen: str) -> list[tuple[Checkpoint, str]]:
    """Every checkpoint at hand: the backup's two, the one lying here, and what others hold."""
    here: Path = settings.DATA / "log" / MARK
    notes = {str(folder / MARK): (folder / MARK).read_text(), "the backup": manifest.checkpoint}
    if here.exists():
        notes[str(here)] = here.read_text()
    if seen:
        notes["what was given with --seen"] = seen
    found = []
    for place, note in notes.items():
        try:
            found.append((open_checkpoint(note, manifest.vkey), note))
        except NoteRefused as error:
            raise RestoreRefused(
                f"{place} is no checkpoint of the log in this backup ({error}). Look whether it "
                "is the backup of this archive."
            ) from error
    return found


def _copy_other(source: Path) -> None:
    for path in sorted(source.iterdir()) if source.is_dir() else ():
        shutil.copytree(path, settings.DATA / path.name, dirs_exist_ok=True)
