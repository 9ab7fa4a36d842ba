"""The statement room as a Django app."""

from django.apps import AppConfig


class StatementConfig(AppConfig):
    """What the artists of the archive have to say."""

    name = "sora_archive.statement"
    label = "statement"
    verbose_name = "Statement"

    def ready(self) -> None:
        from . import checks  # noqa: F401 - registers the system check
