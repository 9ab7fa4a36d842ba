"""/healthz: whether the four parts that a clip needs are alive, always answered in bounded time.

Each part is asked by a thread of its own that all visitors share, so neither a frozen service nor
many visitors can tie up the site.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from time import monotonic

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from provenance.log import sequencer
from sora_archive import celery

ANSWER_SECONDS = 3.0
SEQUENCER_SECONDS = 30.0
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """Whether one part is well and, in words fit for the public, why (not)."""

    ok: bool
    reason: str

    def as_json(self) -> dict[str, bool | str]:
        """The shape /healthz shows for each part."""
        return {"ok": self.ok, "reason": self.reason}


States = Mapping[str, State]


class Probe:
    """One question, asked by at most one thread at a time however many want the answer."""

    def __init__(self, parts: tuple[str, ...], ask: Callable[[], States]) -> None:
        self.parts = parts
        self._ask = ask
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"health-{parts[0]}")
        self._asked: Future[States] | None = None

    def begin(self) -> Future[States]:
        """The answer under way, or a new one."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = self._pool.submit(self._ask)
            return self._asked

    def answer(self, future: Future[States], seconds: float) -> States:
        """The states once they are there; after `seconds` all parts are said not to answer."""
        try:
            return future.result(max(seconds, 0.0))
        except FutureTimeout:
            return dict.fromkeys(self.parts, State(False, "no answer in time"))
        except Exception as error:  # noqa: BLE001 - whatever is wrong is the answer asked for
            _logger.warning("health: %s cannot be asked: %s", self.parts[0], type(error).__name__)
            return dict.fromkeys(self.parts, State(False, "cannot be reached"))


def _ask_database() -> States:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return {"database": State(True, "answers")}
    finally:
        connection.close()


def _ask_line() -> States:
    workers = celery.workers_answer(timeout=1.0)
    found = State(True, "answers") if workers else State(False, "no worker answers")
    return {"broker": State(True, "answers"), "worker": found}


def _ask_sequencer() -> States:
    try:
        return {"sequencer": State(*sequencer.alive(SEQUENCER_SECONDS))}
    finally:
        connection.close()


PROBES = (
    Probe(("database",), _ask_database),
    Probe(("broker", "worker"), _ask_line),
    Probe(("sequencer",), _ask_sequencer),
)


def examine(probes: tuple[Probe, ...] = PROBES, seconds: float = ANSWER_SECONDS) -> States:
    """The state of every part, all asked at once, within `seconds`."""
    deadline = monotonic() + seconds
    under_way = [(probe, probe.begin()) for probe in probes]
    states: dict[str, State] = {}
    for probe, future in under_way:
        states |= probe.answer(future, deadline - monotonic())
    return states


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """All parts as JSON; status 200 where all are well and 503 otherwise."""
    states = examine()
    well = all(state.ok for state in states.values())
    shown = {name: state.as_json() for name, state in states.items()}
    return JsonResponse(shown, status=200 if well else 503)
