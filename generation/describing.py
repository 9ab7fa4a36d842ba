"""What the line states about a clip, put together for its credential."""

from collections.abc import Mapping, Sequence

from django.conf import settings

from provenance.core.clip_facts import (
    NO_LICENCE,
    ClipFacts,
    EngineFacts,
    Generator,
    Licence,
    ModelFacts,
    Use,
)
from provenance.core.proofs import Receipt
from provenance.core.records import Hidden, Opening
from provenance.log import outbox

from .engines import base
from .engines.catalog import ModelCard
from .models import Generation
from .models import Licence as Chosen

_DEED = "https://creativecommons.org"
LICENCES: Mapping[str, Licence] = {
    Chosen.NONE: NO_LICENCE,
    Chosen.CC_BY: Licence(
        "Creative Commons Attribution 4.0 International (CC BY 4.0)", f"{_DEED}/licenses/by/4.0/"
    ),
    Chosen.CC_BY_NC: Licence(
        "Creative Commons Attribution-NonCommercial 4.0 International (CC BY-NC 4.0)",
        f"{_DEED}/licenses/by-nc/4.0/",
    ),
    Chosen.CC0: Licence(
        "Creative Commons Zero 1.0 Universal (CC0 1.0)", f"{_DEED}/publicdomain/zero/1.0/"
    ),
}


def facts_of(
    generation: Generation,
    card: ModelCard,
    engine: base.EngineFacts,
    receipts: Sequence[Receipt],
    media: Opening,
    file_salt: bytes,
) -> ClipFacts:
    """The facts of a rendered clip: what was asked for as it was logged, and what the worker did.

    Raises ManifestRefused where they do not belong together.
    """
    openings = outbox.openings_of(generation.attempt_ticket)
    prompt = openings["prompt"]
    return ClipFacts(
        title=title_of(generation),
        created_at=generation.created_at,
        generator=Generator(settings.SITE_NAME, settings.VERSION),
        prompt=Hidden("prompt", prompt.commitment) if generation.prompt_hidden else prompt,
        artist=openings["artist"],
        parameters=openings["parameters"],
        model=ModelFacts(
            id=card.id, title=card.title, revision=card.revision, licence=card.licence,
            weights_sha256=engine.weights_sha256, pipeline=card.pipeline, untrained=card.untrained,
        ),
        engine=EngineFacts(
            engine.engine, engine.scheduler, engine.libraries, engine.together
        ),
        receipts=receipts,
        media=media,
        file_salt=file_salt,
        log_origin=settings.LOG_ORIGIN,
        licence=LICENCES[generation.licence],
        allowed_uses=frozenset(Use(use) for use in generation.allowed_uses),
        parent=title_of(generation.parent.generation) if generation.parent else "",
        begins_with=generation.begins_with,
    )  # fmt: skip


def title_of(generation: Generation) -> str:
    """A title that gives nothing away: it is the one that stands in credentials.

    What the artist calls the clip stands on its page alone, where it can be changed and erased.
    """
    return f"Clip {generation.attempt[:8]}"
