"""The one process that gives entries their place and signs: integrate, read again, hash, sign.

It would rather stop than sign what it cannot stand by: on a database that may lose a commit, under
another name or key, behind its own high-water mark, or over rows that do not hash to the head.
"""

import gc
import logging
import threading
from dataclasses import dataclass
from time import monotonic

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from provenance import vault
from provenance.core import notes
from provenance.core.merkle import EMPTY_ROOT
from provenance.core.notes import Signer
from provenance.core.tiles import TileRefused

from . import outbox, receipts, reread
from .errors import SequencerRefused
from .highwater import HighWater
from .integrate import integrate
from .models import Checkpoint, Head, Origin

log = logging.getLogger(__name__)

BATCH = 8192
GATHER_SECONDS = 0.01
POLL_SECONDS = 0.5  # also how long SIGTERM may have to wait
BEAT_SECONDS = 5.0
LOCK_SECONDS = 1.0
RECONNECT_SECONDS = 0.5
COLLECT_EVERY = 100_000  # objects
_LOCK = int.from_bytes(b"sora-log", "big")
_BEAT = """
    INSERT INTO log_heartbeat (id, beat_at, problem) VALUES (1, clock_timestamp(), %s)
    ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at, problem = excluded.problem
"""
_ALIVE = """
    SELECT problem,
           extract(epoch FROM clock_timestamp() - beat_at)::float,
           extract(epoch FROM clock_timestamp() - (SELECT min(created_at) FROM log_pending))::float
    FROM log_heartbeat
"""


