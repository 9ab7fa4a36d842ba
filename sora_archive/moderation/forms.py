"""What can be typed into moderation's forms, and the words for what cannot be taken."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.forms import clean_text

from . import reporting
from .deciding import Ruling
from .models import SHA256, SKELETON_LETTERS, WORDS_LETTERS, About, Grounds, Outcome
from .skeletons import skeleton

MOST_DAYS = 3650


class _Words(forms.CharField):
    """Some sentences without invisible letters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=WORDS_LETTERS, widget=forms.Textarea(attrs={"rows": 4}), **options
        )

    def clean(self, value: Any) -> str:
        return clean_text(super().clean(value) or "")


class ReportForm(forms.Form):
    """A report of a clip, its artist's name, or a name under the statement."""

    about = forms.ChoiceField(label=_("What is it about?"), choices=About.choices)
    grounds = forms.ChoiceField(
        label=_("What is wrong with it?"),
        error_messages={"invalid_choice": _("Choose one of the reasons of the list.")},
    )
    words = _Words(
        required=False, label=_("What should the curators know?"),
        help_text=_(
            "May stay empty. Do not tell who you are unless you want the curators to know: they "
            "read this, nobody else does."
        ),
    )  # fmt: skip

    def __init__(self, about: list[About], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].choices = [(each.value, each.label) for each in about]  # type: ignore[attr-defined]
        if len(about) == 1:
            self.fields["about"].widget = forms.HiddenInput()
            self.initial["about"] = about[0].value
        known = {code: words for each in about for code, words in reporting.codes(each)}
        ordered = [(code, known[code]) for code in Grounds.values if code in known]
        self.fields["grounds"].choices = [("", gettext("Choose a reason")), *ordered]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        about, grounds = cleaned.get("about"), cleaned.get("grounds")
        if about and grounds and grounds not in dict(reporting.codes(About(about))):
            self.add_error("grounds", gettext("This reason does not fit what you report."))
        return cleaned


class DecisionForm(forms.Form):
    """What a curator decides, on what grounds, in words that everybody concerned reads."""

    outcome = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    grounds = forms.ChoiceField(label=_("Grounds"), choices=Grounds.choices)
    statement = _Words(
        label=_("Reasons"),
        help_text=_(
            "The artist, whoever reported it, and the public read this. Say what was seen and "
            "which rule it touches. Name nobody."
        ),
        error_messages={"required": _("A decision without reasons is none: say why.")},
    )
    hold_days = forms.IntegerField(
        required=False, min_value=1, max_value=MOST_DAYS, label=_("Legal hold, in days"),
        help_text=_(
            "Only where a law or a court asks for it: the withdrawn files are kept so long, out of "
            "everybody's sight. Empty: they are deleted when the time for an appeal is over."
        ),
    )  # fmt: skip
    block = forms.BooleanField(
        required=False, label=_("Never show or make this very video again"),
    )  # fmt: skip

    def __init__(self, outcomes: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outcome"].choices = [  # type: ignore[attr-defined]
            (each, Outcome(each).label) for each in outcomes
        ]
        if Outcome.WITHDRAWN not in outcomes:
            del self.fields["hold_days"], self.fields["block"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("hold_days") and cleaned.get("outcome") != Outcome.WITHDRAWN:
            self.add_error("hold_days", gettext("Only what is withdrawn can be held."))
        return cleaned

    def ruling(self) -> Ruling:
        """The decision of a valid form."""
        values = self.cleaned_data
        return Ruling(
            values["outcome"], values["grounds"], values["statement"], values.get("hold_days"),
            bool(values.get("block")),
        )  # fmt: skip


class AppealForm(forms.Form):
    """Why the artist thinks that a decision is wrong."""

    words = _Words(
        label=_("Why is the decision wrong?"),
        help_text=_("You can appeal once. Another look is taken, and the answer is final."),
        error_messages={"required": _("Say why the decision is wrong.")},
    )


class RefusedWordForm(forms.Form):
    """A word for the list of those that no prompt may hold."""

    shown = forms.CharField(
        max_length=100, label=_("Word or phrase"),
        help_text=_("Whole words are compared, however they are spelled: look-alike letters, "
                    "accents, capitals and gaps between letters make no difference."),
    )  # fmt: skip
    grounds = forms.ChoiceField(label=_("Grounds"), choices=Grounds.choices)
    note = forms.CharField(max_length=300, label=_("Why"), help_text=_("For the other curators."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "word_%s"} | kwargs)  # two forms stand on one page

    def clean_shown(self) -> str:
        shown = clean_text(self.cleaned_data["shown"])
        compared = skeleton(shown)
        if not compared:
            raise forms.ValidationError(gettext("There is no letter or digit in it."))
        if len(compared) > SKELETON_LETTERS:  # one sign can stand for a whole sentence
            raise forms.ValidationError(gettext("Written out in letters it is too long."))
        return shown


class BlockedFileForm(forms.Form):
    """A file for the list of those that are neither made nor shown."""

    sha256 = forms.CharField(label="SHA-256", max_length=64)
    grounds = forms.ChoiceField(label=_("Grounds"), choices=Grounds.choices)
    note = forms.CharField(max_length=300, label=_("Why"), help_text=_("For the other curators."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "file_%s"} | kwargs)

    def clean_sha256(self) -> str:
        digest: str = self.cleaned_data["sha256"].strip().lower()
        if not re.fullmatch(SHA256, digest):
            words = gettext("A SHA-256 has 64 letters of 0-9 and a-f. sha256sum FILE prints it.")
            raise forms.ValidationError(words)
        return digest


class EndForm(forms.Form):
    """Why a word or a file is taken off its list."""

    note = forms.CharField(
        max_length=300, label=_("Why"),
        help_text=_("It stands beside the rule for the other curators, with your name."),
    )  # fmt: skip
