"""The demo from its first line to its last: fill what is missing, then say what there is to try."""

from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import connections

from sora_archive.launcher import Launcher

from . import cast, clips, exhibits

TOUR = (
    ("look at a clip in the gallery and download its file", "/"),
    ("drop that file on the verify page as a stranger would", "/verify/"),
    ("sign in as ada and ask for a clip of your own", "/ask/"),
    ("read the public log", "/log/"),
    ("read what is known of the protest, and who says so", "/record/"),
    ("sign the statement under any name and any address", "/statement/sign/"),
    ("sign in as olga, open the letter, confirm, be counted", "/mail/"),
    ("sign in as mo and decide about the report that waits", "/moderation/queue/"),
    ("as mo make the draft of the statement its next version", "/statement/draft/"),
)


def fill(launcher: Launcher) -> None:
    """Makes whatever of the demo is missing, then says what there is to try."""
    passwords = cast.ensure()
    _say(launcher, exhibits.load_record, exhibits.fill_statement)
    clips.make(launcher)
    _say(launcher, exhibits.fill_queue)
    lines = list(welcome(passwords))
    connections.close_all()
    for line in lines:
        launcher.console.say(line)


def welcome(passwords: dict[str, str]) -> Iterator[str]:
    """What to print once all is there."""
    yield ""
    yield f"The archive is open: {settings.SITE_URL}"
    yield from cast.ways_in(passwords)
    yield "Try this:"
    for number, (words, path) in enumerate(TOUR, 1):
        yield f"  {number}. {words:<54} {settings.SITE_URL}{path}"
    if not settings.MAIL_IS_KEPT:
        yield "A mail server is set up (EMAIL_URL): letters go out, and none stays at /mail/."
    yield "Ctrl-C stops everything and keeps the data; make demo starts it again."
    yield ""


def _say(launcher: Launcher, *steps: Callable[[], str]) -> None:
    for step in steps:
        if said := step():
            launcher.console.say(said)
