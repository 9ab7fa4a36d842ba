"""What lies in the media folder and nobody names goes after a day, and not before."""

import os
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from generation import storage


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_DIR = tmp_path
    return tmp_path


def aged(path: Path, days: float) -> Path:
    at = time.time() - days * 24 * 3600
    os.utime(path, (at, at))
    return path


def test_orphans_and_drafts_go_after_a_day(media: Path) -> None:
    named = aged(storage.keep_bytes(b"named").path, 2)
    orphan = aged(storage.keep_bytes(b"orphan").path, 2)
    fresh = storage.keep_bytes(b"fresh").path
    left = storage.work_folder() / "of a worker that died"
    left.mkdir()
    (left / "clip.mp4").write_bytes(b"half")
    working = storage.work_folder() / "of one at work"
    working.mkdir()
    assert storage.sweep_orphans([named.name]) == 1
    aged(left, 1.1)
    assert storage.sweep_orphans([named.name]) == 1
    assert [path.exists() for path in (named, fresh, working)] == [True] * 3
    assert not orphan.exists()
    assert not left.exists()


def test_what_is_deleted_twice_is_gone_once(media: Path) -> None:
    kept = storage.keep_bytes(b"to be forgotten")
    for _ in range(2):
        storage.delete(kept.sha256)
    storage.delete("00" * 32)
    assert not kept.path.exists()
