"""Mail of an archive that has no mail server: kept in a folder, read by its operator on a page.

So that everything can be tried before EMAIL_URL is set. A letter holds an address and links that
act for whoever has them: it is for the operator alone, and it is deleted after three days.
"""

import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

KEEP_SECONDS = 3 * 24 * 3600
MOST_SHOWN = 50


@dataclass(frozen=True)
class Letter:
    """A kept letter as the page shows it."""

    to: str
    subject: str
    at: datetime
    text: str


class Backend(BaseEmailBackend):
    """Django's mail backend that keeps every letter as a file."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the letters; returns how many."""
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            _keep(message.message().as_bytes(linesep="\r\n"))
        return len(email_messages)


def folder() -> Path:
    """Where the letters lie."""
    path: Path = settings.DATA / "mail"
    return path


def letters() -> list[Letter]:
    """The newest letters, at most MOST_SHOWN."""
    found = sorted(folder().glob("*.eml"), reverse=True)
    return [_letter(path) for path in found[:MOST_SHOWN]]


def sweep() -> str:
    """Delete letters that are older than three days; what was done, in words."""
    deadline = time.time() - KEEP_SECONDS
    old = [path for path in folder().glob("*") if path.stat().st_mtime < deadline]
    for path in old:
        path.unlink()
    return f"{len(old)} kept letters deleted" if old else ""


@never_cache
@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The kept letters, for the operator."""
    if not request.user.is_superuser:
        raise PermissionDenied(_("Only the operator reads the mail of the archive."))
    context = {"letters": letters(), "kept": settings.MAIL_IS_KEPT}
    return render(request, "mailroom.html", context)


def _keep(data: bytes) -> None:
    # By time, so that names sort; the draft is invisible until it is whole.
    name = f"{time.time_ns():020d}-{secrets.token_hex(4)}.eml"
    draft = folder() / f".{name}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(data)
    draft.rename(folder() / name)


def _letter(path: Path) -> Letter:
    parsed = message_from_bytes(path.read_bytes(), policy=policy.default)
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Letter(str(parsed["to"]), str(parsed["subject"]), at, _text(parsed))


def _text(parsed: Parsed) -> str:
    body = parsed.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""
