"""Forms of the curators: the draft, the act that makes it a version, and its translations."""

from django import forms
from django.utils.translation import gettext_lazy as _

from . import translating, versions, words
from .errors import StatementUnreadable


class DraftForm(forms.Form):
    """The text of the draft; what the page could not show is refused."""

    text = forms.CharField(
        label=_("The text"),
        strip=False,
        max_length=words.LARGEST_BYTES,
        widget=forms.Textarea(attrs={"rows": 24}),
        help_text=_("The first line is “# Title”; “## ” makes a heading and “- ” a list."),
    )

    def clean_text(self) -> str:
        return _shown(self.cleaned_data["text"])


class MakeForm(forms.Form):
    """Why this text becomes a version, and which text was read."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        help_text=_("Shown beside the version, with your role and pseudonym."),
    )
    sha256 = forms.RegexField(r"\A[0-9a-f]{64}\Z", widget=forms.HiddenInput)


class TranslationForm(forms.Form):
    """A version in another language."""

    language = forms.ChoiceField(label=_("Language"), choices=translating.choices)
    text = forms.CharField(
        label=_("The text"),
        strip=False,
        max_length=words.LARGEST_BYTES,
        widget=forms.Textarea(attrs={"rows": 24}),
        help_text=_("With the same first line “# Title” as the version that it translates."),
    )

    def clean_text(self) -> str:
        return _shown(self.cleaned_data["text"])


def _shown(text: str) -> str:
    """The text as it is kept; raises ValidationError where no page could show it."""
    text = versions.normal(text)
    try:
        words.parse(text.encode())
    except (StatementUnreadable, UnicodeEncodeError) as error:
        raise forms.ValidationError(str(error)) from error
    return text
