"""The sequencer as a real process is killed without warning, again and again: nothing is lost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from provenance import vault
from provenance.core.notes import open_checkpoint
from provenance.log import outbox, receipts
from provenance.log.audit import audit
from provenance.log.models import Checkpoint, Entry, Pending
from tests.provenance.log_cast import submit_attempt, submit_many

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[2]
KILLS = 3
PATIENCE = 60.0


class Process:
    """`manage.py sequencer` on this test's database, with keys and mark of its own."""

    def __init__(self, data: Path) -> None:
        options = connection.settings_dict
        self.data = data
        self.environment = {
            **os.environ,
            "DATA": str(data),
            "DATABASE_URL": f"postgres://{options['USER']}@/"
            f"{options['HOST'].replace('/', '%2F')}/{options['NAME']}",
            "LOG_ALLOW_UNSAFE_FSYNC": "1",
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> "subprocess.Popen[bytes]":
        with (self.data / "sequencer.log").open("ab") as said:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "sequencer"],
                cwd=ROOT, env=self.environment, stdout=said, stderr=said,
            )  # fmt: skip
        self.running.append(process)
        return process


@pytest.fixture
def process(transactional_db: None, tmp_path: Path) -> Iterator[Process]:
    vault.ensure_keys(tmp_path / "keys", settings.LOG_ORIGIN, timezone.now())
    made = Process(tmp_path)
    yield made
    for each in made.running:
        each.kill()
        each.wait()


def _signed(at_least: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while receipts.signed_size() < at_least:
        assert time.monotonic() < deadline, "the sequencer does not go on"
        time.sleep(0.005)


def test_killed_at_any_point_it_loses_and_forks_nothing(process: Process) -> None:
    total, interrupted = 0, 0
    kept: dict[int, str] = {}
    for _ in range(KILLS):
        submit_many(9000)  # more than two batches
        total += 9000
        running = process.start()
        _signed(receipts.signed_size() + 1)  # in the midst of its work
        running.send_signal(signal.SIGKILL)
        running.wait()
        kept |= dict(Checkpoint.objects.values_list("head_id", "note"))
        waiting = Pending.objects.count()
        interrupted += waiting > 0
        assert Entry.objects.count() + waiting == total
    assert interrupted, "it was never killed in the midst of its work"
    process.start()
    _signed(total)
    places = list(Entry.objects.order_by("index").values_list("index", flat=True))
    assert places == list(range(total))
    report = audit()
    assert report.problems == []
    now = dict(Checkpoint.objects.values_list("head_id", "note"))
    assert kept.items() <= now.items()
    mark = (process.data / "log" / "high-water").read_text()
    assert open_checkpoint(mark, vault.log_vkey(process.data / "keys")).size == total


def test_told_to_end_it_ends_at_once_and_cleanly(process: Process) -> None:
    running = process.start()
    assert outbox.wait_for(submit_attempt(), PATIENCE) == 0
    told = time.monotonic()
    running.send_signal(signal.SIGTERM)
    assert running.wait(5) == 0
    assert time.monotonic() - told < 1.5


def test_refused_it_ends_with_words_for_the_operator(process: Process) -> None:
    running = process.start()
    outbox.wait_for(submit_attempt(), PATIENCE)
    running.send_signal(signal.SIGTERM)
    running.wait(5)
    process.environment["LOG_ORIGIN"] = "elsewhere.example/log"
    assert process.start().wait(PATIENCE) == 1
    said = (process.data / "sequencer.log").read_text()
    assert f"LOG_ORIGIN={settings.LOG_ORIGIN} instead of elsewhere.example/log" in said
    assert "Traceback" not in said
