"""What the ask form begins with: a clip to remix, an own attempt, a preset, an example, chance."""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.http import QueryDict
from django.utils.translation import gettext as _

from . import describing
from .engines.catalog import ModelCard
from .forms import AskForm, published
from .models import PROMPT_LETTERS, Clip, Generation, Preset, Use
from .settings_form import drawn_seed, reshaped, size_text

ONE_OF_MANY = ("allowed_uses",)
KEPT_IN_PRESETS = (
    "prompt", "negative_prompt", "model", "size", "length", "fps", "steps", "guidance", "seed",
    "count", "title", "description", "licence", "allowed_uses", "hide_prompt",
)  # fmt: skip


@dataclass(frozen=True)
class Recall:
    """One field of an earlier request, as the page offers it."""

    name: str
    label: str
    value: object
    words: str


@dataclass(frozen=True)
class Source:
    """An earlier request that fields are taken from; `parent` where it would become a remix."""

    generation: Generation
    parent: Clip | None

    def values(self) -> dict[str, Any]:
        """Its fields by the form's names; a hidden prompt of somebody else's is not among them."""
        row = self.generation
        own = self.parent is None
        return {
            "prompt": row.prompt if own else row.shown_prompt,
            "negative_prompt": row.negative_prompt if own else row.shown_negative_prompt,
            "model": row.model,
            "size": size_text((row.width, row.height)),
            "length": row.frames,
            "fps": row.fps,
            "steps": row.steps,
            "guidance": row.guidance,
            "seed": row.seed,
            **(self._own() if own else {}),
        }

    def _own(self) -> dict[str, Any]:
        """What each artist says anew: recalled of an own request, never of somebody's clip."""
        row = self.generation
        made = Clip.objects.filter(generation=row).first()
        # The words move to the clip once there is one. A title that nobody gave is no title.
        given = made is not None and made.title != describing.title_of(row)
        return {
            "title": made.title if made and given else row.title,
            "description": made.description if made else row.description,
            "licence": row.licence,
            "allowed_uses": list(row.allowed_uses),
            "hide_prompt": row.prompt_hidden,
        }

    def recalls(self) -> Sequence[Recall]:
        """Every field that can be taken over by itself."""
        fields = AskForm.base_fields
        return [
            Recall(name, str(fields[name].label), value, self._words(name, value))
            for name, value in self.values().items()
            if value != ""
        ]

    def _words(self, name: str, value: object) -> str:
        if name == "licence":
            return self.generation.get_licence_display()
        if name == "length":
            return _("%(frames)d frames") % {"frames": self.generation.frames}
        if name == "allowed_uses":
            uses = dict(Use.choices)
            return ", ".join(str(uses[use]) for use in self.generation.allowed_uses) or _("None")
        if name == "hide_prompt":
            return _("Yes") if value else _("No")
        return str(value)


def source(artist: AbstractBaseUser, asked: Mapping[str, str]) -> Source | None:
    """The request that the page was opened with: `remix` names a clip, `again` an own attempt."""
    if (clip_id := _uuid(asked.get("remix") or asked.get("parent"))) and (
        clip := published(clip_id)
    ):
        return Source(clip.generation, clip)
    if attempt_id := _uuid(asked.get("again")):
        own = Generation.objects.filter(artist_id=artist.pk, prompt_erased_at__isnull=True)
        if found := own.filter(pk=attempt_id).first():
            return Source(found, None)
    return None


def initial(
    artist: AbstractBaseUser,
    asked: Mapping[str, str],
    cards: Sequence[ModelCard],
    begun: Source | None,
) -> dict[str, Any]:
    """What the fields say when the page is opened."""
    if begun:
        return begun.values()
    if asked.get("preset", "").isdecimal() and len(asked["preset"]) < 19:
        found = Preset.objects.filter(artist_id=artist.pk, pk=int(asked["preset"])).first()
        return dict(found.values) if found else {}
    if text := asked.get("prompt"):
        return {"prompt": text[:PROMPT_LETTERS]}
    for card in cards:
        if card.id == asked.get("surprise") and card.examples:
            return {"prompt": secrets.choice(card.examples), "model": card.id}
    return {}


def typed(data: QueryDict) -> dict[str, Any]:
    """What stands in a form that is shown again, whatever it is; nothing of it is lost."""
    flat: dict[str, Any] = {name: data.get(name) for name in data if name in AskForm.base_fields}
    for name in ONE_OF_MANY:
        flat[name] = data.getlist(name)
    return flat


def changed(
    data: QueryDict, cards: Sequence[ModelCard], begun: Source | None
) -> dict[str, Any] | None:
    """The form after a press that changes it and asks for nothing; None for one that asks.

    `switch` shows another model's choices, `shuffle` draws a seed, `recall` takes a field over.
    """
    values = typed(data)
    if "shuffle" in data:
        return values | {"seed": drawn_seed()}
    if "recall" in data and begun:
        asked = data.get("recall", "")
        whole = begun.values()
        values |= whole if asked == "all" else {n: v for n, v in whole.items() if n == asked}
    elif "switch" not in data and "recall" not in data:
        return None
    return _for_its_model(values, data.get("shaped_for", ""), cards)


def _for_its_model(
    values: dict[str, Any], shaped: str, cards: Sequence[ModelCard]
) -> dict[str, Any]:
    known = {card.id: card for card in cards}
    after = known.get(str(values.get("model")), cards[0])
    return reshaped(values, known.get(shaped, after), after)


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
