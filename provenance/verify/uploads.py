"""An upload from the wire to the disk: refused by its size before a byte of it is read."""

from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext

from .forms import UploadForm, too_large

# What a client wraps around a file: boundaries, field names, the token.
ENVELOPE_BYTES = 64 * 1024


def refusal(request: HttpRequest) -> UploadForm | None:
    """The form that says why a request is not even read; else None, and files go to the disk."""
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if (
        not declared.isdecimal()
        or not declared.isascii()
        or int(declared) > settings.VERIFY_MAX_BYTES + ENVELOPE_BYTES
    ):
        return UploadForm.refused(too_large())
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    return None


def received(request: HttpRequest) -> UploadForm:
    """The form with what came; or refused, where that is no form at all."""
    try:
        return UploadForm(request.POST, request.FILES)
    except (MultiPartParserError, SuspiciousOperation):  # too many parts, or too long ones, as well
        words = gettext("What arrived is no form with one file in it. Send the file again.")
        return UploadForm.refused(words)


def path_of(form: UploadForm) -> Path | None:
    """Where the file lies, while the request lasts; None where the form is not valid."""
    if not form.is_valid() or not isinstance(form.upload, TemporaryUploadedFile):
        return None
    return Path(form.upload.temporary_file_path())
