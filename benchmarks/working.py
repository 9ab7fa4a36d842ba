"""What the line adds to a render, how soon a worker begins, and what a full queue and a second
worker change. The workers and brokers are real processes of the benchmark's own."""

import http.client
import json
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from benchmarks.measure import Ratio
from generation import asking, leases, line
from generation.engines.catalog import ModelCard, cards
from generation.engines.pool import engine_for
from generation.models import Generation, State
from sora_archive.accounts import tokens
from sora_archive.accounts.models import User
from tests.faulty.services import running_broker
from tests.stack import Stack, free_port, slow_copy, wait_until

PROMPT = "a red circle moves left on the blue background"
SEED = 7
LONG_SECONDS = 10.0  # of processor time
CLAIMS = 200
ASKED = 40
DRAINED = 20
STEPS = 60  # of the tiny pipeline: some seconds of one thread


def the_addition(ada: User, pairs: int) -> Iterator[Ratio]:
    """CPU seconds that the line adds to the bare call on a clip of 17 frames, 128 x 128."""
    with small_card(int(cards()[0].steps.default)) as card:
        found = pairs_of(ada, card, pairs)
    yield ratio_of("the whole line : the bare call, 17 frames of 128 x 128", found)
    added = statistics.median(ours - bare for ours, bare in found)
    print(f"    the line adds {added:.3f} CPU s (asked for: at most 0.25)")


def the_long_render(ada: User, pairs: int) -> Iterator[Ratio]:
    """The same where the render takes at least ten CPU seconds; the median of the pairs' ratios."""
    with small_card(20) as card:
        bare = bare_call(card)
        bare()
        steps = int(20 * LONG_SECONDS * 1.6 / min(cpu_of(bare) for _ in range(3)))
    with small_card(steps) as card:
        found = pairs_of(ada, card, max(pairs, 5))
    ratios = sorted(ours / bare for ours, bare in found)
    yield ratio_of(f"the whole line : the bare call, {steps} steps", found)
    print(
        f"    median of {len(ratios)} pairs: {statistics.median(ratios):.3f} "
        f"({', '.join(f'{ratio:.3f}' for ratio in ratios)}; asked for: at most 1.08 on at least "
        f"{LONG_SECONDS:.0f} CPU s, the shortest took {min(b for _, b in found):.1f})"
    )


@contextmanager
def small_card(steps: int) -> Iterator[ModelCard]:
    """The site's model with so many steps and as it renders: 17 frames, 128 x 128, not enlarged."""
    folder = settings.DATA / "models" / f"small-{steps}"
    if not folder.exists():
        slow_copy(cards()[0].folder, folder, steps)
        values = json.loads((folder / "card.json").read_text())
        values |= {"width": 128, "height": 128, "upscale": 1, "sizes": [[128, 128]]}
        (folder / "card.json").write_text(json.dumps(values))
    with override_settings(GENERATION_MODELS=[folder]):
        (card,) = cards()
        assert (card.width, card.height, card.frames, card.upscale) == (128, 128, 17, 1)
        yield card


def pairs_of(ada: User, card: ModelCard, pairs: int) -> list[tuple[float, float]]:
    """CPU seconds of (the line, the bare call), in turns, same seed, in this process."""
    bare = bare_call(card)
    if card.steps.default <= 100:  # to warm up; a long render was preceded by short ones
        whole(ada, card)
        bare()
    return [(cpu_of(lambda: whole(ada, card)), cpu_of(bare)) for _ in range(pairs)]


def whole(ada: User, card: ModelCard) -> None:
    """One clip, from the request to its record."""
    request = asking.Request(PROMPT, "", card, SEED, card.frames, uuid.uuid4())
    generation = asking.ask(ada, request)
    line.run(generation.pk)
    generation.refresh_from_db()
    assert generation.state == State.DONE, generation.reason


