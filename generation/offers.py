"""What the ask page says of each model before anything is asked for, and which can be asked at all.

Nothing of torch is imported: a card is a file, and what is missing or cut off shows in its folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .engines import catalog, weights
from .engines.catalog import ModelCard
from .errors import ModelUnavailable
from .estimates import Pace, in_words, seconds_for
from .settings_form import size_words

HASHED_BYTES = 64 * 1024 * 1024
"""Weights up to here are hashed by the web process, once; of larger ones the card says it."""


@dataclass(frozen=True)
class Offer:
    """A card as an artist reads it; `damage` says in words why it cannot be asked."""

    card: ModelCard
    sizes: Sequence[str]
    sha256: str
    takes: str
    damage: str


def usable() -> Sequence[ModelCard]:
    """The cards that can be read, the default first; raises ModelUnavailable where none can."""
    found, broken = [], None
    for folder in catalog.folders():
        try:
            found.append(catalog.read(folder))
        except ModelUnavailable as error:
            broken = error
    if not found:
        raise broken or ModelUnavailable("This site has no model. The operator has to add one.")
    return found


def offers(cards: Sequence[ModelCard], paces: Pace) -> Sequence[Offer]:
    """What is said of each."""
    return [
        Offer(
            card=card,
            sizes=[size_words(size, card.upscale) for size in card.sizes],
            sha256=_sha256(card),
            takes=in_words(seconds_for(paces, card.id, _usual(card))),
            damage=weights.damage(card),
        )
        for card in cards
    ]


def _usual(card: ModelCard) -> int:
    return int(card.steps.default) * card.frames * card.width * card.height


def _sha256(card: ModelCard) -> str:
    if card.weights_sha256:
        return card.weights_sha256
    try:
        if 0 < sum(weights.sizes(card.folder).values()) <= HASHED_BYTES:
            return weights.checked_sha256(card)
    except (OSError, ModelUnavailable):
        return ""
    return ""