@dataclass(frozen=True)
class Sequencer:
    """The log's key, its high-water mark, and whether a database without fsync may be used."""

    signer: Signer
    marks: HighWater
    allow_unsafe: bool = False
    batch: int = BATCH

    def open(self) -> None:
        """Check everything that could make signing a lie, then sign what a crash left unsigned.

        Once for each connection. Raises SequencerRefused with what to do.
        """
        self._check_durability()
        self._check_origin()
        self._check_mark()
        self._sign()

    def step(self) -> int:
        """Give one batch its places and sign the new head; returns the number of entries."""
        moved = integrate(self.batch)
        if moved:
            self._sign()
        return moved

    def drain(self) -> int:
        """Take steps until the outbox is empty; returns the number of entries."""
        total = 0
        while moved := self.step():
            total += moved
        return total

    def _check_durability(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")
            cursor.execute(
                "SELECT name FROM pg_settings"
                " WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'"
            )
            unsafe = [name for (name,) in cursor.fetchall()]
        if unsafe and not self.allow_unsafe:
            raise SequencerRefused(
                f"PostgreSQL runs with {' and '.join(unsafe)} off: a power cut could take back "
                "what was signed. Switch it on (LOG_ALLOW_UNSAFE_FSYNC=1 is for tests alone).",
                "The database may lose what it has confirmed.",
            )

    def _check_origin(self) -> None:
        with transaction.atomic(durable=True):
            known, created = Origin.objects.get_or_create(
                id=1, defaults={"origin": self.signer.name, "vkey": self.signer.vkey}
            )
            if created:
                Head.objects.create(size=0, previous=None, root=EMPTY_ROOT)
        if known.origin != self.signer.name:
            raise SequencerRefused(
                f"This log was started as {known.origin!r} and can have no other origin: set "
                f"LOG_ORIGIN={known.origin} instead of {self.signer.name}.",
                "The log is configured under another name.",
            )
        if known.vkey != self.signer.vkey:
            raise SequencerRefused(
                f"The log's key is not the one it was started with ({known.vkey}): restore the "
                "keys folder from its backup. A log cannot change its key; a new one needs a new "
                "origin and a new database.",
                "The log's key is not the one it was started with.",
            )

    def _check_mark(self) -> None:
        mark = self.marks.read(self.signer.vkey)
        places = ", ".join(str(path) for path in self.marks.paths)
        if mark is None:
            if receipts.newest() is not None:
                log.warning("log: there is no high-water mark at %s; it is written anew", places)
            return
        head = Head.objects.order_by("-size").values_list("size", flat=True)[0]
        if head < mark.size:
            raise SequencerRefused(
                f"The database has {head} entries, but {mark.size} were already signed ({places})."
                " It was restored from an older backup, or is another one. Signing now would "
                "contradict what others hold. Restore a newer backup that has them all, or fetch "
                "the missing entries from a copy of the log (manage.py importlog), or start a new "
                "log: a new database, new keys and a new LOG_ORIGIN.",
                "The database is older than what was already signed.",
            )
        if not Head.objects.filter(size=mark.size, root=mark.root).exists():
            raise SequencerRefused(
                f"The database contradicts the checkpoint of {mark.size} entries in {places}: it "
                "is another history. Restore the database that belongs to this mark.",
                "The database contradicts what was already signed.",
            )

    def _sign(self) -> None:
        signed = receipts.newest()
        head = Head.objects.order_by("-size")[0]
        if signed is not None and signed.head_id == head.size:
            return
        reread.check_growth(signed, head)
        note = self.signer.sign(
            notes.Checkpoint(self.signer.name, head.size, bytes(head.root)).text
        )
        # First the mark: a mark behind a published checkpoint would not notice an old backup.
        self.marks.write(note)
        Checkpoint.objects.create(head=head, note=note)


def from_settings() -> Sequencer:
    """The sequencer of this site; raises ProvenanceError where it has no key."""
    signer = Signer(settings.LOG_ORIGIN, vault.log_key(settings.KEYS_DIR).key)
    marks = HighWater([settings.DATA / "log" / "high-water"])
    return Sequencer(signer, marks, allow_unsafe=settings.LOG_ALLOW_UNSAFE_FSYNC)


def run(sequencer: Sequencer, stop: threading.Event) -> None:
    """Sequence until `stop` is set, through restarts of the database.

    Raises SequencerRefused, after leaving the reason for /healthz.
    """
    calm_collector()
    try:
        while not stop.is_set():
            try:
                _session(sequencer, stop)
            except SequencerRefused as refusal:
                _beat(refusal.public)
                raise
            except TileRefused:
                _beat("The log's tables are damaged.")
                raise
            except OSError as error:  # the next connection signs what is unsigned
                log.error("log: the high-water mark cannot be written: %s", error.strerror)
                _beat("The high-water mark cannot be written.")
            except (OperationalError, InterfaceError) as error:
                log.warning("log: the database is away, trying again: %s", _first_line(error))
            except DatabaseError as error:
                log.warning("log: a batch was taken back: %s", _first_line(error))
            connection.close()
            stop.wait(RECONNECT_SECONDS)
    finally:
        connection.close()


def calm_collector() -> None:
    """Let Python look for garbage seldom: a batch makes thousands of rows and none in a circle, and
    what the program consists of need not be looked through each time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)


def alive(max_age_s: float) -> tuple[bool, str]:
    """Whether the sequencer works, and in words fit for the public why (not).

    It does not when its last beat, or the oldest entry that waits, is older than `max_age_s`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ALIVE)
        row = cursor.fetchone()
    if row is None:
        return False, "has never run"
    problem, beat_age, waiting = row
    if problem:
        return False, problem
    if beat_age > max_age_s:
        return False, f"last sign of life {beat_age:.0f} s ago"
    if waiting is not None and waiting > max_age_s:
        return False, f"an entry has waited for {waiting:.0f} s"
    return True, "works"


def _session(sequencer: Sequencer, stop: threading.Event) -> None:
    """One connection, from its lock to its loss or to the end."""
    if not _wait_for_lock(stop):
        return
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {outbox.CHANNEL}")  # before the first look, so that none is missed
    sequencer.open()
    log.info("log: sequencing %s from entry %d on", sequencer.signer.name, receipts.signed_size())
    next_beat = 0.0
    while not stop.is_set():
        if (now := monotonic()) >= next_beat:
            _beat("")
            next_beat = now + BEAT_SECONDS
        if sequencer.step() < sequencer.batch and _notified():
            stop.wait(GATHER_SECONDS)


def _wait_for_lock(stop: threading.Event) -> bool:
    """Be the only one, out of politeness: what forbids a fork is the head's unique predecessor."""
    said = False
    while not stop.is_set():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            (got,) = cursor.fetchone()
        if got:
            return True
        if not said:
            log.warning("log: another sequencer is at work; this one waits to take over")
            said = True
        stop.wait(LOCK_SECONDS)
    return False


def _notified() -> bool:
    """Wait for an entry, or for the poll that makes up for a lost notification."""
    with connection.wrap_database_errors:
        return any(True for _ in connection.connection.notifies(timeout=POLL_SECONDS, stop_after=1))


def _beat(problem: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, [problem])


def _first_line(error: Exception) -> str:
    """What the database said, without the row that its further lines may quote."""
    return (str(error).splitlines() or [type(error).__name__])[0]
