"""Stored files over HTTP: whole or one range (RFC 9110 section 14), known by their hash as ETag.

A file that a row names and the disk lacks is our fault: visitor and operator are told.
"""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext

CHUNK = 256 * 1024
SINGLE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_logger = logging.getLogger(__name__)


def serve(
    request: HttpRequest, path: Path, sha256: str, content_type: str, name: str
) -> HttpResponseBase:
    """Answer GET or HEAD for a stored file: 200, 206, 304 or 416; 503 for one that cannot be read.

    Several ranges, other units and a stale If-Range get the whole file, as RFC 9110 allows.
    A withdrawal must bite at once, so every copy is revalidated: the 304 is cheap.
    """
    etag = f'"{sha256}"'
    try:
        if settings.MEDIA_ACCEL:
            response = _handed_over(path, content_type)
        else:
            response = _answer(request, path, etag, content_type)
    except OSError as error:
        _logger.error("stored file %s cannot be read: %s", sha256, error.strerror)
        return _lost()
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "no-cache"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return get_conditional_response(request, etag=etag, response=response) or response  # type: ignore[arg-type]


def _lost() -> HttpResponseBase:
    """Not 404: the archive answers for this file, and a backup can bring it back."""
    words = gettext("This file cannot be read at the moment. That is our fault and has been noted.")
    response = HttpResponse(f"{words}\n", status=503, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response


def _handed_over(path: Path, content_type: str) -> HttpResponseBase:
    """Who stands in front (nginx) sends the file, whole or in part, and nobody sees its address."""
    path.stat()  # a file that is gone is answered here: nginx has no words for it
    response = HttpResponse(content_type=content_type)
    response["X-Accel-Redirect"] = f"{settings.MEDIA_ACCEL}/{path.parent.name}/{path.name}"
    return response


def _answer(request: HttpRequest, path: Path, etag: str, content_type: str) -> HttpResponseBase:
    size = path.stat().st_size
    wanted = _range(request, etag, size)
    if wanted is None:
        response: HttpResponseBase = FileResponse(path.open("rb"), content_type=content_type)
        response["Content-Length"] = str(size)
        return response
    if wanted[0] > wanted[1]:
        response = HttpResponse(status=416, content_type="text/plain")
        response["Content-Range"] = f"bytes */{size}"
        return response
    return _part(request, path, wanted, size, content_type)


def _range(request: HttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """First and last byte; an impossible range has first > last; None is the whole file."""
    match = SINGLE_RANGE.fullmatch(request.headers.get("Range", ""))
    if not match or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return None  # an invalid range is ignored (RFC 9110 section 14.1.1)
    if first:
        return (int(first), min(int(last or size - 1), size - 1)) if int(first) < size else (1, 0)
    if not last:
        return None
    return (max(size - int(last), 0), size - 1) if int(last) else (1, 0)


def _part(
    request: HttpRequest, path: Path, wanted: tuple[int, int], size: int, content_type: str
) -> HttpResponseBase:
    first, last = wanted
    chunks = iter(()) if request.method == "HEAD" else _chunks(path, first, last)
    response = StreamingHttpResponse(chunks, status=206, content_type=content_type)
    response["Content-Length"] = str(last - first + 1)
    response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


def _chunks(path: Path, first: int, last: int) -> Iterator[bytes]:
    with path.open("rb") as opened:
        opened.seek(first)
        left = last - first + 1
        while left > 0 and (chunk := opened.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
