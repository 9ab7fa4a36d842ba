"""What there is to sign, to moderate and to read in a demo: nobody's words but the demo's own."""

from generation.models import Clip
from sora_archive.accounts.models import User
from sora_archive.moderation import reporting
from sora_archive.moderation.models import About, Grounds, Report
from sora_archive.record.errors import RecordRefused
from sora_archive.record.loading import SHIPPED, load_file
from sora_archive.statement import versions
from sora_archive.statement.models import Version

FIRST = """\
# A text to try signing with

This text came with the demonstration. Nobody has written it as their position, and whoever signs it
here supports nothing by that: it is there so that reading, signing, confirming and counting can be
tried.

## What can be tried

- Sign under any name and any address: the letter that comes of it stays on this machine.
- Confirm with the link of the letter, and find the name in the list and the count in the log.
- Take the signature back with the other link, and count again.
"""
SECOND = FIRST.replace(
    "with the other link, and count again.\n",
    "with the other link of the letter, and count again.\n"
    "- Compare this version with the first one, line by line.\n",
)
WHY = "So that the demonstration has something to sign."
REPORT = "The demonstration made this report, so that there is something to decide."


def fill_statement() -> str:
    """Makes the first version as mo, and keeps a draft of the second; what was done, in words."""
    mo = User.objects.filter(username="mo").first()
    if mo is None or Version.objects.exists():
        return ""
    first = versions.normal(FIRST)
    versions.keep_draft(first, mo.pk)
    versions.make(mo.pk, WHY, versions.sha256(first))
    versions.keep_draft(versions.normal(SECOND), mo.pk)
    return "the statement: a text to sign, and a draft of its next version"


def fill_queue() -> str:
    """Reports the newest clip of ada's once; what was done, in words."""
    clips = Clip.objects.filter(generation__artist__username="ada", visibility="published")
    clip = clips.order_by("-published_at").first()
    if clip is None or Report.objects.exists():
        return ""
    reporting.report(reporting.Subject(About.CLIP, clip), Grounds.RULES, REPORT)
    return "the curators' queue: one report to decide"


def load_record() -> str:
    """Loads the record that ships; without it the archive runs on. What was done, in words."""
    try:
        outcome = load_file(SHIPPED)
    except RecordRefused as error:
        return f"the record was not loaded: {error}"
    return f"the record: {len(outcome.added)} lines added"
