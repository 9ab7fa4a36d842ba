"""Pages, feeds and JSON go out compressed to whoever takes that; files as they are stored.

Django's own middleware would compress clips as well, and take their lengths and ranges away.
Against guessing secrets from lengths (BREACH) it pads every answer at random, and the only secret
on a page, the form token, is masked anew each time.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

WORDS = (
    "text/", "application/json", "application/xml", "application/atom+xml",
    "application/problem+json",
)  # fmt: skip


class Middleware(GZipMiddleware):
    """Django's, for words alone."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Compress what is written in words and whole."""
        if response.get("Content-Type", "").startswith(WORDS) and response.status_code != 206:
            return super().process_response(request, response)
        return response
