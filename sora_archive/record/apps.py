"""The record room as a Django app."""

from django.apps import AppConfig


class RecordConfig(AppConfig):
    """The sourced chronicle of the protest."""

    name = "sora_archive.record"
    label = "record"
    verbose_name = "Record"
