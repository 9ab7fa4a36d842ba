"""The moderation room as a Django app."""

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    """The hands that keep the archive clean, and what they have to say for themselves."""

    name = "sora_archive.moderation"
    label = "moderation"
    verbose_name = "Moderation"
