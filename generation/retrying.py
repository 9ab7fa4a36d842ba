"""Asking again for what gave no clip: a new attempt that names the old one, once for each."""

import uuid

from django.utils.translation import gettext as _

from . import asking
from .engines import catalog, weights
from .errors import ModelUnavailable, RetryRefused
from .models import Generation, State

ENDED = (State.FAILED, State.CANCELLED, State.REFUSED)


def retry(old: Generation) -> Generation:
    """The new attempt; asking for it twice gives the same one.

    Raises RetryRefused with words, and Paused as asking does.
    """
    if old.state not in ENDED:
        raise RetryRefused(_("Only what gave no clip can be tried again."))
    if old.prompt_erased_at:
        raise RetryRefused(_("What was asked for was erased, so it cannot be asked for again."))
    if old.parent is not None and not old.parent.published:
        raise RetryRefused(_("The clip that this was to be a remix of is not public any more."))
    try:
        card = catalog.card(old.model)
    except ModelUnavailable as error:
        raise RetryRefused(str(error)) from error
    if words := weights.damage(card):
        raise RetryRefused(words)
    return asking.ask(old.artist, _same_again(old, card))


def _same_again(old: Generation, card: catalog.ModelCard) -> asking.Request:
    return asking.Request(
        prompt=old.prompt,
        negative_prompt=old.negative_prompt,
        card=card,
        seed=old.seed,
        frames=old.frames,
        key=uuid.uuid5(old.pk, "retry"),
        parent=old.parent,
        begins_with=old.begins_with,
        licence=old.licence,
        allowed_uses=old.allowed_uses,
        hide_prompt=old.prompt_hidden,
        size=(old.width, old.height),
        fps=old.fps,
        steps=old.steps,
        guidance=old.guidance,
        title=old.title,
        description=old.description,
        retry_of=old,
    )
