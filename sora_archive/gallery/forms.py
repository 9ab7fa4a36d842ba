"""Forms of the curator's desk."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .models import TITLE_LETTERS, Collection

INTRODUCTION_LETTERS = 4000
NOTE_LETTERS = 600


class CollectionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the stubs alone
    """What a collection is called and why it is one."""

    introduction = forms.CharField(
        label=_("Introduction"),
        required=False,
        max_length=INTRODUCTION_LETTERS,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Why these clips hang together. An empty line begins a paragraph."),
    )

    class Meta:
        model = Collection
        fields = ("title", "introduction", "shown")
        labels = {"title": _("Title"), "shown": _("The public sees it")}

    def __init__(self, *given: object, **named: object) -> None:
        super().__init__(*given, **named)  # type: ignore[arg-type]
        self.fields["title"].widget.attrs["maxlength"] = TITLE_LETTERS

    def clean_title(self) -> str:
        title = " ".join(str(self.cleaned_data["title"]).split())
        others = Collection.objects.filter(title__iexact=title).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError(gettext("Another collection has this title."))
        return title


class PieceForm(forms.Form):
    """Which clip to put in."""

    clip = forms.CharField(
        label=_("Address of the clip's page"),
        max_length=500,
        help_text=_("Such as it stands in the browser when you look at the clip."),
    )


class NoteForm(forms.Form):
    """What the curator says of one clip."""

    note = forms.CharField(
        required=False, max_length=NOTE_LETTERS, widget=forms.Textarea(attrs={"rows": 2})
    )
