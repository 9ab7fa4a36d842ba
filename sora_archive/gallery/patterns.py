"""What `patterns.html` shows: every piece of the pages in every state, from constants.

No row is read. The picture is a drawing that ships; its words say what they are and quote nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

from django import forms
from django.templatetags.static import static
from django.utils.translation import gettext as _

from generation.models import State

from .choice import LENGTHS, Choice
from .facets import Facet, Option
from .wall import Work

_AT = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
_NOBODY = UUID(int=0)


class Specimen(Work):
    """A label whose picture is a drawing and which leads nowhere."""

    __slots__ = ()

    @property
    def page(self) -> str:
        return "#works"

    @property
    def poster(self) -> str:
        return static("site/img/specimen.svg")

    poster_avif = poster_jpeg = preview = poster


@dataclass(frozen=True)
class Player:
    """What a player is given: its clip, where the file would be, and its still picture."""

    clip: SimpleNamespace
    generation: SimpleNamespace
    artist: str
    poster: str
    file: str = ""


class SpecimenForm(forms.Form):
    """A field of each kind; bound and empty, each required one is wrong."""

    line = forms.CharField(label=_("A line"), help_text=_("What it is for."))
    words = forms.CharField(label=_("Words"), widget=forms.Textarea(attrs={"rows": 3}))
    one = forms.ChoiceField(label=_("One of them"), choices=[("1", "1"), ("2", "2")])
    number = forms.IntegerField(label=_("A number"), required=False, min_value=1, max_value=9)
    yes = forms.BooleanField(label=_("Yes or no"))


def works() -> Sequence[Specimen]:
    """A label as it mostly is, being logged, with long words, and written from right to left."""
    return [
        _work(_("An artist"), _("A title"), 12),
        _work(_("An artist"), _("A clip that is being written into the log"), None),
        _work("A" * 60, _("A long title, ") * 8, 1_234_567),
        _work("اسم الفنان", "عنوان من اليمين إلى اليسار", 40),
    ]


def facets() -> Sequence[Facet]:
    """Drawers: nothing chosen, one chosen, counts that are lower bounds."""
    lengths = [
        Option(str(words), 10 * place, Choice(length=name), chosen=place == 1)
        for place, (name, words) in enumerate(LENGTHS.items())
    ]
    years = [Option(str(year), 1000, Choice(year=str(year)), chosen=False) for year in (2026, 2025)]
    return [
        Facet("length", str(_("Length")), lengths, at_least=False),
        Facet("year", str(_("Year")), years, at_least=True),
    ]


def players() -> Sequence[Player]:
    """With a description and a public prompt; with neither; by a model that was never trained."""
    said = _("What is seen, said by the artist.")
    return [
        _player(description=said),
        _player(prompt_public=False),
        _player(untrained=True),
    ]


def states() -> Sequence[SimpleNamespace]:
    """A generation that waits, is next, runs, is tried again, stops, and its unhappy ends."""
    return [
        _state(State.QUEUED, position=3),
        _state(State.QUEUED, position=1),
        _state(State.RUNNING, step=7),
        _state(State.RUNNING, step=7, tries=2),
        _state(State.RUNNING, step=7, cancel_requested=True),
        _state(State.FAILED, reason=_("The model gave no picture. Ask again.")),
        _state(State.REFUSED, reason=_("Twelve of your requests are open. Wait for one of them.")),
        _state(State.CANCELLED),
    ]


def standings() -> Sequence[SimpleNamespace]:
    """A queue: one runs, one is next, one waits longer and nobody knows how long."""
    return [
        _standing(State.RUNNING, 0, _("about 2 minutes"), step=7),
        _standing(State.QUEUED, 1, _("about 5 minutes")),
        _standing(State.QUEUED, 12, ""),
    ]


def everything() -> dict[str, object]:
    """The context of the page."""
    works_shown = works()
    return {
        "works": works_shown,
        "facets": facets(),
        "choice": Choice(q=_("a word")),
        "players": players(),
        "states": states(),
        "standings": standings(),
        "form": SpecimenForm(),
        "wrong": SpecimenForm({}, prefix="wrong"),
        "cover": SimpleNamespace(
            collection=SimpleNamespace(
                title=_("A collection"),
                introduction=_("Why these clips hang together."),
                curator=_("A curator"),
                get_absolute_url="#covers",
            ),
            clips=3,
            first=works_shown[0],
        ),
        "at": _AT,
        "sha256": "0" * 64,
    }


def _work(artist: str, title: str, entry: int | None) -> Specimen:
    return Specimen(_NOBODY, _AT, title.strip(), artist, _("A model"), 512, 512, 24, 8, entry)


def _player(
    description: str = "", *, prompt_public: bool = True, untrained: bool = False
) -> Player:
    clip = SimpleNamespace(
        title=_("A title"), description=description, untrained=untrained, width=512, height=512,
        seconds=3.0, id=_NOBODY,
    )  # fmt: skip
    words = SimpleNamespace(
        prompt_public=prompt_public, prompt=_("The words that were typed."), negative_prompt=""
    )
    return Player(clip, words, _("An artist"), static("site/img/specimen.svg"))


def _standing(state: State, position: int, takes: str, step: int = 0) -> SimpleNamespace:
    row = SimpleNamespace(
        id=UUID(int=position), state=state, step=step, steps=20, cancel_requested=False, seed=7,
        prompt=_("The words that were typed."), model=_("A model"), get_absolute_url="#queue",
    )  # fmt: skip
    return SimpleNamespace(generation=row, position=position, takes=takes)


def _state(state: State, position: int | None = None, **more: object) -> SimpleNamespace:
    usual = {"step": 0, "steps": 20, "tries": 1, "cancel_requested": False, "reason": ""}
    facts = {"id": _NOBODY, "state": state, "get_state_display": state.label}
    return SimpleNamespace(
        generation=SimpleNamespace(**facts, **(usual | more)),
        waiting=SimpleNamespace(position=position, takes=_("about 2 minutes")),
    )
