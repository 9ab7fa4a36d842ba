"""The search form of the record."""

from django import forms


class SearchForm(forms.Form):
    """Words to look for, as in a web search: quotes hold together, a minus leaves out."""

    q = forms.CharField(
        label="Search the record",
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
