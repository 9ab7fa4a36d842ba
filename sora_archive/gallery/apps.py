"""The gallery room as a Django app."""

from django.apps import AppConfig


class GalleryConfig(AppConfig):
    """What the public sees of the clips."""

    name = "sora_archive.gallery"
    label = "gallery"
    verbose_name = "Gallery"
