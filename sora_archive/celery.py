"""Celery's one application: a doorbell in front of PostgreSQL, which holds the truth.

Publishing fails fast (the sweep sends again what was not sent), a message is acknowledged only
after its work, and the pool spawns its children so that torch is first touched inside them.
"""

import os

from celery import Celery, signals
from django.conf import settings
from kombu.entity import Queue
from prometheus_client import start_http_server

from generation.engines import catalog
from sora_archive import lifeline

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sora_archive.settings")

REDIS_OPTIONS = {
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    # Longer than any generation may run; a lost worker is noticed by its lease, not by this.
    "visibility_timeout": 6 * 3600,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
}

app = Celery("sora_archive")
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_transport_options=REDIS_OPTIONS if settings.BROKER_URL.startswith("redis") else {},
    broker_connection_timeout=2,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_publish_retry=False,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_default_queue=catalog.DEFAULT_QUEUE,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_concurrency=1,
    worker_pool="prefork",
    worker_pool_start_method="spawn",
    # A spawned child imports the whole site. Celery would kill it after four seconds, and its
    # successor too, for as long as the machine is busy.
    worker_proc_alive_timeout=120,
    worker_soft_shutdown_timeout=settings.WORKER_SHUTDOWN_SECONDS,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    timezone="UTC",
)
QUEUES = settings.WORKER_QUEUES or catalog.queues()
app.conf.task_queues = [Queue(name) for name in QUEUES]  # type: ignore[no-untyped-call]
app.autodiscover_tasks(["generation"])


@signals.worker_process_init.connect  # type: ignore[untyped-decorator]
def _end_with_the_worker(**_: object) -> None:
    """A pool child in the middle of a step would outlive a worker that was killed."""
    lifeline.die_with_parent()


@signals.worker_process_init.connect  # type: ignore[untyped-decorator]
def _tell(**_: object) -> None:
    """What this worker counts, for whoever is on this machine."""
    if settings.WORKER_METRICS_PORT:
        start_http_server(settings.WORKER_METRICS_PORT, addr="127.0.0.1")


def workers_answer(timeout: float = 1.0) -> int:
    """How many workers answered a ping within `timeout` seconds; raises when the broker is away."""
    with app.connection_for_write(connect_timeout=timeout) as connection:
        connection.ensure_connection(max_retries=1, timeout=timeout)
        return len(
            app.control.inspect(timeout=timeout, connection=connection, limit=1).ping() or {}
        )
