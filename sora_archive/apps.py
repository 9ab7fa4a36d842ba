"""The site itself as a Django app: its commands, its system checks, the one Celery application."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Composes the rooms; has no tables."""

    name = "sora_archive"
    verbose_name = "Sora Archive"

    def ready(self) -> None:
        """Register the checks, and make our Celery application the one of every process.

        Without it a task would go to Celery's own default, a RabbitMQ on this very machine.
        """
        from sora_archive import celery, checks  # noqa: F401 - importing registers the checks

        celery.app.set_default()
