"""The part of the ask form that a model's card decides: what it takes, and what it takes by itself.

One card at a time: its choices are the form's choices, its defaults stand where nothing is typed.
"""

import math
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .engines import weights
from .engines.catalog import ModelCard, Range
from .models import MAX_SEED

MOST_VARIATIONS = 8
FIXED = ("size", "length", "fps")
_SEED_WORDS = gettext_lazy("A seed lies between 0 and %(limit)d.") % {"limit": MAX_SEED}


def size_text(size: tuple[int, int]) -> str:
    """A size as a form sends it: pixels as rendered."""
    return f"{size[0]}x{size[1]}"


def size_words(size: tuple[int, int], upscale: int) -> str:
    """A size as an artist reads it: its shape, and the pixels of the finished clip."""
    width, height = size
    divisor = math.gcd(width, height)
    across, down = width // divisor, height // divisor
    if width == height:
        shape = _("Square")
    else:
        shape = _("Wide") if width > height else _("Tall")
        known = {(16, 9): 16 / 9, (9, 16): 9 / 16, (3, 2): 1.5, (2, 3): 2 / 3}
        near = [ratio for ratio, value in known.items() if abs(width / height / value - 1) < 0.03]
        across, down = near[0] if near and max(across, down) > 21 else (across, down)
        shape = f"{shape}, {across}:{down}"
    return f"{shape}, {width * upscale} × {height * upscale}"


def defaults(card: ModelCard) -> dict[str, Any]:
    """What the form's fields of a card say before anybody has chosen."""
    return {
        "model": card.id,
        "size": size_text((card.width, card.height)),
        "length": card.frames,
        "fps": card.fps,
        "steps": int(card.steps.default),
        "guidance": card.guidance.default,
        "count": 1,
    }


class SettingsForm(forms.Form):
    """Which model, and what of it; `card` is the chosen one, or the first where none is."""

    model = forms.ChoiceField(
        label=gettext_lazy("Model"),
        error_messages={
            "invalid_choice": gettext_lazy(
                "There is no model of that name. Choose one of the list."
            )
        },
    )
    size = forms.ChoiceField(label=gettext_lazy("Size"), required=False)
    length = forms.TypedChoiceField(label=gettext_lazy("Length"), coerce=int, required=False)
    fps = forms.TypedChoiceField(
        label=gettext_lazy("Frames a second"), coerce=int, required=False, empty_value=None
    )
    steps = forms.IntegerField(label=gettext_lazy("Steps"), required=False)
    guidance = forms.FloatField(label=gettext_lazy("Guidance"), required=False)
    seed = forms.IntegerField(
        label=gettext_lazy("Seed"),
        required=False,
        min_value=0,
        max_value=MAX_SEED,
        error_messages={
            "invalid": gettext_lazy("A seed is a whole number."),
            "min_value": _SEED_WORDS,
            "max_value": _SEED_WORDS,
        },
    )
    count = forms.IntegerField(
        label=gettext_lazy("How many variations"), required=False, min_value=1,
        max_value=MOST_VARIATIONS,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"),
            gettext_lazy("Between 1 and %(most)d at once.") % {"most": MOST_VARIATIONS},
        ),
    )  # fmt: skip

    def __init__(self, cards: Sequence[ModelCard], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cards = {card.id: card for card in cards}
        chosen = self.data.get("model") if self.is_bound else self.initial.get("model")
        self.card = self.cards.get(str(chosen), cards[0])
        for name, value in defaults(self.card).items():
            self.initial.setdefault(name, value)
        self.initial["model"] = self.card.id
        self._offer()

    def _offer(self) -> None:
        """The card's own choices and bounds."""
        card = self.card
        self._choose("model", [(each.id, each.title) for each in self.cards.values()])
        self._choose("size", [(size_text(s), size_words(s, card.upscale)) for s in card.sizes])
        self._choose(
            "length",
            [(n, _("%.1f seconds") % card.seconds(n)) for n in sorted(card.frame_choices)],
        )
        self._choose("fps", [(rate, str(rate)) for rate in card.fps_choices])
        for name in FIXED:
            self.fields[name].error_messages["invalid_choice"] = _(
                "This cannot be made by %(model)s. Choose one of the list."
            ) % {"model": card.title}
        bound(self.fields["steps"], card.steps, "1")
        bound(self.fields["guidance"], card.guidance, "0.1")

    def _choose(self, name: str, choices: list[tuple[Any, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_model(self) -> str:
        """Refused before the queue where the model's files are not those of its card."""
        if words := weights.damage(self.card):
            raise forms.ValidationError(words, code="model_damaged")
        return str(self.cleaned_data["model"])

    def clean(self) -> dict[str, Any]:
        """What is left empty is what the card says; a given seed must leave room to count up."""
        cleaned = super().clean() or self.cleaned_data
        for name, value in defaults(self.card).items():
            if name in cleaned and cleaned[name] in (None, ""):
                cleaned[name] = value
        seed, count = cleaned.get("seed"), cleaned.get("count")
        if seed is not None and count and seed + count - 1 > MAX_SEED:
            self.add_error("seed", _("Variations count up from the seed: begin with a lower one."))
        return cleaned

    def seeds(self) -> list[int]:
        """One for each variation: counted up from the given one, else each drawn by chance."""
        seed, count = self.cleaned_data["seed"], self.cleaned_data["count"]
        if seed is None:
            return [drawn_seed() for _number in range(count)]
        return [seed + number for number in range(count)]


def drawn_seed() -> int:
    """A seed by chance, short enough to be read out."""
    return secrets.randbelow(2**32)


def reshaped(typed: Mapping[str, Any], before: ModelCard, after: ModelCard) -> dict[str, Any]:
    """What was typed for one card, for another: its choices where it has them, else its defaults.

    A value that was only the first card's default becomes the other's default.
    """
    old, new = defaults(before), defaults(after)
    allowed = {
        "size": {size_text(size) for size in after.sizes},
        "length": {str(count) for count in after.frame_choices},
        "fps": {str(rate) for rate in after.fps_choices},
    }
    changed: dict[str, Any] = {"model": after.id}
    for name in ("size", "length", "fps", "steps", "guidance"):
        value = str(typed.get(name, ""))
        by_default = value in ("", str(old[name]))
        fits = value in allowed[name] if name in allowed else _within(value, getattr(after, name))
        changed[name] = value if fits and not by_default else new[name]
    return {**typed, **changed}


def bound(field: forms.Field, range_: Range, step: str) -> None:
    """Give a number field the bounds of a card, in the browser and behind it, with words."""
    low, high = f"{range_.minimum:g}", f"{range_.maximum:g}"
    words = _("The model takes %(low)s to %(high)s.") % {"low": low, "high": high}

    def check(value: float) -> None:
        if not range_.minimum <= value <= range_.maximum:  # not a number is in no range
            raise forms.ValidationError(words, code="out_of_range")

    field.validators.append(check)
    field.widget.attrs.update({"min": low, "max": high, "step": step})
    field.error_messages["invalid"] = words
    field.help_text = _("%(low)s to %(high)s") % {"low": low, "high": high}


def _within(value: str, range_: Range) -> bool:
    try:
        return range_.minimum <= float(value) <= range_.maximum
    except ValueError:
        return False
