"""The search form of the record, and that of a captured copy."""

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .captures import Words


class SearchForm(forms.Form):
    """Words to look for, as in a web search: quotes hold together, a minus leaves out."""

    q = forms.CharField(
        label=gettext_lazy("Search the record"),
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class CaptureForm(forms.Form):
    """A copy of a source, the day on which it was taken, and what is to be known about it."""

    file = forms.FileField(
        label=gettext_lazy("The copy"), help_text=gettext_lazy("PDF, WARC, .warc.gz or WACZ.")
    )
    captured_on = forms.DateField(
        label=gettext_lazy("Taken on"), widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=300,
        help_text=gettext_lazy("With which program, and what is missing. Public."),
    )  # fmt: skip

    def clean_file(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["file"]
        if (upload.size or 0) > settings.CAPTURE_MAX_BYTES:
            most = filesizeformat(settings.CAPTURE_MAX_BYTES)
            raise forms.ValidationError(_("At most %(most)s.") % {"most": most})
        return upload

    def clean_captured_on(self) -> object:
        day = self.cleaned_data["captured_on"]
        if day > timezone.now().date():
            raise forms.ValidationError(_("That day is still to come."))
        return day

    @property
    def words(self) -> Words:
        """What was said about the copy."""
        return Words(self.cleaned_data["captured_on"], self.cleaned_data["note"])
