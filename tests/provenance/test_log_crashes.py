"""Sequencer and database die at every point there is: nothing is lost, and nothing contradicted.

The sequencer is killed before and after each statement and each write of its mark; the database
ends as in a power cut, again and again, while writers write and a reader keeps what was signed.
"""

import itertools
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from provenance.core.notes import open_checkpoint
from provenance.core.records import EntryType, entry_bytes
from provenance.log import binary, receipts
from provenance.log.audit import audit
from provenance.log.models import Checkpoint, Entry, Head, Pending
from provenance.log.sequencer import Sequencer
from sora_archive import embedded_postgres
from sora_archive.embedded_postgres import Cluster, EmbeddedError
from tests.provenance.log_cast import log_in, new_attempt, submit_attempt, submit_many
from tests.provenance.test_log_killed import ROOT, Process, process  # noqa: F401 - a fixture

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Deaths:
    """Counts what the sequencer does to the world, and kills this process at one such point."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.points = 0

    def point(self) -> None:
        self.points += 1
        if self.points == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*given: Any, **named: Any) -> Any:
            self.point()
            result = work(*given, **named)
            self.point()
            return result

        return watched

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Before and after each statement, commit, COPY and part of one, file flush and rename."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "fsync", self.around(os.fsync))
            patch.setattr(pathlib.Path, "replace", self.around(pathlib.Path.replace))
            patch.setattr(binary, "rows", self.around(binary.rows))
            patch.setattr(binary, "execute", self.around(binary.execute))
            patch.setattr(binary, "copy_packed", self.around(binary.copy_packed))
            patch.setattr(psycopg.Copy, "write", self.around(psycopg.Copy.write))
            patch.setattr(connection, "_commit", self.around(getattr(connection, "_commit")))  # noqa: B009
            with connection.execute_wrapper(lambda run, *given: self.around(run)(*given)):
                yield


def in_a_child(log: Sequencer, at: int) -> bool:
    """One drain in a process that dies at a point; whether it came through alive."""
    connections.close_all()  # or the child would talk over our connection
    child = os.fork()
    if child == 0:
        try:
            deaths = Deaths(at)
            log._check_durability()
            with deaths.watching():
                log.open()
                log.drain()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the parent must see it as neither alive nor killed
            os._exit(3)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0
    return True


def test_killed_at_every_point_it_loses_and_contradicts_nothing(tmp_path: Path) -> None:
    """256 entries fill a tile, so that every kind of row is written at least once."""
    log = log_in(tmp_path)
    log.open()
    kept: dict[int, str] = dict(Checkpoint.objects.values_list("head_id", "note"))
    given, deaths = 0, 0
    for at in itertools.count(1):
        submit_many(256)
        submit_attempt()
        given += 257
        alive = in_a_child(log, at)
        if alive:
            break
        deaths += 1
        now = dict(Checkpoint.objects.values_list("head_id", "note"))
        assert kept.items() <= now.items(), f"a checkpoint changed after death {at}"
        kept = now
        assert Entry.objects.count() + Pending.objects.count() == given, f"after death {at}"
        mark = log.marks.read(log.signer.vkey)
        assert mark is not None
        assert mark.size >= receipts.signed_size(), "published before the mark was written"
        assert Head.objects.filter(size=mark.size, root=mark.root).exists()
    assert deaths > 60, f"only {deaths} points were tried"
    log.open()
    log.drain()
    assert list(Entry.objects.order_by("index").values_list("index", flat=True)) == [*range(given)]
    assert audit().problems == []


def test_two_sequencers_one_of_which_is_killed(process: Process) -> None:  # noqa: F811
    """As after a botched failover: two real processes, then one, and no index twice."""
    submit_many(3000)
    first, second = process.start(), process.start()
    deadline = time.monotonic() + 60
    while receipts.signed_size() < 3000:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert first.poll() is None
    assert second.poll() is None
    submit_many(9000)
    first.send_signal(signal.SIGKILL)
    while receipts.signed_size() < 12_000:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    places = Entry.objects.order_by("index").values_list("index", flat=True)
    assert list(places) == list(range(12_000))
    assert audit().problems == []


CRASHES = 4
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


class OwnDatabase:
    """A cluster of its own, with fsync on, whose server can be crashed and started again."""

    def __init__(self, folder: Path) -> None:
        self.cluster = Cluster(folder / "pg", folder / "s", embedded_postgres.programs())
        embedded_postgres.prepare(self.cluster)
        self.log = (folder / "pg.log").open("ab")
        self.server = self.start()
        embedded_postgres.ensure_database(self.cluster)

    def start(self) -> "subprocess.Popen[bytes]":
        """Again, as soon as the processes of the one that crashed have let go of its memory."""
        deadline = time.monotonic() + 60
        while True:
            self.server = subprocess.Popen(
                self.cluster.server(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
            )
            try:
                embedded_postgres.wait_until_ready(self.cluster, self.server)
            except EmbeddedError:
                assert time.monotonic() < deadline
                embedded_postgres.prepare(self.cluster)
            else:
                return self.server

    def crash(self) -> None:
        """What `pg_ctl stop -m immediate` does: no checkpoint, no farewell; recovery by the WAL."""
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait(30)

    @property
    def url(self) -> str:
        sockets = str(self.cluster.socket_dir).replace("/", "%2F")
        return f"postgres://sora_archive@/{sockets}/sora_archive"

    def connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(
            host=str(self.cluster.socket_dir), user="sora_archive", dbname="sora_archive",
            autocommit=True,
        )  # fmt: skip


class Writers:
    """Entries one after another, through every crash; `confirmed` are those that were committed."""

    def __init__(self, database: OwnDatabase) -> None:
        self.database = database
        self.confirmed: list[uuid.UUID] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._write, daemon=True)
        self.thread.start()

    def _write(self) -> None:
        committed = dict.fromkeys(("artist", "prompt", "parameters"), "ab" * 32)
        while not self.stop.is_set():
            try:
                with self.database.connect() as writer:
                    while not self.stop.is_set():
                        ticket, body = uuid.uuid4(), {"attempt": new_attempt(), **committed}
                        data = entry_bytes(EntryType.ATTEMPT, AT, body)
                        writer.execute(
                            "INSERT INTO log_pending (ticket, data, created_at)"
                            " VALUES (%s, %s, now())",
                            [ticket, data],
                        )
                        self.confirmed.append(ticket)
            except psycopg.OperationalError:
                self.stop.wait(0.05)

    def end(self) -> list[uuid.UUID]:
        self.stop.set()
        self.thread.join(30)
        return self.confirmed


class Reader:
    """Keeps every checkpoint that it was shown."""

    def __init__(self, database: OwnDatabase) -> None:
        self.database = database
        self.seen: dict[int, str] = {}

    def look(self) -> int:
        with self.database.connect() as reader:
            rows = reader.execute("SELECT size, note FROM log_checkpoint").fetchall()
        for size, note in rows:
            assert self.seen.setdefault(size, note) == note, f"two checkpoints of {size}"
        return max(self.seen, default=0)


@pytest.fixture
def database() -> Iterator[OwnDatabase]:
    # Not below pytest's own folder, which each run of pytest closes to PostgreSQL's user anew.
    with tempfile.TemporaryDirectory(prefix="sora-crash-") as folder:
        Path(folder).chmod(0o711)
        made = OwnDatabase(Path(folder))
        yield made
        embedded_postgres.stop(made.server)
        made.log.close()


def test_no_checkpoint_is_lost_or_contradicted_when_the_database_crashes(
    database: OwnDatabase,
    process: Process,  # noqa: F811
) -> None:
    process.environment |= {"DATABASE_URL": database.url, "LOG_ALLOW_UNSAFE_FSYNC": "0"}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT, env=process.environment, check=True,
    )  # fmt: skip
    process.start()
    reader, writers = Reader(database), Writers(database)
    for _ in range(CRASHES):
        reached, deadline = _reached(reader), time.monotonic() + 90
        while reader.look() < reached + 20:
            assert time.monotonic() < deadline, (process.data / "sequencer.log").read_text()[-2000:]
            time.sleep(0.02)
        database.crash()
        database.start()
        now = dict(_checkpoints(database))
        assert reader.seen.items() <= now.items(), "a published checkpoint was lost"
    confirmed, deadline = writers.end(), time.monotonic() + 90
    with database.connect() as owner:
        while owner.execute("SELECT count(*) FROM log_pending").fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        logged = {ticket for (ticket,) in owner.execute("SELECT ticket FROM log_entry").fetchall()}
    assert set(confirmed) <= logged
    assert len(reader.seen) > CRASHES
    vkey = open_vkey(database)
    assert all(open_checkpoint(note, vkey).size == size for size, note in reader.seen.items())
    audited = subprocess.run(
        [sys.executable, "manage.py", "auditlog"],
        cwd=ROOT, env=process.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert audited.returncode == 0, audited.stderr


def _reached(reader: Reader) -> int:
    try:
        return reader.look()
    except psycopg.errors.UndefinedTable:
        return 0


def _checkpoints(database: OwnDatabase) -> list[tuple[int, str]]:
    with database.connect() as reader:
        rows = reader.execute("SELECT size, note FROM log_checkpoint").fetchall()
    return [(int(size), str(note)) for size, note in rows]


def open_vkey(database: OwnDatabase) -> str:
    with database.connect() as reader:
        row = reader.execute("SELECT vkey FROM log_origin").fetchone()
    assert row is not None
    return str(row[0])
