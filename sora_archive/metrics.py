"""Numbers for Prometheus: of the whole archive, asked of the database when somebody asks.

Nothing is counted in the web processes, so it does not matter which of them answers. What a worker
does it tells itself, on a port of its own (WORKER_METRICS_PORT).
"""

import hmac
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, Max, Min
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from generation.models import OPEN_STATES, Generation
from provenance.log.models import Checkpoint, Pending


class Archive(Collector):
    """The queue and the log, each in one query that an index answers."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The families, in the order they are read."""
        yield from self._queue()
        yield from self._log()

    def _queue(self) -> Iterator[GaugeMetricFamily]:
        count = GaugeMetricFamily(
            "sora_generations_open", "Generations that wait or run", labels=["model", "state"]
        )
        oldest = GaugeMetricFamily(
            "sora_generations_oldest_seconds",
            "Age of the oldest of them",
            labels=["model", "state"],
        )
        found = (
            Generation.objects.filter(state__in=OPEN_STATES)
            .values("model", "state")
            .annotate(count=Count("pk"), oldest=Min("created_at"))
        )
        for row in found:
            labels = [row["model"], row["state"]]
            count.add_metric(labels, row["count"])
            oldest.add_metric(labels, (timezone.now() - row["oldest"]).total_seconds())
        yield from (count, oldest)

    def _log(self) -> Iterator[GaugeMetricFamily]:
        newest = Checkpoint.objects.aggregate(size=Max("head"), at=Max("signed_at"))
        size = GaugeMetricFamily("sora_log_entries", "Entries that a signed checkpoint covers")
        size.add_metric([], newest["size"] or 0)
        pending = GaugeMetricFamily("sora_log_pending", "Entries that wait for the sequencer")
        pending.add_metric([], Pending.objects.count())
        yield from (size, pending)
        if newest["at"]:
            age = GaugeMetricFamily("sora_log_checkpoint_seconds", "Age of the newest checkpoint")
            age.add_metric([], (timezone.now() - newest["at"]).total_seconds())
            yield age


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Only with METRICS_TOKEN as bearer token; without the setting there is no such page."""
    if not settings.METRICS_TOKEN:
        return HttpResponseNotFound("METRICS_TOKEN is not set.\n", content_type="text/plain")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return HttpResponseForbidden("The bearer token is wrong.\n", content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(Archive())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
