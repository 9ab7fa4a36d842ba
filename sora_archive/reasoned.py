"""Tables in Django's admin whose changes bear a reason: the history says who, when and why."""

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    _ModelAdmin: TypeAlias = admin.ModelAdmin[Any]
    _ModelForm: TypeAlias = forms.ModelForm[Model]
else:
    _ModelAdmin, _ModelForm = admin.ModelAdmin, forms.ModelForm


class ReasonForm(_ModelForm):
    """A row's form that asks why."""

    reason = forms.CharField(
        label=_("Why"), max_length=300, help_text=_("It stands in the history, with your name.")
    )


class Reasoned(_ModelAdmin):
    """A table whose every change says why."""

    form = ReasonForm

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """What the history says: what was changed, in Django's words, and why, in the curator's."""
        form.changed_data = [name for name in form.changed_data if name != "reason"]
        what = super().construct_change_message(request, form, formsets, add)
        words = LogEntry(change_message=json.dumps(what)).get_change_message()
        return f"{words} {_('Why:')} {form.cleaned_data['reason']}"
