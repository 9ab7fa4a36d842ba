"""Files under the SHA-256 of their bytes: keep, find, sweep.

A file is stored before the transaction that names it: one without a row is harmless and swept
later, a row without its file would be a lie.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

ORPHAN_AGE_SECONDS = 24 * 3600


@dataclass(frozen=True)
class StoredFile:
    """A kept file: its hash in lower-case hex, its size in bytes, where it lies."""

    sha256: str
    size: int
    path: Path


def work_folder() -> Path:
    """A folder for drafts on the same file system as the media, so that keeping is a rename."""
    folder: Path = settings.MEDIA_DIR / "work"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def path_of(sha256: str) -> Path:
    """Where the file with this hash lies."""
    folder: Path = settings.MEDIA_DIR / sha256[:2]
    return folder / sha256


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in lower-case hex."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def keep(draft: Path) -> StoredFile:
    """Move a finished draft under its hash, on disk (fsync) when this returns."""
    sha256 = sha256_of(draft)
    with draft.open("rb") as opened:
        os.fsync(opened.fileno())
    draft.chmod(0o640)  # a front server in our group sends it; nobody else reads it
    target = path_of(sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    size = draft.stat().st_size
    draft.replace(target)
    _sync_folder(target.parent)
    return StoredFile(sha256, size, target)


def keep_bytes(data: bytes) -> StoredFile:
    """Keep a small file that is in memory, such as a poster."""
    with tempfile.NamedTemporaryFile(dir=work_folder(), delete=False) as draft:
        draft.write(data)
    return keep(Path(draft.name))


def delete(sha256: str) -> None:
    """Delete a file for good, off the disk (fsync) when this returns; one that is gone stays so."""
    path = path_of(sha256)
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        _sync_folder(path.parent)


def sync(path: Path) -> None:
    """Make a file and its name survive a power cut."""
    with path.open("rb") as opened:
        os.fsync(opened.fileno())
    _sync_folder(path.parent)


def sweep_orphans(known: Iterable[str]) -> int:
    """Delete files that no row names and that are older than a day; returns how many.

    So are the drafts of workers that died, which tell as much as a finished file does.
    """
    names, deadline, deleted = set(known), time.time() - ORPHAN_AGE_SECONDS, 0
    for path in settings.MEDIA_DIR.glob("*/*"):
        if path.name not in names and path.is_file() and path.stat().st_mtime < deadline:
            path.unlink()
            deleted += 1
    return deleted + _sweep_drafts(deadline)


def _sweep_drafts(deadline: float) -> int:
    old = [path for path in work_folder().iterdir()
           if path.is_dir() and path.stat().st_mtime < deadline]  # fmt: skip
    for path in old:
        shutil.rmtree(path)
    return len(old)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
