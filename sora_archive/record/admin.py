"""The record in Django's admin: curators correct it there, and nothing in it is ever deleted."""

from typing import TYPE_CHECKING, TypeAlias

from django.contrib import admin
from django.http import HttpRequest

from sora_archive.reasoned import Reasoned

from .models import Citation, Document, Fact, Question, Row, Source, Version

if TYPE_CHECKING:
    _CitationInline: TypeAlias = admin.TabularInline[Citation, Row]
else:
    _CitationInline = admin.TabularInline


def _is_curator(request: HttpRequest) -> bool:
    # Staff are curators and operators; the record asks for no finer right.
    return request.user.is_active and request.user.is_staff


class Citations(_CitationInline):
    """The sources of a line."""

    model = Citation
    extra = 1

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return _is_curator(request)

    has_change_permission = has_delete_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return _is_curator(request)


class RowAdmin(Reasoned):
    """Any row: a curator may add and change it, saying why; the name in its permalink is fixed."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_curator(request)

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return _is_curator(request)

    has_change_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_curator(request)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Row | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()


class LineAdmin(RowAdmin):
    """A row with sources beside it."""

    inlines = (Citations,)


admin.site.register((Source, Question, Document), RowAdmin)
admin.site.register((Fact, Version), LineAdmin)
