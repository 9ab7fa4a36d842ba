"""The log as a Django app."""

from django.apps import AppConfig


class LogConfig(AppConfig):
    """Tables, pages and the sequencer of the public log."""

    name = "provenance.log"
    label = "log"
    verbose_name = "public log"
