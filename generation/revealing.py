"""Revealing a hidden prompt: an act of its artist, once and for good.

The log and the credential hold the prompt's commitment since before anything was rendered; what
opens it becomes public, so that anyone can check that these are the words.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from provenance.core.openings import opening_text
from provenance.log import outbox
from provenance.verify.models import Revealed

from .errors import RevealRefused
from .models import Clip, Generation

FIELD = "prompt"


def reveal(generation: Generation) -> None:
    """Show a hidden prompt to everybody from now on; one that is shown already stays so.

    Raises RevealRefused, with words for the page, where there is nothing left to open it with.
    """
    with transaction.atomic():
        row = Generation.objects.select_for_update().get(pk=generation.pk)
        if row.prompt_public:
            return
        if FIELD not in outbox.openings_of(row.attempt_ticket):
            raise RevealRefused(_("The prompt was erased, so nobody can reveal it any more."))
        row.prompt_revealed_at = timezone.now()
        row.save(update_fields=["prompt_revealed_at"])
        Revealed.objects.create(ticket=row.attempt_ticket, field=FIELD)


def opening_file(generation: Generation) -> str | None:
    """What opens the commitment to a hidden prompt, as a file; None where it was erased."""
    opening = outbox.openings_of(generation.attempt_ticket).get(FIELD)
    return opening_text(opening) if opening and generation.prompt_hidden else None


def revealed_file(clip: Clip) -> str | None:
    """The same for everybody: only of a published clip whose prompt was revealed."""
    generation = clip.generation
    if not clip.published or generation.prompt_revealed_at is None:
        return None
    return opening_file(generation)
