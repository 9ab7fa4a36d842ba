"""From draft to version: a curator's act, in one transaction with its entry in the log."""

import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from provenance.core.records import EntryType
from provenance.log import outbox

from . import words
from .errors import VersionRefused
from .models import Draft, Version

# Any number does, as long as it is always the same: one version is made at a time.
_LOCK = 0x5374_6174


@dataclass(frozen=True)
class Change:
    """A line of the text, and whether it stayed, went, or is new."""

    kind: Literal["same", "gone", "new"]
    line: str


def newest() -> Version | None:
    """The version that counts, if one was made."""
    return Version.objects.select_related("made_by").first()


def normal(text: str) -> str:
    """The text with plain newlines and exactly one at its end, as browsers do not send it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    return f"{lines}\n"


def sha256(text: str) -> str:
    """The hash (hex) that names a wording."""
    return hashlib.sha256(text.encode()).hexdigest()


def draft_text() -> str:
    """What curators go on from: the kept draft, else the newest version, else the file.

    Raises StatementUnreadable where it comes to the file and that cannot be read.
    """
    if kept := Draft.objects.first():
        return kept.text
    if version := newest():
        return version.text
    return normal(words.load(settings.STATEMENT_FILE).text)


def keep_draft(text: str, curator_id: int) -> None:
    """Keep this text as the draft."""
    Draft.objects.update_or_create(id=1, defaults={"text": text, "kept_by_id": curator_id})


def make(curator_id: int, reason: str, expected_sha256: str) -> Version:
    """Make the kept draft the next version, for everybody and for good.

    `expected_sha256` is that of the text the curator saw. Raises VersionRefused where the draft is
    another by now, is marked as a draft, or says what the newest version says already.
    """
    with transaction.atomic():
        _one_at_a_time()
        draft = Draft.objects.select_for_update().first()
        if draft is None or sha256(draft.text) != expected_sha256:
            raise VersionRefused(
                _("The draft was changed meanwhile. Read it again before you decide.")
            )
        if words.parse(draft.text.encode()).draft:
            raise VersionRefused(
                _("The text is marked as a draft: take out the line %(line)s first.")
                % {"line": words.DRAFT_LINE}
            )
        if before := Version.objects.filter(sha256=expected_sha256).first():
            raise VersionRefused(
                _("This is word for word version %(number)d.") % {"number": before.number}
            )
        last = newest()
        number = last.number + 1 if last else 1
        ticket = outbox.submit(
            EntryType.STATEMENT_VERSION, {"version": number, "sha256": expected_sha256}
        )
        draft.delete()
        return Version.objects.create(
            number=number, text=draft.text, sha256=expected_sha256, reason=reason,
            made_by_id=curator_id, made_at=timezone.now(), ticket=ticket,
        )  # fmt: skip


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def changes(before: str, after: str) -> list[Change]:
    """What happened to each line between two texts."""
    return list(_changes(before.splitlines(), after.splitlines()))


def _changes(before: list[str], after: list[str]) -> Iterator[Change]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, old, old_end, new, new_end in matcher.get_opcodes():
        if tag == "equal":
            yield from (Change("same", line) for line in before[old:old_end])
            continue
        yield from (Change("gone", line) for line in before[old:old_end])
        yield from (Change("new", line) for line in after[new:new_end])
