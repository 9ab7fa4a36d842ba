"""The letters of the statement, as plain text; who gets one stands in no log line."""

import logging
import smtplib
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .errors import MailNotSent
from .models import Kind, Signature, Version
from .words import parse

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letter:
    """A subject and a text."""

    subject: str
    body: str


def address_of(kind: Kind, token: str) -> str:
    """The page that a mailed token opens."""
    name = "statement:confirm" if kind == Kind.CONFIRM else "statement:own"
    return f"{settings.SITE_URL}{reverse(name, args=[token])}"


def to_confirm(signature: Signature, confirming: str, own: str, until: datetime) -> Letter:
    """The letter to somebody who has (or has not) asked to sign."""
    words = _(
        "Somebody, we hope it was you, asked to sign\n\n"
        "    %(title)s (version %(number)d)\n\n"
        "as\n\n"
        "    %(name)s\n\n"
        "To confirm, open this page and press the button there. It works once, until %(until)s:\n\n"
        "%(confirming)s\n\n"
        "Keep this second link. With it you can look at what is kept about you, have your name "
        "erased or take your signature back, at any time. It never expires:\n\n"
        "%(own)s\n\n"
        "If it was not you, do nothing: nothing is published, and your address is deleted on "
        "that day. The second link deletes it at once.\n\n"
        "%(foot)s\n"
    )
    values = _named(signature.version) | {
        "name": signature.name,
        "confirming": confirming,
        "own": own,
        "until": date_format(until, "j F Y, H:i") + " UTC",
    }
    return Letter(_("Confirm your signature"), words % values)


def signed_already(signature: Signature, own: str) -> Letter:
    """The letter to somebody whose address has signed this version before."""
    words = _(
        "Somebody asked to sign\n\n"
        "    %(title)s (version %(number)d)\n\n"
        "with this address, which has signed it already. Nothing was changed.\n\n"
        "With this link you can look at what is kept about you, have your name erased or take "
        "your signature back. It never expires:\n\n"
        "%(own)s\n\n"
        "%(foot)s\n"
    )
    values = _named(signature.version) | {"own": own}
    return Letter(_("You have signed already"), words % values)


def news(signature: Signature, newest: Version, own: str) -> Letter:
    """The letter that there is a newer version, to somebody who asked to hear of it."""
    words = _(
        "There is a new version of a statement that you have signed:\n\n"
        "    %(title)s (version %(number)d)\n\n"
        "%(address)s\n\n"
        "Your signature stays where it is, under version %(signed)d: it holds for the words that "
        "you read. If you want to sign the new ones too:\n\n"
        "%(sign)s\n\n"
        "With this link you stop such letters, look at what is kept about you, or take your "
        "signature back. It never expires:\n\n"
        "%(own)s\n\n"
        "%(foot)s\n"
    )
    values = _named(newest) | {
        "own": own,
        "signed": signature.version_id,
        "address": settings.SITE_URL + newest.get_absolute_url(),
        "sign": settings.SITE_URL + reverse("statement:sign"),
    }
    return Letter(_("A new version of the statement"), words % values)


def send(letter: Letter, address: str) -> None:
    """Send a letter; raises MailNotSent, with words for whoever waits for it."""
    message = EmailMessage(
        f"{settings.SITE_NAME}: {letter.subject}",
        letter.body,
        to=[address],
        headers={"Auto-Submitted": "auto-generated"},  # RFC 3834: no answers from holidays
    )
    try:
        message.send()
    except (OSError, smtplib.SMTPException) as error:
        # Of the error only its kind: its text can hold the address.
        log.error("a mail could not be sent: %s", type(error).__name__)
        raise MailNotSent(
            _(
                "The mail could not be sent just now, so nothing was kept. Please see that the "
                "address is right, and try again in some minutes."
            )
        ) from error


def _named(version: Version) -> dict[str, object]:
    place = f"{settings.SITE_URL}{version.get_absolute_url()}"
    foot = f"{settings.SITE_NAME}\n{place}\nSHA-256 {version.sha256}"
    title = parse(version.text.encode()).title
    return {"title": title, "number": version.number, "foot": foot}
