"""How many files a web process reads at once: pages are served while hostile files are read.

A file may take its whole share of time. So checks never hold all threads of a process: a few wait
a moment for their turn, and who comes beyond them is asked to come back.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext

from .errors import Busy

WAITING = 1
_WAIT_SECONDS = 2.0


@contextmanager
def turn() -> Iterator[None]:
    """Hold one of the places; raises Busy where none gets free in time."""
    places, line = _places(settings.VERIFY_AT_ONCE)
    words = gettext(
        "Too many files are being checked at this moment. Nothing of yours was kept: send it again"
        " in a minute."
    )
    if not line.acquire(blocking=False):
        raise Busy(words)
    try:
        if not places.acquire(timeout=_WAIT_SECONDS):
            raise Busy(words)
        try:
            yield
        finally:
            places.release()
    finally:
        line.release()


@lru_cache(maxsize=1)
def _places(count: int) -> tuple[threading.Semaphore, threading.Semaphore]:
    """Places to read at, and to be there at all, of this process."""
    return threading.Semaphore(count), threading.Semaphore(count + WAITING)
