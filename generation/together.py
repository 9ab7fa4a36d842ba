"""Rendering several generations in one call of the pipeline, where an operator asks for it.

It makes fuller use of a large GPU, and a clip of a batch cannot be repeated byte for byte by
itself: so it is off unless WORKER_BATCH says otherwise, and the credential tells of it. Each
generation keeps an outcome, a try and entries of its own; only the rendering is shared.
"""

import logging
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace

from django.conf import settings
from django.db import close_old_connections

from . import encode, leases, line, progress, telling
from .engines.base import EngineFacts, Frames
from .engines.catalog import card
from .engines.pool import engine_for
from .errors import Cancelled
from .models import Generation

log = logging.getLogger(__name__)
Jobs = dict[uuid.UUID, line.Job]


def run(generation_id: uuid.UUID) -> None:
    """The line for a generation and for those that wait and are alike, WORKER_BATCH at most."""
    close_old_connections()
    owner = uuid.uuid4()
    first = leases.claim(generation_id, owner)
    if first is None:
        log.info("generation %s is not there to be claimed", generation_id)
        return
    company = [first, *leases.claim_alike(first, owner, settings.WORKER_BATCH - 1)]
    try:
        _work_on(company, owner)
    except (SystemExit, KeyboardInterrupt):
        for generation in company:  # those that have ended are held no more
            line.let_go(generation, owner)
        raise


def _work_on(company: list[Generation], owner: uuid.UUID) -> None:
    with ExitStack() as beating:
        for generation in company:
            beating.enter_context(leases.heartbeat(generation.pk, owner))
        jobs = _logged(company, owner)
        renders = _rendered(jobs) if len(jobs) > 1 else dict.fromkeys(jobs)
        for name, render in renders.items():
            line.work_on(jobs[name].generation, owner, render)


def _logged(company: list[Generation], owner: uuid.UUID) -> Jobs:
    """Those whose attempt stands in the log; the others have gone back to the queue."""
    jobs: Jobs = {}
    for generation in company:
        with line.ending(generation, owner):
            job = line.Job(generation, owner, card(generation.model))
            line.wait_until_logged(job)
            jobs[generation.pk] = job
    return jobs


def _rendered(jobs: Jobs) -> Mapping[uuid.UUID, line.Render | None]:
    """Frames for each that stayed until the end; None where it has to be rendered by itself."""
    staying, first = dict(jobs), next(iter(jobs.values()))
    try:
        engine = engine_for(first.card)
        requests = [line.request_of(job.generation) for job in jobs.values()]
        tellers = {name: progress.teller(name, job.owner) for name, job in jobs.items()}
        with telling.timed(first.card.id, "render"):
            found = engine.render_together(
                requests, lambda step, steps, _: _report(staying, tellers, step, steps)
            )
    except Cancelled:
        return {}
    except Exception as failure:  # noqa: BLE001 - each by itself, so that only the culprit fails
        log.warning("%d are rendered one by one: %s", len(staying), type(failure).__name__)
        return dict.fromkeys(staying)
    facts = replace(engine.facts, together=len(jobs))
    done = zip(jobs, found, strict=True)
    return {name: _giving(frames, facts) for name, frames in done if name in staying}


def _giving(frames: Frames, facts: EngineFacts) -> line.Render:
    def render(job: line.Job) -> tuple[Frames, EngineFacts]:
        return encode.enlarge(frames, job.card.upscale, job.card.upscale_filter), facts

    return render


def _report(
    staying: Jobs, tellers: Mapping[uuid.UUID, progress.Tell], step: int, steps: int
) -> None:
    """One that was cancelled or lost ends at once and alone; raises Cancelled once none is left."""
    for name, job in list(staying.items()):
        with line.ending(job.generation, job.owner):
            try:
                tellers[name](step, steps)
            except BaseException:
                del staying[name]
                raise
    if not staying:
        raise Cancelled