def bare_call(card: ModelCard) -> Callable[[], object]:
    """The library's own pipeline as its documentation calls it."""
    engine = engine_for(card)
    pipeline = engine._pipeline  # type: ignore[attr-defined]  # the library's own object
    generator = import_string("torch.Generator")
    return lambda: pipeline(
        prompt=PROMPT, num_inference_steps=int(card.steps.default),
        guidance_scale=card.guidance.default, width=card.width, height=card.height,
        num_frames=card.frames, frame_rate=card.fps,
        generator=generator("cpu").manual_seed(SEED), output_type="np",
    )  # fmt: skip


def cpu_of(call: Callable[[], object]) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun


def ratio_of(name: str, found: list[tuple[float, float]]) -> Ratio:
    return Ratio(
        name, statistics.median(o for o, _ in found), statistics.median(b for _, b in found)
    )


def the_doorbell(ada: User) -> Iterator[Ratio]:
    """From POST to an idle worker's claim, against a round trip through the broker."""
    with ExitStack() as closing:
        port = free_port()
        stack = closing.enter_context(real_processes("square", port))
        stack.start("web", "worker")
        ask = asker(ada, port)
        wait_until(lambda: answers(port), "the web server answers")
        finished(ask())
        delays, trips = [], []
        ping = closing.enter_context(pinger(stack.broker_url))
        for _ in range(ASKED):
            trips.append(ping())
            begun = timezone.now()
            generation = finished(ask())
            assert generation.started_at is not None
            delays.append((generation.started_at - begun).total_seconds())
        yield Ratio(
            "POST to claim, p95 : a round trip through the broker",
            p95(delays), statistics.median(trips), "ms",
        )  # fmt: skip
        print(
            f"    claim p50 {statistics.median(delays) * 1000:.1f} ms, round trip p95 "
            f"{p95(trips) * 1000:.1f} ms (asked for: at most 10)"
        )


@contextmanager
def pinger(broker_url: str) -> Iterator[Callable[[], float]]:
    """Seconds from a message to the worker until its answer is here, both through the broker."""
    from celery import Celery

    app = Celery(broker=broker_url, set_as_current=False)
    with app.connection_for_write() as open_connection:

        def ping() -> float:
            begun = time.perf_counter()
            asked = app.control.inspect(timeout=5.0, connection=open_connection, limit=1)
            assert asked.ping()
            return time.perf_counter() - begun

        ping()
        yield ping


def asker(ada: User, port: int) -> Callable[[], uuid.UUID]:
    """Asks over HTTP, as a program does; the id of what was asked."""
    _, secret = tokens.issue(ada, "bench", ["generate", "read"], 1)
    body = json.dumps({"prompt": PROMPT, "seed": SEED}).encode()

    def ask() -> uuid.UUID:
        web = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        web.request(
            "POST", "/api/v1/generations", body,
            {"Authorization": f"Bearer {secret}", "Content-Type": "application/json",
             "Idempotency-Key": uuid.uuid4().hex, "Host": "testserver"},
        )  # fmt: skip
        answer = web.getresponse()
        told = json.loads(answer.read())
        assert answer.status == 201, told
        return uuid.UUID(told["id"])

    return ask


def answers(port: int) -> bool:
    try:
        web = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        web.request("GET", "/api/v1/generations", headers={"Host": "testserver"})
        return web.getresponse().status == 401
    except OSError:
        return False


def finished(generation: uuid.UUID) -> Generation:
    rows = Generation.objects.filter(pk=generation, state=State.DONE)
    found: Generation = wait_until(rows.first, "the clip is made")
    return found


@contextmanager
def real_processes(kind: str, port: int = 0, **extra: str) -> Iterator[Stack]:
    """A broker and a Stack on the benchmark's database; the archive's own sequencer serves it.

    `kind` is "square", an engine that takes no time, or "tiny", the untrained pipeline.
    """
    folder = settings.DATA / f"bench-{kind}"
    model = folder / "tiny"
    if not model.exists():
        import_string("generation.engines.testmodel.build")(folder / "built")
        slow_copy(folder / "built", model, STEPS)
    engine = {"square": "tests.generation.square.SquareEngine"}.get(
        kind, settings.GENERATION_ENGINE
    )
    with running_broker("valkey", folder / "broker") as server:
        stack = Stack(
            settings.DATA, settings.DATABASE_URL, server.url,
            {"PORT": str(port), "GENERATION_MODELS": str(model), "GENERATION_ENGINE": engine,
             "GENERATION_MAX_IN_FLIGHT": "100000", "GENERATION_MAX_PER_DAY": "100000",
             "LOG_ALLOW_UNSAFE_FSYNC": "0", **extra},
        )  # fmt: skip
        try:
            yield stack
        finally:
            stack.stop()


