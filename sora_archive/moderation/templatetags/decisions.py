"""`{% decisions_of clip_id %}`: what curators decided about a clip, on pages of other rooms, and
`{% decisions_for artist_id %}`: what was decided of late about an artist's clips.

They name this library and never import the room it lives in.
"""

import uuid
from datetime import timedelta

from django import template
from django.conf import settings
from django.utils import timezone

from generation.models import Clip, Visibility
from provenance.log import outbox
from sora_archive.moderation.models import GRAVE, About, Decision, Outcome, Report

register = template.Library()
MOST_TOLD = 20


@register.inclusion_tag("moderation/_decisions_of.html")
def decisions_of(clip_id: uuid.UUID) -> dict[str, object]:
    """Every decision about a clip or its artist's name, the newest first, with its log entry; and
    whether a grave report waits for the first one.
    """
    made = list(Decision.objects.filter(clip=clip_id).select_related("curator", "clip"))
    entries = outbox.indexes_of([decision.ticket for decision in made])
    grave = Report.objects.filter(clip=clip_id, decision=None, about=About.CLIP, grounds__in=GRAVE)
    return {
        "decisions": [(decision, entries.get(decision.ticket)) for decision in made],
        "waits": not made and grave.exists(),
    }


@register.inclusion_tag("moderation/_decisions_for.html")
def decisions_for(artist_id: int) -> dict[str, object]:
    """The decisions about an artist's clips of as many days as there are for an appeal, the newest
    first, and the clips that a report has hidden; what stays as it was is no news.
    """
    since = timezone.now() - timedelta(days=settings.MODERATION_APPEAL_DAYS)
    made = Decision.objects.filter(clip__generation__artist=artist_id, at__gt=since)
    reports = Report.objects.filter(decision=None, about=About.CLIP, grounds__in=GRAVE)
    hidden = Clip.objects.filter(
        generation__artist=artist_id, visibility=Visibility.WITHDRAWN, pk__in=reports.values("clip")
    )
    told = made.exclude(outcome=Outcome.KEPT).select_related("clip")
    return {"decisions": told[:MOST_TOLD], "hidden": hidden[:MOST_TOLD]}
