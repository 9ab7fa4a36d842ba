"""What the line asks before it queues, keeps or publishes; named in settings.GENERATION_RULES.

The line knows these functions by their names alone: it stands below the site and never imports it.
"""

import re

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from generation.models import Clip, Visibility

from . import deciding
from .models import BlockedFile, Held, RefusedWord, Report
from .skeletons import first_of


def refusal_of_prompt(prompt: str, negative_prompt: str) -> tuple[str, str] | None:
    """The code and the words of a refusal where a prompt holds a refused word; else None."""
    rules = {rule.skeleton: rule for rule in RefusedWord.objects.filter(ended_at=None)}
    found = first_of(prompt, rules) or first_of(negative_prompt, rules)
    if found is None:
        return None
    rule = rules[found]
    words = _(
        "The prompt holds “%(word)s”, which the rules of this archive do not allow: %(grounds)s. "
        "Ask without it; if you think that the rule is wrong here, write to the curators."
    )
    return f"word_{rule.grounds}", words % {
        "word": rule.shown,
        "grounds": _lower(str(rule.get_grounds_display())),
    }


def refusal_of_file(sha256: str) -> tuple[str, str] | None:
    """The code and the words of a refusal where a file is blocked; else None."""
    blocked = BlockedFile.objects.filter(sha256=sha256, ended_at=None).first()
    if blocked is None:
        return None
    words = _("This very video was taken down here before and is not shown again: %(grounds)s.")
    return "blocked_file", words % {"grounds": _lower(str(blocked.get_grounds_display()))}


def hold(clip: Clip) -> str:
    """Words where a publication has to wait for a curator, and notes that it waits; else empty.

    The first MODERATION_FIRST_PUBLICATIONS of an artist wait. To be called in the transaction that
    would publish.
    """
    held = Held.objects.filter(clip=clip).select_related("decision").first()
    if held and held.decision is None:
        return _waits()
    if held and held.decision:
        return "" if held.decision.outcome == "approved" else _declined()
    if not settings.MODERATION_FIRST_PUBLICATIONS:
        return ""
    shown = Clip.objects.filter(generation__artist=clip.generation.artist_id)
    count = shown.exclude(visibility=Visibility.DRAFT).exclude(published_at=None).count()
    if count >= settings.MODERATION_FIRST_PUBLICATIONS:
        return ""
    Held.objects.create(clip=clip)
    return _waits()


def refusal_of_erasure(clip: Clip) -> str:
    """Words where a clip is evidence: under a legal hold, or in a grave case that is open."""
    if until := deciding.held_until(clip):
        return _(
            "A curator has put this clip under a legal hold until %(day)s: it is out of sight, "
            "and nothing of it can be erased before."
        ) % {"day": date_format(until)}
    open_reports = Report.objects.filter(clip=clip, decision__isnull=True)
    if any(report.grave for report in open_reports):
        return _(
            "This clip was reported on one of the gravest grounds. It is out of sight, and can be "
            "erased once a curator has decided."
        )
    return ""


def _waits() -> str:
    return _(
        "A curator looks at an artist's first clips before they are shown. This one waits for "
        "that; you need not do anything."
    )


def _declined() -> str:
    return _("A curator has decided not to show this clip. The reasons are on its page.")


def _lower(words: str) -> str:
    return re.sub(r"^\w", lambda first: first.group().lower(), words)
