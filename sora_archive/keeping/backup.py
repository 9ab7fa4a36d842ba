"""A backup: the database as of one moment, every file that it names, and the keys apart.

manifest.json comes last: a folder without it is no backup. Files are copied by their hash, so that
what was altered on the disk is found here and not on the day of the restore.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from generation import erasures, fixity, storage
from provenance.log import receipts
from provenance.log.files import write_whole
from provenance.log.models import Origin

from . import server
from .errors import BackupRefused

SCHEMA = 1
MANIFEST, DATABASE, MARK, ERASURES = "manifest.json", "database.dump", "high-water", "erasures"
MEDIA, OTHER = "media", "other"
# What is not stored there, can be made again, or has a place of its own in the backup.
_NOT_OTHER = frozenset({
    "pg", "pg.new", "broker", "keys", "media", "models", "static", "run", "log",
})  # fmt: skip
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_FOLDER_TIME = "%Y-%m-%dT%H%M%SZ"
_CHUNK = 1024 * 1024

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Made:
    """A backup: where it lies, how many log entries and files it has, which files it lacks."""

    folder: Path
    entries: int
    files: int
    lacking: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    made_at: datetime
    version: str
    entries: int
    checkpoint: str
    vkey: str
    database_sha256: str
    files: Mapping[str, str]


def make(folder: Path, keys: Path | None, progress: Progress) -> Made:
    """Write a backup into an empty or new folder, and the keys into another one.

    The database must answer. `progress` is told how many files are copied and of how many. Raises
    BackupRefused where a folder holds anything, KeepingError where PostgreSQL's tools fail.
    """
    _check_empty(folder, keys)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    entries, note, files = _dump(folder / DATABASE)
    lacking = _copy_media(folder / MEDIA, files, progress)
    for path in _other_folders():
        shutil.copytree(path, folder / OTHER / path.name)
    mark: Path = settings.DATA / "log" / MARK
    write_whole(folder / MARK, mark.read_bytes() if mark.exists() else note.encode())
    erasures.copy_to(folder / ERASURES)
    if keys is not None:
        shutil.copytree(settings.KEYS_DIR, keys, dirs_exist_ok=True)
        keys.chmod(0o700)
    copied = {name: sha256 for name, sha256 in files.items() if name not in lacking}
    _write_manifest(folder, entries, note, copied)
    return Made(folder, entries, len(copied), lacking)


def read(folder: Path) -> Manifest:
    """The manifest of a backup; raises BackupRefused where there is none of ours."""
    try:
        plain = json.loads((folder / MANIFEST).read_text())
        if plain["schema"] != SCHEMA:
            raise BackupRefused(f"{folder} is a backup of another version of this program.")
        return Manifest(
            made_at=datetime.strptime(plain["made_at"], _TIME).replace(tzinfo=UTC),
            version=str(plain["version"]),
            entries=int(plain["entries"]),
            checkpoint=str(plain["checkpoint"]),
            vkey=str(plain["vkey"]),
            database_sha256=str(plain["database_sha256"]),
            files={str(name): str(sha256) for name, sha256 in plain["files"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupRefused(f"{folder} holds no whole backup: {MANIFEST} is not there.") from error


def folder_in(parent: Path) -> Path:
    """A new name below the folder of rotating backups."""
    return parent / timezone.now().strftime(_FOLDER_TIME)


def rotate(parent: Path) -> list[Path]:
    """Delete the backups in a folder that are older than BACKUP_DAYS; returns which."""
    limit = timezone.now() - timedelta(days=settings.BACKUP_DAYS)
    old = [path for path in _backups_in(parent) if read(path).made_at < limit]
    for path in old:
        shutil.rmtree(path)
    return old


def _backups_in(parent: Path) -> Iterator[Path]:
    for path in sorted(parent.iterdir()):
        if (path / MANIFEST).is_file():
            yield path


def _check_empty(folder: Path, keys: Path | None) -> None:
    for path in (folder, *([keys] if keys else [])):
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise BackupRefused(f"{path} holds something already: give a new or empty folder.")
    if keys is not None and folder.resolve() in {keys.resolve(), *keys.resolve().parents}:
        raise BackupRefused(
            "Keys and database together open everything: keep the keys in another place, not "
            f"inside {folder}."
        )


def _dump(target: Path) -> tuple[int, str, dict[str, str]]:
    """Entries, checkpoint and named files of one moment, and the dump of that same moment."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        checkpoint = receipts.newest()
        files = _named()
        server.dump(target, snapshot)
    if checkpoint is None:
        raise BackupRefused("There is nothing to keep: the log has never been started.")
    return checkpoint.head_id, checkpoint.note, files


def _named() -> dict[str, str]:
    """Every file that should be in the media folder, by its place there, with its SHA-256."""
    folder: Path = settings.MEDIA_DIR
    return {str(path.relative_to(folder)): sha256 for path, sha256 in fixity.stored().items()}


def _copy_media(target: Path, files: Mapping[str, str], progress: Progress) -> tuple[str, ...]:
    lacking = []
    for done, (name, sha256) in enumerate(files.items(), 1):
        if not copy_file(settings.MEDIA_DIR / name, target / name, sha256):
            lacking.append(name)
        progress(done, len(files))
    # An erasure may have deleted files since the moment of the dump.
    still = _named() if lacking else {}
    return tuple(name for name in lacking if name in still)


def copy_file(source: Path, target: Path, sha256: str) -> bool:
    """Copy a stored file; False, and nothing is left, where it is missing or has another hash."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with source.open("rb") as read_from, target.open("wb") as write_to:
            while chunk := read_from.read(_CHUNK):
                digest.update(chunk)
                write_to.write(chunk)
    except FileNotFoundError:
        return False
    if digest.hexdigest() == sha256:
        return True
    target.unlink()
    return False


def _other_folders() -> Iterator[Path]:
    """Folders of DATA that rooms keep files in, such as what visitors left with their reports."""
    for path in sorted(settings.DATA.iterdir()):
        known = {settings.KEYS_DIR, settings.MEDIA_DIR}
        if path.is_dir() and path.name not in _NOT_OTHER and path.resolve() not in known:
            yield path


def _write_manifest(folder: Path, entries: int, note: str, copied: Mapping[str, str]) -> None:
    document = {
        "schema": SCHEMA,
        "made_at": timezone.now().strftime(_TIME),
        "version": settings.VERSION,
        "entries": entries,
        "checkpoint": note,
        "vkey": Origin.objects.get().vkey,
        "database_sha256": storage.sha256_of(folder / DATABASE),
        "files": copied,
    }
    write_whole(folder / MANIFEST, (json.dumps(document, indent=1) + "\n").encode())
