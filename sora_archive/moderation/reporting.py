"""Reports: anybody may make one; nothing about who it was is kept, and a secret link leads back."""

import hashlib
import logging
import secrets
from dataclasses import dataclass

from generation import publishing
from generation.models import By, Clip, Reason, Visibility
from provenance.log.errors import LogUnavailable

from .models import About, Decision, Grounds, Report

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subject:
    """What it is about: a clip or its artist's name, or a signature by its number."""

    about: About
    clip: Clip | None = None
    signature: str = ""


def report(subject: Subject, grounds: str, words: str) -> tuple[Report, str]:
    """The report and the secret of its link, which is told once. A grave one hides the clip."""
    token = secrets.token_urlsafe(24)
    made = Report.objects.create(
        token_sha256=_digest(token), about=subject.about, clip=subject.clip,
        signature=subject.signature, grounds=grounds, words=words,
    )  # fmt: skip
    log.info("report %s: %s, %s", made.pk, made.about, made.grounds)
    if made.grave:
        hide(made)
    return made, token


def by_token(token: str) -> Report | None:
    """The report that a secret link leads to."""
    found = Report.objects.select_related("decision__curator", "clip")
    return found.filter(token_sha256=_digest(token)).first()


def hide(made: Report) -> bool:
    """Take a clip out of sight until its grave report is decided; True where that was done now.

    Not where a curator has looked at the same grounds before and let it stay: otherwise anybody
    could hide any clip again and again. Where the log cannot take it in yet the sweep tries again.
    """
    clip = made.clip
    if clip is None or clip.visibility != Visibility.PUBLISHED or _decided_before(made):
        return False
    try:
        publishing.withdraw(clip, By.OPERATOR, Reason.REPORTED)
    except LogUnavailable:
        log.warning("report %s: the clip is hidden as soon as the log goes on", made.pk)
        return False
    return True


def hide_what_waits() -> int:
    """Hide what could not be hidden when it was reported; how many were."""
    waiting = Report.objects.filter(
        decision__isnull=True, about=About.CLIP, clip__visibility=Visibility.PUBLISHED
    ).select_related("clip")
    return sum(hide(made) for made in waiting if made.grave)


def _decided_before(made: Report) -> bool:
    return Decision.objects.filter(clip=made.clip, grounds=made.grounds).exists() or (
        Report.objects.filter(clip=made.clip, grounds=made.grounds, decision__isnull=False).exists()
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def codes(about: About) -> list[tuple[str, str]]:
    """The grounds that fit what is reported."""
    of_names = {Grounds.NAME, Grounds.DECEPTION, Grounds.HATE, Grounds.PRIVACY, Grounds.RULES}
    names = about != About.CLIP
    return [
        (code, str(words))
        for code, words in Grounds.choices
        if (code in of_names if names else code != Grounds.NAME)
    ]
