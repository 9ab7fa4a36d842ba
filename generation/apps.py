"""The line as a Django app."""

from django.apps import AppConfig


class GenerationConfig(AppConfig):
    """Requests, clips and the way from one to the other."""

    name = "generation"
    verbose_name = "Generations"
