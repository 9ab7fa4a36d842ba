"""Who works on a generation: conditional updates, a heartbeat, and the sweep that mends losses.

A worker owns a generation as long as its lease is fresh. Every write of the worker names its
lease, so that one that was taken for dead and comes back can change nothing.
"""

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from provenance.core.records import EntryType

from . import asking
from .engines.base import ALIKE
from .errors import Cancelled, LeaseLost
from .models import Generation, Look, State

log = logging.getLogger(__name__)

# Not with the ORM: a step of a small model is short, and building a query takes longer than asking.
_ASK = """
    SELECT cancel_requested FROM generation_generation
    WHERE id = %s AND state = 'running' AND lease_owner = %s
"""
_STEP = """
    UPDATE generation_generation SET step = %s, lease_until = %s
    WHERE id = %s AND state = 'running' AND lease_owner = %s RETURNING cancel_requested
"""
RING_SECONDS = 5
"""Whoever asks rings the broker right after the commit: until then the sweep keeps out of it."""


def claim(generation_id: uuid.UUID, owner: uuid.UUID) -> Generation | None:
    """The generation, now running under `owner`'s lease; None where it is not there to be had."""
    taken = Generation.objects.filter(pk=generation_id, state=State.QUEUED).update(
        state=State.RUNNING,
        lease_owner=owner,
        lease_until=_lease_end(),
        tries=F("tries") + 1,
        step=0,
        started_at=timezone.now(),
    )
    return Generation.objects.select_related("artist").get(pk=generation_id) if taken else None


def claim_alike(first: Generation, owner: uuid.UUID, most: int) -> list[Generation]:
    """Up to so many others that wait and can be rendered in one call with the first, claimed too.

    They agree with it in model and settings; each is held under the same owner and ends by itself.
    """
    same = {name: getattr(first, name) for name in ("model", *ALIKE)} | {"begins_with": ""}
    if first.begins_with:
        return []
    waiting = Generation.objects.filter(state=State.QUEUED, **same).order_by("created_at")
    found = (claim(name, owner) for name in waiting.values_list("pk", flat=True)[:most])
    return [generation for generation in found if generation is not None]


def held(generation_id: uuid.UUID, owner: uuid.UUID) -> QuerySet[Generation]:
    """The row, if it is still running under this lease."""
    return Generation.objects.filter(pk=generation_id, state=State.RUNNING, lease_owner=owner)


def report_step(generation_id: uuid.UUID, owner: uuid.UUID, step: int) -> None:
    """Write the progress and renew the lease; raises Cancelled or LeaseLost between two steps."""
    _go_on(_STEP, [step, _lease_end(), generation_id, owner])


def go_on(generation_id: uuid.UUID, owner: uuid.UUID) -> None:
    """Only ask, and write nothing; raises Cancelled or LeaseLost as `report_step` does."""
    _go_on(_ASK, [generation_id, owner])


def _go_on(statement: str, values: list[int | datetime | uuid.UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    if row is None:
        raise LeaseLost
    if row[0]:
        raise Cancelled


def check_cancel(generation_id: uuid.UUID, owner: uuid.UUID) -> None:
    """Raise Cancelled where the artist has asked to stop."""
    if held(generation_id, owner).filter(cancel_requested=True).exists():
        raise Cancelled


@contextmanager
def heartbeat(generation_id: uuid.UUID, owner: uuid.UUID) -> Iterator[None]:
    """Renew the lease from a thread of its own, so that a long decode is not taken for a death."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(settings.GENERATION_LEASE_SECONDS / 3):
            try:
                held(generation_id, owner).update(lease_until=_lease_end())
            except (DatabaseError, InterfaceError) as error:
                # The next beat tries again; if none gets through the lease rightly runs out.
                log.warning(
                    "generation %s: heartbeat failed (%s)", generation_id, type(error).__name__
                )
                connection.close()
        connection.close()

    thread = threading.Thread(target=beat, name="lease-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def hand_back(generation_id: uuid.UUID, owner: uuid.UUID) -> None:
    """Give up the lease so that the sweep can send the generation out again."""
    held(generation_id, owner).update(
        state=State.QUEUED, lease_owner=None, lease_until=None, sent_at=None
    )
    Look.objects.filter(pk=generation_id).delete()


def sweep() -> tuple[int, int]:
    """Mend what was lost: (leases taken back, messages sent again)."""
    return _take_back_expired(), _send_unsent()


def _take_back_expired() -> int:
    with transaction.atomic():
        expired = Generation.objects.select_for_update(skip_locked=True).filter(
            state=State.RUNNING, lease_until__lt=timezone.now()
        )
        rows = list(expired)
        for row in rows:
            if row.cancel_requested:
                asking.end(row, State.CANCELLED, EntryType.CANCELLED, {"by": "artist"})
            elif row.tries >= settings.GENERATION_MAX_TRIES:
                asking.end(
                    row, State.FAILED, EntryType.FAILED, {"reason": "worker_lost"},
                    f"The worker stopped without a word {row.tries} times. Please ask again later.",
                )  # fmt: skip
            else:
                hand_back(row.pk, row.lease_owner or uuid.uuid4())
    return len(rows)


def _send_unsent() -> int:
    now = timezone.now()
    stale = now - timedelta(seconds=settings.GENERATION_RESEND_SECONDS)
    just_asked = now - timedelta(seconds=RING_SECONDS)
    waiting = (
        Generation.objects.filter(state=State.QUEUED)
        .filter(Q(sent_at__isnull=True, created_at__lt=just_asked) | Q(sent_at__lt=stale))
        .order_by("created_at")
        .values_list("pk", flat=True)[:100]
    )
    sent = 0
    for generation_id in waiting:
        if not asking.ring(generation_id):
            break  # the broker is away; the next round tries again
        sent += 1
    return sent


def _lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.GENERATION_LEASE_SECONDS)
