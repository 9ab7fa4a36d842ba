"""Which generation this thread works on, for every line of the log, and what is counted of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

from prometheus_client import Counter, Histogram

CURRENT: ContextVar[str] = ContextVar("generation", default="")

OUTCOMES = Counter(
    "sora_generation_outcomes", "Generations that ended in this worker", ["model", "outcome"]
)
SECONDS = Histogram(
    "sora_generation_seconds", "Seconds that a step of the line took", ["model", "step"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600),
)  # fmt: skip


@contextmanager
def about(generation_id: object) -> Iterator[None]:
    """Lines of the log that are written within bear this id, whoever writes them."""
    token = CURRENT.set(str(generation_id))
    try:
        yield
    finally:
        CURRENT.reset(token)


@contextmanager
def timed(model: str, step: str) -> Iterator[None]:
    """Count the seconds of a step of the line, also where it fails."""
    begun = monotonic()
    try:
        yield
    finally:
        SECONDS.labels(model, step).observe(monotonic() - begun)
