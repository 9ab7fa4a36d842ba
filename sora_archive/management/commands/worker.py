"""`manage.py worker`: one Celery worker, which renders one clip at a time."""

import os

from django.core.management.base import BaseCommand

from sora_archive.launching.services import worker_line


class Command(BaseCommand):
    """Becomes the worker; SIGTERM lets it go on for WORKER_SHUTDOWN_SECONDS, then hand back."""

    help = "Run a worker. Start one for each GPU, on as many machines as there are."

    def handle(self, *args: object, **options: object) -> None:
        line = worker_line()
        # Celery reads it when it is imported, so it cannot be a setting of the application.
        environment = os.environ | {"REMAP_SIGTERM": "SIGQUIT", "TQDM_DISABLE": "1"}
        os.execve(line[0], line, environment)  # noqa: S606 - no shell, our own words