def the_crowd(ada: User) -> Iterator[Ratio]:
    """A claim with 10,000 queued against one with 10, and what the queue page asks then."""
    few = claims(10)
    queries = queries_of_queue_page(ada)
    many = claims(10_000)
    crowded = queries_of_queue_page(ada)
    yield Ratio("claim with 10,000 queued, p95 : with 10", p95(many), p95(few), "ms")
    print(f"    the queue page asks {queries} and {crowded} questions (asked for: at most 5)")
    Generation.objects.filter(state=State.QUEUED).delete()


def claims(queued: int) -> list[float]:
    """Seconds of CLAIMS claims with that many queued, each given back before the next."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUED, {"count": queued})
        cursor.execute("ANALYZE generation_generation")
    rows = Generation.objects.filter(state=State.QUEUED).order_by("?")
    waiting = list(rows.values_list("pk", flat=True)[:CLAIMS])
    seconds = []
    for number in range(CLAIMS):
        generation, owner = waiting[number % len(waiting)], uuid.uuid4()
        begun = time.perf_counter()
        assert leases.claim(generation, owner) is not None
        seconds.append(time.perf_counter() - begun)
        leases.hand_back(generation, owner)
    return seconds


def queries_of_queue_page(ada: User) -> int:
    client = Client()
    client.force_login(ada)
    page = reverse("generation:queue")
    client.get(page)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(page).status_code == 200
    return len(seen)


QUEUED = """
INSERT INTO generation_generation
SELECT (jsonb_populate_record(g, jsonb_build_object(
          'id', gen_random_uuid(), 'request_key', gen_random_uuid(),
          'attempt', replace(gen_random_uuid()::text, '-', ''), 'step', 0, 'tries', 0,
          'attempt_ticket', gen_random_uuid(), 'outcome_ticket', NULL, 'state', 'queued',
          'finished_at', NULL, 'started_at', NULL,
          'created_at', g.created_at + n * interval '1 millisecond'))).*
FROM generate_series((SELECT count(*) FROM generation_generation WHERE state = 'queued') + 1,
                     %(count)s) AS n, generation_generation g
WHERE g.id = (SELECT id FROM generation_generation WHERE state = 'done' LIMIT 1)
"""


def the_second_worker() -> Iterator[Ratio]:
    """Seconds until 20 clips of the tiny pipeline are made by two workers, against by one."""
    with real_processes("tiny", TORCH_THREADS="1") as stack:
        stack.start("sweep")
        warm(stack, 1)
        one = drain(stack)
        warm(stack, 2)
        two = drain(stack)
    yield Ratio(f"{DRAINED} clips by two workers : by one", two / 1000, one / 1000, "s")


def warm(stack: Stack, workers: int) -> None:
    """One more worker, so that there are so many, and each has rendered before."""
    name = f"worker-{workers}"
    stack.start(name)
    log = stack.data / f"{name}.log"
    while " done" not in log.read_text():
        finished(stack.ask(PROMPT))


def drain(stack: Stack) -> float:
    """Seconds from the first claim until the last clip is done."""
    asked = stack.ask_often(PROMPT, DRAINED)
    wait_until(
        lambda: Generation.objects.filter(pk__in=asked, state=State.DONE).count() == DRAINED,
        "all clips are made", 1800,
    )  # fmt: skip
    rows = list(Generation.objects.filter(pk__in=asked))
    begun = min(row.started_at for row in rows if row.started_at)
    ended = max(row.finished_at for row in rows if row.finished_at)
    return (ended - begun).total_seconds()


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]
