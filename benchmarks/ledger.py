"""What the log costs: writing with and without its sequencer, draining, latency, proofs, audit.

The questions have databases of their own (`python -m benchmarks log-drain`), with fsync on and
triggers on; `--entries` says how large the large log is. Each size that is asked about has a log
that grows up to it and stays, so that with `--data` the next run finds it there.
"""

import multiprocessing
import os
import random
import resource
import secrets
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from benchmarks.measure import Ratio
from provenance.core.notes import Signer
from provenance.core.tiles import Tile
from provenance.log import outbox, receipts, sequencer, tree
from provenance.log.audit import audit
from provenance.log.highwater import HighWater
from provenance.log.models import Pending
from provenance.log.sequencer import Sequencer
from tests.provenance.log_cast import KEY, ORIGIN

WRITERS, ROWS_EACH = 8, 500
DRAINED = 20_000
LATENCIES = 150
PROOFS = 300
AUDITS = 3
SMALL = 10_000
PATIENCE = 60.0  # seconds
_INSERT = "INSERT INTO log_pending (ticket, data, created_at) VALUES (%s, %s, now())"
_GUARDED = (
    "log_origin", "log_entry", "log_tile", "log_head", "log_checkpoint", "log_cosignature",
    "log_anchor", "log_contradiction",
)  # fmt: skip
_UNSEALED = {"log_entry", "log_tile"}  # by a trigger, that is
# In the order in which their foreign keys allow them to be filled.
_COPIED = {
    "log_head": "size int8, prev_size int8, root bytea, created_at timestamptz",
    "log_entry": "index int8, ticket uuid, leaf_hash bytea, data bytea, kind varchar,"
    " attempt varchar, seal int8",
    "log_tile": "level int2, n int8, hashes bytea, root bytea",
    "log_mention": "term varchar, index int8",
    "log_checkpoint": "size int8, note text, signed_at timestamptz",
}  # fmt: skip


def entries_of(clips: int, first: int = 0) -> Iterator[bytes]:
    """What the line writes for so many clips: an attempt, a rendering, a clip, a publication."""
    at, hashed = "2026-11-23T12:00:00Z", secrets.token_hex
    for index in range(first, first + 4 * clips, 4):
        name, manifest = hashed(16), f"urn:c2pa:{uuid.uuid4()}"
        yield (
            f'{{"artist":"{hashed(32)}","at":"{at}","attempt":"{name}","parameters":"{hashed(32)}"'
            f',"prompt":"{hashed(32)}","schema":1,"type":"attempt"}}'
        ).encode()
        yield (
            f'{{"at":"{at}","attempt":"{name}","media":"{hashed(32)}","schema":1,"try":1'
            ',"type":"rendered"}'
        ).encode()
        yield (
            f'{{"at":"{at}","attempt":"{name}","file":"{hashed(32)}","manifest":"{manifest}"'
            f',"rendered":{index + 1},"schema":1,"type":"generated"}}'
        ).encode()
        yield (
            f'{{"at":"{at}","attempt":"{name}","clip":"{uuid.uuid4()}","generated":{index + 2}'
            f',"manifest":"{manifest}","schema":1,"sha256":"{hashed(32)}","type":"publication"}}'
        ).encode()


def fill(entries: Iterator[bytes]) -> None:
    """Into the outbox, as fast as can be."""
    order = "COPY log_pending (ticket, data, created_at) FROM STDIN (FORMAT BINARY)"
    now = timezone.now()
    with connection.cursor() as cursor, cursor.copy(order) as copy:
        copy.set_types(("uuid", "bytea", "timestamptz"))
        for data in entries:
            copy.write_row((uuid.uuid4(), data, now))


def fresh() -> Sequencer:
    """An empty log, opened: its rows are taken away as only the owner can."""
    assert connection.settings_dict["NAME"] == "sora_benchmark_log"
    tables = ", ".join((*_GUARDED, "log_mention", "log_openattempt", "log_pending", "log_opening"))
    with connection.cursor() as cursor:
        for table in _GUARDED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {tables} CASCADE")
        _guard(cursor)
    mark = Path(settings.DATA) / "bench-mark"
    mark.unlink(missing_ok=True)
    started = Sequencer(Signer(ORIGIN, KEY), HighWater([mark]))
    started.open()
    return started


def _guard(cursor: Any) -> None:
    for table in _GUARDED:
        names = ["unchanged", "kept"] if table in _UNSEALED else ["unchanged", "kept", "sealed"]
        for name in names:
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")


