"""The site itself as a Django app: its commands, and the one Celery application."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """The site."""

    name = "sora_archive"
    verbose_name = "Sora Archive"

    def ready(self) -> None:
        """Make our Celery application the current one, in every process that may send a task.

        Without it a task would go to Celery's own default, a RabbitMQ on this very machine.
        """
        from sora_archive import celery

        celery.app.set_default()
