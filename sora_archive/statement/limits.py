"""How many sign-ups one address range or mail domain may make: a burst, and in the long run.

As in the e-petitions of the United Kingdom's parliament. Sources are known by keyed hashes alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .addresses import domain_of, keyed
from .errors import CuratorRefused, TooMany
from .models import Source, SourceKind, Standing, State, Trace

KEEP = timedelta(days=30)
WORTH_A_LOOK = 5  # sign-ups from one source in an hour
MOST_SHOWN = 50
_LONG = 24 * 3600


@dataclass(frozen=True)
class Rate:
    """At most so many sign-ups in so many seconds."""

    most: int
    seconds: int


def admit(address_range: str, email: str) -> list[int]:
    """Note a sign-up from its range and domain; the ids of its traces.

    Raises TooMany where one of the two has used up its limit or is blocked: then the refusal is
    counted there and nothing else is noted. The range comes first, so that whoever floods from one
    cannot fill the table with domains.
    """
    wait, sources = 0, []
    with transaction.atomic():
        for kind, value in _values(address_range, email):
            sources.append(source := _source(kind, value))
            if wait := _wait(source):
                Source.objects.filter(pk=source.pk).update(
                    refused=F("refused") + 1, last_at=timezone.now()
                )
                break
        else:
            return _trace(sources)
    raise TooMany(_words(wait), wait)


def known() -> QuerySet[Source]:
    """Every source with its sign-ups of the last hour and day, and how many of all count."""
    now = timezone.now()
    return Source.objects.select_related("decided_by").annotate(
        hour=Count("traces", filter=Q(traces__at__gt=now - timedelta(hours=1))),
        day=Count("traces", filter=Q(traces__at__gt=now - timedelta(days=1))),
        counted=Count("traces", filter=Q(traces__signature__state=State.COUNTED)),
    )


def trending() -> QuerySet[Source]:
    """The sources that a curator should look at, the busiest of the last hour first."""
    worth = Q(day__gte=WORTH_A_LOOK) | Q(refused__gt=0) | ~Q(standing=Standing.LIMITED)
    return known().filter(worth).order_by("-hour", "-day", "-refused", "pk")[:MOST_SHOWN]


def decide(source_id: int, standing: Standing, note: str, curator_id: int) -> None:
    """Let a source through, block it, or hold it to the limits again."""
    changed = Source.objects.filter(pk=source_id).update(
        standing=standing, decided_note=note, decided_by_id=curator_id, decided_at=timezone.now()
    )
    if not changed:
        raise CuratorRefused(_("This source is forgotten already; sources are kept for 30 days."))


def forget() -> int:
    """Delete what is older than 30 days; returns how many rows."""
    deadline = timezone.now() - KEEP
    traces = Trace.objects.filter(at__lt=deadline).delete()[0]
    return traces + Source.objects.filter(last_at__lt=deadline).delete()[0]


def _values(address_range: str, email: str) -> list[tuple[SourceKind, str]]:
    found = [(SourceKind.RANGE, address_range)]
    if (domain := domain_of(email)) not in settings.SIGN_LARGE_DOMAINS:
        found.append((SourceKind.DOMAIN, domain))
    return found


def _source(kind: SourceKind, value: str) -> Source:
    """The source, locked: two sign-ups at once cannot both be the last one allowed."""
    now, digest = timezone.now(), keyed(kind, value)
    Source.objects.bulk_create(
        [Source(kind=kind, digest=digest, last_at=now)], ignore_conflicts=True
    )
    return Source.objects.select_for_update().get(kind=kind, digest=digest)


def _wait(source: Source) -> int:
    """Seconds until the source may sign again; 0 where it may now."""
    if source.standing == Standing.BLOCKED:
        return _LONG
    if source.standing == Standing.ALLOWED:
        return 0
    rates, now = _rates(source), timezone.now()
    # Newest first: the n-th tells when a limit of n has room again.
    made = list(
        source.traces.filter(at__gt=now - timedelta(seconds=max(rate.seconds for rate in rates)))
        .order_by("-at")
        .values_list("at", flat=True)[: max(rate.most for rate in rates)]
    )
    return max(_wait_for(rate, made, now) for rate in rates)


def _rates(source: Source) -> Sequence[Rate]:
    is_range = source.kind == SourceKind.RANGE
    pairs = settings.SIGN_RANGE_LIMITS if is_range else settings.SIGN_DOMAIN_LIMITS
    return [Rate(*pair) for pair in pairs]


def _wait_for(rate: Rate, made: Sequence[datetime], now: datetime) -> int:
    if len(made) < rate.most:
        return 0
    left = rate.seconds - (now - made[rate.most - 1]).total_seconds()
    return max(0, math.ceil(left))


def _trace(sources: Sequence[Source]) -> list[int]:
    now = timezone.now()
    Source.objects.filter(pk__in=[source.pk for source in sources]).update(last_at=now)
    made = Trace.objects.bulk_create(Trace(source=source, at=now) for source in sources)
    return [trace.pk for trace in made]


def _words(wait: int) -> str:
    if wait >= _LONG:
        return _(
            "Sign-ups from where you are, or with addresses like yours, are not taken at present. "
            "If you think that this is wrong, write to the people who run the archive."
        )
    minutes = max(1, math.ceil(wait / 60))
    return ngettext(
        "Many people sign from where you are just now, or with addresses like yours. Nothing was "
        "kept. Please try again in a minute.",
        "Many people sign from where you are just now, or with addresses like yours. Nothing was "
        "kept. Please try again in %(minutes)d minutes.",
        minutes,
    ) % {"minutes": minutes}
