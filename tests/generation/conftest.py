"""Fixtures of the line's stories."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from provenance import vault
from provenance.log import sequencer
from tests.provenance.log_cast import log_in


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A doorbell that notes which ids it was given, in place of a broker."""
    ids: list[str] = []
    monkeypatch.setattr("generation.tasks.send", ids.append)
    return ids


@pytest.fixture
def archive(
    transactional_db: None, tmp_path: Path, settings: Any, model_folder: Path, rung: list[str]
) -> Iterator[None]:
    """Keys, a media folder, and a sequencer at work in a thread of its own."""
    settings.KEYS_DIR, settings.MEDIA_DIR = tmp_path / "keys", tmp_path / "media"
    settings.LOG_ORIGIN = "archive.example/log"
    vault.ensure_keys(settings.KEYS_DIR, settings.LOG_ORIGIN, timezone.now())
    stop = threading.Event()

    def work() -> None:
        try:
            sequencer.run(log_in(tmp_path), stop)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()
