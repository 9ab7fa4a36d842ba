"""The record in Django's admin: curators correct it there, and nothing in it is ever deleted."""

from typing import TYPE_CHECKING, TypeAlias

from django import forms
from django.contrib import admin
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sora_archive.reasoned import Reasoned, ReasonForm

from .models import Citation, Confidence, Document, Fact, Question, Row, Source, Version

if TYPE_CHECKING:
    _CitationInline: TypeAlias = admin.TabularInline[Citation, Row]
    _CitationFormSet: TypeAlias = BaseInlineFormSet[Citation, Row, forms.ModelForm[Citation]]
else:
    _CitationInline, _CitationFormSet = admin.TabularInline, BaseInlineFormSet


def _is_curator(request: HttpRequest) -> bool:
    # Staff are curators and operators; the record asks for no finer right.
    return request.user.is_active and request.user.is_staff


class CitationFormSet(_CitationFormSet):
    """The sources beside a line: at least one, and two where it is firm, as the loader has it."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        seen = [form.instance.pk for form in self.forms if form.instance.pk]
        unseen = self.get_queryset().exclude(pk__in=seen).count()
        left = [
            form for form in self.forms
            if form.cleaned_data.get("source") and not form.cleaned_data.get("DELETE")
        ]  # fmt: skip
        if unseen + len(left) == 0:
            raise forms.ValidationError(
                gettext("A line without a source does not go on the record.")
            )
        firm = getattr(self.instance, "confidence", "") == Confidence.FIRM
        if firm and unseen + len(left) < 2:
            raise forms.ValidationError(gettext("“Firm” takes two sources."))


class Citations(_CitationInline):
    """The sources of a line."""

    model = Citation
    formset = CitationFormSet
    fields = ("source", "says")  # beside which line is told by the page
    extra = 1

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return _is_curator(request)

    has_change_permission = has_delete_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return _is_curator(request)


class PublicReasonForm(ReasonForm):
    """A line's form that asks why, for the page of the line."""

    reason = forms.CharField(
        label=_("Why"), max_length=300,
        help_text=_("Everybody can read it, with your role and pseudonym."),
    )  # fmt: skip


class RowAdmin(Reasoned):
    """Any row: a curator may add and change it, saying why; the name in its permalink is fixed."""

    form = PublicReasonForm
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

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
