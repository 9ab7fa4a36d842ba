"""Measuring in pairs: two ways of doing a thing, taken in turns in one run, and their ratio."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """How many times the cost of `base` a `subject` has; costs in seconds a run."""

    name: str
    subject: float
    base: float
    unit: str = "CPU ms"

    @property
    def ratio(self) -> float:
        """The median of the subject over the median of the base."""
        return self.subject / self.base

    def __str__(self) -> str:
        return (
            f"{self.name:<52} {self.ratio:8.2f} x   "
            f"({self.subject * 1000:.1f} against {self.base * 1000:.1f} {self.unit})"
        )


def in_turns(
    name: str, subject: Callable[[], object], base: Callable[[], object], pairs: int
) -> Ratio:
    """Median CPU time of both over `pairs` interleaved runs, after one run of each to warm up."""
    subject(), base()
    times: list[tuple[float, float]] = [(_cpu(subject), _cpu(base)) for _ in range(pairs)]
    return Ratio(
        name, statistics.median(t for t, _ in times), statistics.median(t for _, t in times)
    )


def median_cpu(call: Callable[[], object], runs: int) -> float:
    """Median CPU time of one call, in seconds, after one to warm up."""
    call()
    return statistics.median(_cpu(call) for _ in range(runs))


def _cpu(call: Callable[[], object]) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun
