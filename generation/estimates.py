"""How long it will take, by what lately took how long; where nothing was measured, nothing is said.

The unit is one pixel of one frame through one step: a clip twice as long is taken to cost twice as
much. Times are those of a worker, from its claim to the finished clip.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import ngettext

from .models import OPEN_STATES, Generation, State

LATELY = 100
"""How many finished generations, of all models, are looked at."""
_COST = ("steps", "frames", "width", "height")
Pace = Mapping[str, float]
"""Seconds for one unit, by model."""


@dataclass(frozen=True)
class Place:
    """Where one stands among those that wait, from 1; `seconds` until it is done, or None."""

    position: int
    seconds: float | None


def work(row: Generation) -> int:
    """What a generation costs, in units."""
    return row.steps * row.frames * row.width * row.height


def pace() -> Pace:
    """The median of what lately took how long, for each model that was measured. One query."""
    rows = Generation.objects.filter(state=State.DONE, started_at__isnull=False).order_by(
        F("finished_at").desc()
    )
    spent: dict[str, list[float]] = {}
    for row in rows.only("model", "started_at", "finished_at", *_COST)[:LATELY]:
        if row.finished_at and row.started_at:
            seconds = (row.finished_at - row.started_at).total_seconds()
            spent.setdefault(row.model, []).append(seconds / max(work(row), 1))
    return {model: median(each) for model, each in spent.items()}


def seconds_for(paces: Pace, model: str, units: int) -> float | None:
    """How long a worker will take for so many units of a model; None where nobody knows."""
    return paces[model] * units if model in paces else None


def remaining(paces: Pace, row: Generation) -> float | None:
    """How long the worker that has it will still take, by its steps."""
    whole = seconds_for(paces, row.model, work(row))
    return None if whole is None else whole * (1 - row.step / max(row.steps, 1))


def places(waiting: Sequence[Generation], models: Iterable[str], paces: Pace) -> list[Place]:
    """Where each of these stands among all that waits for the same workers. One query.

    The estimate counts the workers that render something now under a fresh lease, a batch as one:
    while anything waits no worker that could take it is idle for long. Where none renders, or one
    of the models ahead was never measured, there is no estimate.
    """
    if not waiting:
        return []
    ahead = list(_ahead(waiting, models))
    workers = sum(row["running"] for row in ahead)
    return [_place(row, number, ahead, workers, paces) for number, row in enumerate(waiting)]


def _ahead(
    waiting: Sequence[Generation], models: Iterable[str]
) -> QuerySet[Generation, dict[str, int]]:
    """By model: how many workers are at it; before each given one, how many wait and the units."""
    large: BigIntegerField[int, int] = BigIntegerField()
    left = Case(
        When(state=State.RUNNING, then=Cast(F("steps") - F("step"), large)),
        default=Cast("steps", large),
    )
    units = ExpressionWrapper(left * F("frames") * F("width") * F("height"), output_field=large)
    counts: dict[str, Count | Sum] = {}
    for number, row in enumerate(waiting):
        earlier = Q(state=State.QUEUED, created_at__lt=row.created_at)
        before = earlier | Q(state=State.RUNNING)
        counts[f"count{number}"] = Count("pk", filter=earlier)
        counts[f"units{number}"] = Sum(units, filter=before, default=Value(0))
    alive = Q(state=State.RUNNING, lease_until__gt=timezone.now())
    open_now = Generation.objects.filter(state__in=OPEN_STATES, model__in=list(models))
    return (
        open_now.order_by()
        .values("model")
        .annotate(running=Count("lease_owner", filter=alive, distinct=True), **counts)
    )


def _place(
    row: Generation, number: int, ahead: Sequence[Mapping[str, int]], workers: int, paces: Pace
) -> Place:
    position = sum(each[f"count{number}"] for each in ahead) + 1
    own = seconds_for(paces, row.model, work(row))
    before = [
        seconds_for(paces, str(each["model"]), each[f"units{number}"])
        for each in ahead
        if each[f"units{number}"]
    ]
    if own is None or not workers or None in before:
        return Place(position, None)
    return Place(position, sum(filter(None, before)) / workers + own)


def in_words(seconds: float | None) -> str:
    """An estimate as one would say it; empty for None."""
    if seconds is None:
        return ""
    if seconds < 50:
        tens = max(5, round(seconds / 5) * 5)
        return ngettext("about %d second", "about %d seconds", tens) % tens
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return ngettext("about %d minute", "about %d minutes", minutes) % minutes
    hours = round(minutes / 60)
    return ngettext("about %d hour", "about %d hours", hours) % hours
