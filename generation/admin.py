"""Generations and clips for the operator's eyes; nothing of the line is changed by hand."""

from django.contrib import admin
from django.http import HttpRequest

from .models import Clip, Generation


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows whose truth is the log's too: to look at only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Generation)
class GenerationAdmin(ReadOnly):
    """Attempts; the prompt is the artist's, so the list does not show it."""

    list_display = ("id", "artist", "state", "model", "created_at")
    list_filter = ("state", "model")


@admin.register(Clip)
class ClipAdmin(ReadOnly):
    """Clips and who can see them."""

    list_display = ("title", "visibility", "model_title", "published_at")
    list_filter = ("visibility",)
