"""Forms of the curators: the draft, and the act that makes it a version."""

from django import forms

from . import versions, words
from .errors import StatementUnreadable


class DraftForm(forms.Form):
    """The text of the draft; what the page could not show is refused."""

    text = forms.CharField(
        label="The text",
        strip=False,
        max_length=words.LARGEST_BYTES,
        widget=forms.Textarea(attrs={"rows": 24}),
        help_text="The first line is “# Title”; “## ” makes a heading and “- ” a list.",
    )

    def clean_text(self) -> str:
        text = versions.normal(self.cleaned_data["text"])
        try:
            words.parse(text.encode())
        except (StatementUnreadable, UnicodeEncodeError) as error:
            raise forms.ValidationError(str(error)) from error
        return text


class MakeForm(forms.Form):
    """Why this text becomes a version, and which text was read."""

    reason = forms.CharField(
        label="Why",
        max_length=300,
        help_text="Shown beside the version, with your role and pseudonym.",
    )
    sha256 = forms.RegexField(r"\A[0-9a-f]{64}\Z", widget=forms.HiddenInput)
