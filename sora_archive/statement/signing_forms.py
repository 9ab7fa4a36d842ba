"""The form that signs the statement, and those of the curators who look after the signatures."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _

from . import names
from .errors import NameRefused
from .invalidating import Criteria
from .models import Reason, Standing, Tier
from .models.signatures import LINK_LETTERS, NAME_LETTERS, NOTE_LETTERS
from .signing import Wish

_Clean = Callable[[str, int], str]


class LineField(forms.CharField):
    """A short line that is shown to everybody; refused in words where it cannot be."""

    def __init__(self, *, clean_line: _Clean = names.clean, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # no max_length: the words of names.py are plainer
        self.clean_line = clean_line

    def clean(self, value: str | None) -> str:
        line = super().clean(value)
        try:
            return self.clean_line(line, NAME_LETTERS) if line else ""
        except NameRefused as error:
            raise forms.ValidationError(str(error)) from error


def _line(label: Any, autocomplete: str, help_text: Any = "", **kwargs: Any) -> LineField:
    attrs = {"autocomplete": autocomplete, "maxlength": NAME_LETTERS}
    widget = forms.TextInput(attrs=attrs)
    return LineField(label=label, help_text=help_text, widget=widget, **kwargs)


class SignForm(forms.Form):
    """Who signs, and as whom; `sha256` is that of the text that was read."""

    name = _line(_("Your name, as it shall appear"), "name", clean_line=names.clean_name)
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_(
            "For one mail with a link that confirms. Never shown to anybody; once you have "
            "confirmed, only a keyed hash of it is kept, so that nobody signs twice."
        ),
    )
    tier = forms.ChoiceField(
        label=_("You sign as"), choices=Tier.choices, widget=forms.RadioSelect, initial="supporter"
    )
    role = _line(
        _("What you do"), "organization-title", _("Such as: painter. You can leave it empty."),
        required=False,
    )  # fmt: skip
    place = _line(_("Where"), "address-level2", _("Such as: Lisbon. You can leave it empty."),
                  required=False)  # fmt: skip
    link = forms.URLField(
        label=_("A page of yours"), required=False, max_length=LINK_LETTERS, assume_scheme="https",
        widget=forms.URLInput(attrs={"autocomplete": "url"}),
        help_text=_("It begins with https:// or http://. You can leave it empty."),
    )  # fmt: skip
    anonymous = forms.BooleanField(label=_("Count me, and do not list my name"), required=False)
    wants_news = forms.BooleanField(
        label=_("Write to me when there is a new version"),
        required=False,
        help_text=_("Then your address is kept until you say stop."),
    )
    sha256 = forms.RegexField(r"\A[0-9a-f]{64}\Z", widget=forms.HiddenInput)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email.endswith("]"):  # it would have our mail server call any machine by its number
            raise forms.ValidationError(_("An address ends in a name, such as example.org."))
        return email

    def clean_link(self) -> str:
        link: str = self.cleaned_data["link"]
        if link and (
            urlsplit(link).scheme not in {"http", "https"} or "@" in urlsplit(link).netloc
        ):
            raise forms.ValidationError(_("A page begins with https:// or http://."))
        try:
            return names.clean(link, LINK_LETTERS)
        except NameRefused as error:
            raise forms.ValidationError(str(error)) from error

    @property
    def wish(self) -> Wish:
        """What was filled in."""
        data = {key: value for key, value in self.cleaned_data.items() if key != "sha256"}
        return Wish(**data | {"tier": Tier(data["tier"])})


_PUBLIC = _("Everybody can read it, with your role and pseudonym.")


def _note(help_text: Any = _PUBLIC) -> LineField:
    return LineField(label=_("Why"), help_text=help_text, clean_line=_clean_note)


def _clean_note(text: str, most: int) -> str:
    return names.clean(text, NOTE_LETTERS)


class TierForm(forms.Form):
    """As whom somebody signed, as far as a curator knows."""

    tier = forms.ChoiceField(label=_("Confirmed as"), choices=Tier.choices)
    note = _note()


class NoteForm(forms.Form):
    """The reason of an act."""

    note = _note()


class StandingForm(forms.Form):
    """What is decided about a source."""

    standing = forms.ChoiceField(label=_("From now on"), choices=Standing.choices)
    note = _note(_("For other curators; forgotten with the source."))


class CriteriaForm(forms.Form):
    """Which signatures are meant."""

    version = forms.IntegerField(label=_("Version"), min_value=1, max_value=2**31 - 1)
    signature = forms.UUIDField(label=_("One signature"), required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Part of the name"), required=False, max_length=NAME_LETTERS)
    source = forms.IntegerField(
        label=_("Number of a source"), required=False, min_value=1, max_value=2**63 - 1
    )
    after = forms.DateTimeField(
        label=_("Confirmed from"), required=False, help_text=_("Such as 2026-11-23 19:00.")
    )
    before = forms.DateTimeField(label=_("Confirmed before"), required=False)

    @property
    def criteria(self) -> Criteria:
        """What was filled in."""
        data = dict(self.cleaned_data)
        return Criteria(**data | {"signature": str(data["signature"] or "")})


class InvalidateForm(forms.Form):
    """Why they do not count, and how many were seen."""

    reason = forms.ChoiceField(label=_("Reason"), choices=Reason.choices)
    note = _note()
    expected = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
