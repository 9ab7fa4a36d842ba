"""What an artist can type, and the words for what cannot be taken."""

import re
import unicodedata
import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .asking import Request, variations
from .engines.catalog import ModelCard
from .models import (
    DESCRIPTION_LETTERS,
    PROMPT_LETTERS,
    TITLE_LETTERS,
    Begin,
    Clip,
    Licence,
    Reason,
    Use,
    Visibility,
)
from .settings_form import SettingsForm

LINE_BREAKS = str.maketrans("\r\n\t", "   ")
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_text(value: str) -> str:
    """One line of visible text; raises ValidationError with words for invisible characters."""
    text = " ".join(value.translate(LINE_BREAKS).split())
    for letter in text:
        if unicodedata.category(letter) in {"Cc", "Cs"} or letter in BIDI_CONTROLS:
            words = gettext(
                "There is an invisible control character (U+%(code)s) in the text. Type the text "
                "again, or paste it as plain text."
            ) % {"code": f"{ord(letter):04X}"}
            raise forms.ValidationError(words, code="control_character")
    return text


def unknown_words(text: str, card: ModelCard) -> list[str]:
    """Words of a prompt that the model does not know and will ignore, in order, each once."""
    if not card.vocabulary:
        return []
    found = re.findall(r"[^\W_]+(?:[-'][^\W_]+)*", text.lower())
    return list(dict.fromkeys(word for word in found if word not in card.vocabulary))


def published(clip_id: uuid.UUID) -> Clip | None:
    """The clip of that id, where the public may see it."""
    clips = Clip.objects.select_related("generation__artist", "credential")
    return clips.filter(pk=clip_id, visibility=Visibility.PUBLISHED).first()


