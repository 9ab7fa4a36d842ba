"""The one field of the verify page."""

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.template.defaultfilters import filesizeformat
from django.utils.datastructures import MultiValueDict


def too_large() -> str:
    """What to tell somebody whose file is over the limit."""
    limit = filesizeformat(settings.VERIFY_MAX_BYTES)
    return f"This file is too large: at most {limit} can be checked here."


class UploadForm(forms.Form):
    """A file to check; it is read, never kept."""

    file = forms.FileField(
        label="File",
        error_messages={
            "required": "Choose a file to check.",
            "empty": "This file is empty: there is nothing to check.",
            "invalid": "No file arrived. Choose a file and send it again.",
        },
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
