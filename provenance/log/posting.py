"""Asking servers of others over HTTP: one POST, no redirect, limits on time and on the answer."""

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from provenance.core.errors import ProvenanceError

TIMEOUT_SECONDS = 5.0
ANSWER_LIMIT = 256 * 1024  # bytes


class ServerUnavailable(ProvenanceError):
    """A server of others gave no answer that can be used; the text says what came instead."""


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    kind: str
    body: bytes


# An address, a body and its type.
Post = Callable[[str, bytes, str], Answer]


def post(address: str, body: bytes, kind: str) -> Answer:
    """Send a body to an address of http or https; any status is an answer.

    Raises ServerUnavailable where none came, or a longer one than any could be.
    """
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ServerUnavailable(f"{address} is no address that begins with https:// or http://.")
    headers = {"Content-Type": kind, "User-Agent": "sora-archive-log"}
    asked = urllib.request.Request(address, body, headers)  # noqa: S310 - looked at above
    try:
        with _OPENER.open(asked, timeout=TIMEOUT_SECONDS) as answer:
            return _whole(answer.status, answer)
    except urllib.error.HTTPError as error:
        with error:
            return _whole(error.code, error)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ServerUnavailable(f"{parts.hostname} does not answer ({reason}).") from error


def _whole(status: int, answer: Any) -> Answer:
    data = answer.read(ANSWER_LIMIT + 1)
    if len(data) > ANSWER_LIMIT:
        raise ServerUnavailable("The answer is longer than any could be.")
    return Answer(status, answer.headers.get_content_type(), data)


class _StayThere(urllib.request.HTTPRedirectHandler):
    """A server that moved is named anew by the operator, not by whoever answers there."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_StayThere())