def writing(pairs: int, entries: int) -> Iterator[Ratio]:
    """Eight writers, whose entries are integrated and signed meanwhile, against the same alone."""
    times: tuple[list[float], list[float]] = ([], [])
    total = WRITERS * ROWS_EACH
    for _ in range(pairs):
        log = fresh()
        times[0].append(_written(0))
        log = fresh()
        with _sequencing(log):
            times[1].append(_written(total))
    alone, beside = (statistics.median(each) for each in times)
    yield Ratio(
        f"{WRITERS} writers until signed : the same without a sequencer", beside, alone, "ms"
    )
    print(
        f"    rate {alone / beside:.2f} of that without: {total / beside:,.0f} against "
        f"{total / alone:,.0f} entries a second"
    )


def _written(signed: int) -> float:
    """Seconds from the first insert to the last, or until so many are under a checkpoint."""
    begin = multiprocessing.Barrier(WRITERS + 1)
    shares = [list(entries_of(ROWS_EACH // 4)) for _ in range(WRITERS)]
    writers = [_beside(_write, share, begin) for share in shares]
    begin.wait(PATIENCE)
    begun = time.perf_counter()
    for writer in writers:
        writer.join(PATIENCE)
        assert writer.exitcode == 0, "a writer failed or takes too long"
    while signed and receipts.signed_size() < signed:
        assert time.perf_counter() < begun + PATIENCE
        time.sleep(0.001)
    return time.perf_counter() - begun


def _write(share: Sequence[bytes], begin: Any) -> None:
    with psycopg.connect(_dsn(), autocommit=True) as writer:
        begin.wait(PATIENCE)
        for data in share:
            with writer.transaction():
                writer.execute(_INSERT, [uuid.uuid4(), data])
                writer.execute("SELECT pg_notify(%s, '')", [outbox.CHANNEL])


@contextmanager
def _sequencing(log: Sequencer) -> Iterator[None]:
    """The sequencer at work in a process of its own."""
    stop = multiprocessing.Event()
    process = _beside(_sequence, log, stop)
    try:
        yield
    finally:
        stop.set()
        process.join(PATIENCE)
        assert process.exitcode == 0


def _sequence(log: Sequencer, stop: Any) -> None:
    ended = threading.Event()

    def watch() -> None:
        stop.wait()
        ended.set()

    threading.Thread(target=watch, daemon=True).start()
    sequencer.run(log, ended)


def _beside(work: Callable[..., object], *given: object) -> Any:
    """A process of its own, which must not share this one's connection."""
    connection.close()
    process = multiprocessing.get_context("fork").Process(target=work, args=given, daemon=True)
    process.start()
    return process


def _dsn() -> str:
    server = connection.settings_dict
    return f"postgresql://{server['USER']}@/{server['NAME']}?host={server['HOST']}"


def draining(pairs: int, entries: int) -> Iterator[Ratio]:
    """A full outbox to its last signature, against COPY of the same rows into the same tables.

    In processor time of both sides, this process and the database's: with cores to spare they take
    turns, so that the rates follow it; with none, waiting for the other side would be measured.
    """
    drains, copies = [], []
    for _ in range(pairs):
        log = fresh()
        fill(entries_of(DRAINED // 4))
        drains.append(_both(log.drain))
        rows = _rows()
        fresh()
        copies.append(_both(partial(_copied, rows)))
    drained, bare = (statistics.median(cost for cost, _ in each) for each in (drains, copies))
    yield Ratio("bulk drain : COPY of the same rows, triggers on", drained, bare)
    waited, quick = (statistics.median(wall for _, wall in each) for each in (drains, copies))
    print(
        f"    rate {bare / drained:.2f} of COPY, {quick / waited:.2f} by the clock; "
        f"{DRAINED / waited:,.0f} entries a second here and now"
    )


def _both(call: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds of a call and seconds by the clock."""
    begun = time.perf_counter()
    return _cost(call), time.perf_counter() - begun


def _cost(call: Callable[[], object]) -> float:
    """Processor seconds of a call, those of the database's side included."""
    backend, begun = _backend_cpu(), time.process_time()
    call()
    return time.process_time() - begun + _backend_cpu() - backend


def _rows() -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with connection.cursor() as cursor:
        for table, columns in _COPIED.items():
            names = ", ".join(column.split()[0] for column in columns.split(", "))
            made_at_once = " WHERE size > 0" if "size" in names else ""
            cursor.execute(f"SELECT {names} FROM {table}{made_at_once} ORDER BY 1")  # noqa: S608
            found[table] = cursor.fetchall()
    return found


def _copied(rows: dict[str, list[tuple[Any, ...]]]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for table, columns in _COPIED.items():
            names, types = zip(*(column.split() for column in columns.split(", ")), strict=True)
            order = f"COPY {table} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)"
            with cursor.copy(order) as copy:
                copy.set_types(types)
                for row in rows[table]:
                    copy.write_row(row)


def latency(pairs: int, entries: int) -> Iterator[Ratio]:
    """From an entry's commit to the signed checkpoint, in commits of one row in the same run."""
    waits, commits = [], []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_commit (n int)")
    with _sequencing(fresh()):
        for data in entries_of(LATENCIES // 4):
            commits.append(_seconds(_commit))
            waits.append(_latency(data))
            time.sleep(0.03)
    unit = statistics.median(commits)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        waited = sorted(waits)[round(share * (len(waits) - 1))]
        yield Ratio(f"commit to signed checkpoint, {name} : one fsynced commit", waited, unit, "ms")


def _commit() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_commit VALUES (1)")


def _latency(data: bytes) -> float:
    """Seconds from the commit of an entry until a signed checkpoint covers it."""
    with transaction.atomic():
        ticket = Pending.objects.create(data=data).ticket
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [outbox.CHANNEL])
    begun = time.perf_counter()
    while outbox.index_of(ticket) is None:
        assert time.perf_counter() < begun + PATIENCE
    return time.perf_counter() - begun


def proving(pairs: int, entries: int) -> Iterator[Ratio]:
    """An inclusion proof in a large log and in one of 10,000, in turns, on new connections."""
    sizes = (SMALL, entries)
    for size in sizes:
        _grow(size)
    read: list[int] = []
    reading = tree.read_tiles

    def counting(tiles: Any) -> dict[Tile, bytes]:
        wanted = list(tiles)
        read.append(len(wanted))
        return reading(wanted)

    tree.read_tiles = counting
    times: dict[int, list[float]] = {size: [] for size in sizes}
    most: dict[int, int] = {}
    for _ in range(PROOFS):
        for size, taken in times.items():
            index = random.randrange(size)
            _connect(_name_of(size))
            read.clear()
            taken.append(_seconds(partial(tree.inclusion_proof, index, size)))
            most[size] = max(most.get(size, 0), sum(read))
    tree.read_tiles = reading
    large, small = (statistics.median(times[size]) for size in (entries, SMALL))
    yield Ratio(f"inclusion proof at {entries:,} : at {SMALL:,}", large, small, "ms")
    print(f"    tile reads at most {most[entries]} at {entries:,}, {most[SMALL]} at {SMALL:,}")


def auditing(pairs: int, entries: int) -> Iterator[Ratio]:
    """The audit's processor time an entry, database included, in logs of growing size, in turns."""
    sizes = [size for size in (SMALL, 10 * SMALL, 100 * SMALL) if size <= entries] or [entries]
    for size in sizes:
        _grow(size)
    costs: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(AUDITS):
        for size, taken in costs.items():
            _connect(_name_of(size))
            # A short one is over before a clock of hundredths has ticked often enough.
            times = max(1, 5 * SMALL // size)
            taken.append(_cost(partial(_audited, times)) / times / size)
    least, *more = (statistics.median(costs[size]) for size in sizes)
    for size, cost in zip(sizes[1:], more, strict=True):
        yield Ratio(
            f"audit of {size:,} : of {sizes[0]:,}, an entry", cost * 1000, least * 1000, "us"
        )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"    {1 / [least, *more][-1]:,.0f} entries a second of processor time; "
        f"{memory:.0f} MB at the most"
    )


def _audited(times: int) -> None:
    for _ in range(times):
        report = audit()
        assert report.problems == [], report.problems[:3]


def _backend_cpu() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _name_of(size: int) -> str:
    return f"sora_benchmark_log_{size}"


def _connect(database: str) -> None:
    """A new connection to a database of the benchmark's."""
    connection.close()
    connection.settings_dict["NAME"] = database
    connection.ensure_connection()


def _grow(size: int) -> None:
    """The log of that size, in a database of its own: made, gone on with, or found as it was."""
    _connect("postgres")
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [_name_of(size)])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE DATABASE {_name_of(size)}")
    _connect(_name_of(size))
    call_command("migrate", verbosity=0)
    log = Sequencer(Signer(ORIGIN, KEY), HighWater([Path(settings.DATA) / _name_of(size)]))
    log.open()
    log.drain()
    while (have := receipts.signed_size()) < size:
        fill(entries_of(-(-min(size - have, 100_000) // 4), have))
        log.drain()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _seconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


QUESTIONS: dict[str, Callable[[int, int], Iterator[Ratio]]] = {
    "log-write": writing,
    "log-drain": draining,
    "log-latency": latency,
    "log-proof": proving,
    "log-audit": auditing,
}


def ask(name: str, pairs: int, entries: int) -> None:
    """One question on the database that the settings name; prints its ratios."""
    connection.settings_dict["NAME"] = "sora_benchmark_log"
    call_command("migrate", verbosity=0)
    sequencer.calm_collector()  # as in the sequencer's own process
    for ratio in QUESTIONS[name](pairs, entries):
        print(ratio, flush=True)
