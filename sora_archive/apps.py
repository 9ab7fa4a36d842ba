"""The site itself as a Django app: its commands and its system checks."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Composes the rooms; has no tables."""

    name = "sora_archive"

    def ready(self) -> None:
        from . import checks  # noqa: F401 - registers the system check
