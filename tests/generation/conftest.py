"""Fixtures of the line's stories."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from generation.engines.pool import POOL
from provenance import vault
from provenance.log import sequencer
from tests.provenance.log_cast import log_in


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A doorbell that notes which ids it was given, in place of a broker."""
    ids: list[str] = []
    monkeypatch.setattr("generation.tasks.send", lambda pk, _: ids.append(pk))
    return ids


@pytest.fixture
def redactions_rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of which clips the broker was told that a file is to be redacted."""
    ids: list[str] = []
    monkeypatch.setattr("generation.tasks.send_redaction", ids.append)
    return ids


@pytest.fixture
def archive(archive_that_logs: None, model_folder: Path) -> None:
    """An archive with the test model's real pipeline."""


@pytest.fixture
def studio(archive_that_logs: None, settings: Any, redactions_rung: list[str]) -> Iterator[None]:
    """An archive whose engine draws a square at once: all but the model is the real thing."""
    settings.GENERATION_ENGINE = "tests.generation.square.SquareEngine"
    POOL.clear()
    yield
    POOL.clear()


@pytest.fixture
def archive_that_logs(
    transactional_db: None, tmp_path: Path, settings: Any, rung: list[str]
) -> Iterator[None]:
    """Keys, a media folder, and a sequencer at work in a thread of its own."""
    settings.KEYS_DIR, settings.MEDIA_DIR = tmp_path / "keys", tmp_path / "media"
    settings.LOG_ORIGIN = "archive.example/log"
    vault.ensure_keys(settings.KEYS_DIR, settings.LOG_ORIGIN, timezone.now())
    key, stop = vault.log_key(settings.KEYS_DIR).key, threading.Event()

    def work() -> None:
        try:
            sequencer.run(log_in(tmp_path, key=key), stop)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()
