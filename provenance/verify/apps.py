"""The app of the verify pages and of the ledger of issued files."""

from django.apps import AppConfig


class VerifyConfig(AppConfig):
    """Checks a file; keeps the ledger of what was issued."""

    name = "provenance.verify"
    label = "verify"
    verbose_name = "Verify"

    def ready(self) -> None:
        from . import checks  # noqa: F401 - registers the system checks
