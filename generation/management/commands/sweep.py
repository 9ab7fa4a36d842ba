"""`manage.py sweep`: mends what workers and the broker lost, for as long as it runs.

A process of its own rather than a task, so that it works while the broker is down.
"""

import logging
import signal
import threading
import time

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import timezone
from django.utils.module_loading import import_string

from generation import erasing, erasures, leases, proposals, storage
from generation.models import Clip
from provenance.core.errors import KeysRefused
from provenance.verify import keyevents, reports

log = logging.getLogger(__name__)

ORPHAN_ROUND_SECONDS = 3600


class Command(BaseCommand):
    """Every few seconds: expired leases go back to the queue, unsent ones to the broker."""

    help = "Take back generations of dead workers and send again what the broker lost."

    def handle(self, *args: object, **options: object) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        next_orphans = next_redactions = time.monotonic()
        log.info("sweep: watching")
        while not stop.is_set():
            try:
                _round()
                if time.monotonic() >= next_redactions:
                    _redactions()
                    next_redactions = time.monotonic() + settings.GENERATION_RESEND_SECONDS
                if time.monotonic() >= next_orphans:
                    _orphans()
                    _tell_of_keys()
                    _reports()
                    _hourly()
                    next_orphans = time.monotonic() + ORPHAN_ROUND_SECONDS
            except (DatabaseError, InterfaceError) as error:
                log.warning("sweep: the database is away (%s)", type(error).__name__)
                connection.close()
            close_old_connections()
            stop.wait(settings.SWEEP_SECONDS)


def _round() -> None:
    taken_back, sent = leases.sweep()
    if taken_back or sent:
        log.info("sweep: %d taken back, %d sent", taken_back, sent)
    if forgotten := proposals.sweep():
        log.info("sweep: %d requests forgotten that were never signed", forgotten)


def _redactions() -> None:
    """Clips whose file still is what it should not be: a worker died, or the broker forgot."""
    for clip_id in erasing.unfinished():
        if not erasing.ring(clip_id):
            break  # the broker is away; the next round tries again


def _tell_of_keys() -> None:
    """The first key and trust list are older than the database; their files may change by hand."""
    try:
        told = keyevents.announce(settings.KEYS_DIR)
    except KeysRefused as error:
        log.warning("sweep: the log was told nothing of the keys: %s", error)
    else:
        if told:
            log.info("sweep: the log was told of %d key events", told)


def _orphans() -> None:
    erasures.note()
    rows = Clip.objects.values_list("credential__sha256", *Clip.PICTURES)
    deleted = storage.sweep_orphans(name for row in rows.iterator() for name in row)
    if deleted:
        log.info("sweep: %d files without a row deleted", deleted)


def _reports() -> None:
    removed = reports.remove_unopened(timezone.now())
    if removed:
        log.info("sweep: %d reports that nobody opened removed", removed)


def _hourly() -> None:
    """What the rooms above want swept; they are named by a setting, never imported."""
    for path in settings.SWEPT_HOURLY:
        if done := import_string(path)():
            log.info("sweep: %s", done)
