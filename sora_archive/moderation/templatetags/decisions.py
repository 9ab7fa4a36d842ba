"""`{% decisions_of clip_id %}`: what curators decided about a clip, on pages of other rooms.

They name this library and never import the room it lives in.
"""

import uuid

from django import template

from provenance.log import outbox
from sora_archive.moderation.models import GRAVE, About, Decision, Report

register = template.Library()


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
