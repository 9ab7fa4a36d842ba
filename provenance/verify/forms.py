"""The forms of the verify page: a file to check, or the name of one."""

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.template.defaultfilters import filesizeformat
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext, gettext_lazy

NAME_LETTERS = 300


def too_large() -> str:
    """What to tell somebody whose file is over the limit."""
    limit = filesizeformat(settings.VERIFY_MAX_BYTES)
    return gettext("This file is too large: at most %(limit)s can be checked here.") % {
        "limit": limit
    }


class UploadForm(forms.Form):
    """A file to check; it is read, and only kept where whoever brings it says so."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        error_messages={
            "required": gettext_lazy("Choose a file to check."),
            "empty": gettext_lazy("This file is empty: there is nothing to check."),
            "invalid": gettext_lazy("No file arrived. Choose a file and send it again."),
        },
    )
    keep = forms.BooleanField(
        label=gettext_lazy("Leave the file with the report"),
        required=False,
        help_text=gettext_lazy(
            "Then it can be checked again when our check improves. Nobody can download it. Without"
            " this, nothing of the file stays."
        ),
    )

    @classmethod
    def refused(cls, words: str) -> "UploadForm":
        """The form with a refusal, without having read what was sent."""
        form = cls(QueryDict(), MultiValueDict())
        form.full_clean()
        form.errors.clear()
        form.add_error("file", words)
        return form

    def clean_file(self) -> UploadedFile:
        """Refuse what is over the limit although the whole request was not."""
        upload: UploadedFile = self.cleaned_data["file"]
        if (upload.size or 0) > settings.VERIFY_MAX_BYTES:
            raise forms.ValidationError(too_large())
        return upload

    @property
    def upload(self) -> UploadedFile:
        """The file, after validation."""
        upload: UploadedFile = self.cleaned_data["file"]
        return upload

    @property
    def words(self) -> str:
        """Why it was refused, in one line for programs."""
        return " ".join(str(error) for errors in self.errors.values() for error in errors)


class FindForm(forms.Form):
    """What names an issued file: its SHA-256, or its clip's id or address."""

    q = forms.CharField(label=gettext_lazy("SHA-256, id or address"), max_length=NAME_LETTERS)