class AskForm(SettingsForm):
    """A request for clips; `requests()` is only there for a valid form."""

    prompt = forms.CharField(
        label=_("What shall it show?"),
        max_length=PROMPT_LETTERS,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": PROMPT_LETTERS}),
        error_messages={
            "required": _("Say what the clip shall show."),
            "max_length": _("At most %(limit_value)d letters; this prompt has %(show_value)d."),
        },
    )
    negative_prompt = forms.CharField(
        max_length=PROMPT_LETTERS,
        required=False,
        label=_("Not in the clip"),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": PROMPT_LETTERS}),
        help_text=_("What the model shall keep away from. May stay empty."),
    )
    title = forms.CharField(
        label=_("Title"), max_length=TITLE_LETTERS, required=False,
        help_text=_("Public with the clip; can be changed. The credential bears a neutral one."),
    )  # fmt: skip
    description = forms.CharField(
        label=_("What will be seen"), max_length=DESCRIPTION_LETTERS, required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": DESCRIPTION_LETTERS}),
        help_text=_("For those who cannot see the clip. It can be written later, too."),
    )  # fmt: skip
    licence = forms.ChoiceField(
        label=_("Licence"), choices=Licence.choices, required=False,
        help_text=_("What others may do with the clip. It is written into its credential."),
    )  # fmt: skip
    allowed_uses = forms.MultipleChoiceField(
        label=_("What machines may do with it"), choices=Use.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What is not ticked is forbidden, in the credential, in a form machines read."),
    )  # fmt: skip
    hide_prompt = forms.BooleanField(
        required=False, label=_("Keep the prompt hidden"),
        help_text=_(
            "The log and the credential then hold only a salted hash of it. You can reveal it "
            "later, and anyone can check that it is the same; it cannot be hidden again."
        ),
    )  # fmt: skip
    parent = forms.UUIDField(required=False, widget=forms.HiddenInput)
    begins_with = forms.ChoiceField(
        label=_("Begin with"), choices=Begin.choices, required=False,
        help_text=_("A frame is taken from the clip as it is stored here; the credential says so."),
    )  # fmt: skip
    ignore_unknown = forms.BooleanField(
        required=False, label=_("Make it without the words the model does not know")
    )
    request_id = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, cards: Sequence[ModelCard], *args: Any, **kwargs: Any) -> None:
        super().__init__(cards, *args, **kwargs)
        self.initial.setdefault("request_id", uuid.uuid4())

    def clean_prompt(self) -> str:
        text = clean_text(self.cleaned_data["prompt"])
        if not text:
            raise forms.ValidationError(gettext("Say what the clip shall show."), code="required")
        return text

    def clean_negative_prompt(self) -> str:
        return clean_text(self.cleaned_data["negative_prompt"])

    def clean_title(self) -> str:
        return clean_text(self.cleaned_data["title"])

    def clean_description(self) -> str:
        return clean_text(self.cleaned_data["description"])

    def clean_licence(self) -> str:
        return self.cleaned_data["licence"] or str(Licence.NONE)

    def clean_parent(self) -> Clip | None:
        """The clip itself, from our own rows: what the browser says of it does not count."""
        if self.cleaned_data["parent"] is None:
            return None
        parent = published(self.cleaned_data["parent"])
        if parent is None:
            words = gettext(
                "The clip that this would be a remix of is not public. Choose another on its own "
                "page, or ask for a clip of your own."
            )
            raise forms.ValidationError(words, code="no_parent")
        return parent

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "model" in cleaned and "prompt" in cleaned:
            self._warn_of_unknown_words(self.card, cleaned)
        if cleaned.get("begins_with") and not (cleaned.get("parent") and self.begins_with_frame):
            words = gettext("%(model)s cannot begin with a frame of this.") % {
                "model": self.card.title
            }
            self.add_error("begins_with", words)
        if self.data.get("sign") == "1" and cleaned.get("count", 1) > 1:
            words = gettext("A passkey signs one clip at a time: ask for one, or without signing.")
            self.add_error("count", words)
        return cleaned

    @property
    def begins_with_frame(self) -> bool:
        """Whether the chosen model can begin a remix with a frame of its parent."""
        return self.card.begins_with_frame

    def _warn_of_unknown_words(self, card: ModelCard, cleaned: dict[str, Any]) -> None:
        unknown = unknown_words(f"{cleaned['prompt']} {cleaned.get('negative_prompt', '')}", card)
        if unknown and not cleaned.get("ignore_unknown"):
            words = gettext(
                "%(model)s does not know: %(words)s. It will ignore them. Change the prompt, or "
                "tick the box to go on."
            ) % {"model": card.title, "words": ", ".join(unknown[:20])}
            self.add_error("ignore_unknown", forms.ValidationError(words, code="unknown_words"))

    def requests(self) -> list[Request]:
        """One for each variation, the first under the form's own key; seeds are drawn here."""
        values, width_height = self.cleaned_data, self.cleaned_data["size"].split("x")
        first = Request(
            prompt=values["prompt"],
            negative_prompt=values["negative_prompt"],
            card=self.card,
            seed=0,
            frames=values["length"],
            key=values["request_id"],
            size=(int(width_height[0]), int(width_height[1])),
            fps=values["fps"],
            steps=values["steps"],
            guidance=values["guidance"],
            title=values["title"],
            description=values["description"],
            parent=values["parent"],
            begins_with=values["begins_with"],
            licence=values["licence"],
            allowed_uses=values["allowed_uses"],
            hide_prompt=values["hide_prompt"],
        )
        return variations(first, self.seeds())


class DescriptionForm(forms.Form):
    """What a clip is called, and what is seen in it."""

    title = forms.CharField(
        label=_("Title"), max_length=TITLE_LETTERS, required=False,
        error_messages={"max_length": _("A title has at most %(limit_value)d letters.")},
    )  # fmt: skip
    description = forms.CharField(
        label=_("What is seen"), max_length=DESCRIPTION_LETTERS, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "For those who cannot see the clip. It stands on the clip's page; search finds it."
        ),
    )  # fmt: skip

    def clean_title(self) -> str:
        return clean_text(self.cleaned_data["title"])

    def clean_description(self) -> str:
        return clean_text(self.cleaned_data["description"])


class ReasonForm(forms.Form):
    """Why somebody withdraws or erases; artists give no reason beyond that they wish it."""

    code = forms.ChoiceField(
        label=_("Reason, which the log will show"),
        choices=[
            (reason.value, reason.label)
            for reason in Reason
            if reason not in {Reason.OWN_WISH, Reason.ACCOUNT, Reason.REPORTED}
        ],
        error_messages={"required": _("Choose a reason."), "invalid_choice": _("Choose a reason.")},
    )

    def __init__(self, data: Any = None, *, of_artist: bool) -> None:
        super().__init__(data)
        if of_artist:
            del self.fields["code"]

    @property
    def reason(self) -> str:
        """The reason's code; only for a valid form."""
        return str(self.cleaned_data.get("code", Reason.OWN_WISH.value))
