"""Pseudonyms: what may stand beside a work, and cannot be taken for somebody else's."""

import unicodedata

from confusable_homoglyphs import confusables
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from generation.erasing import NAMELESS

from .models import User

LETTERS = 80


def clean_pseudonym(text: str, own: User | None = None) -> str:
    """The name as it will be shown; raises ValidationError with words where it cannot be."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > LETTERS:
        raise ValidationError(_("A name has 1 to 80 letters."), code="length")
    for letter in name:
        if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            raise ValidationError(
                _("There is an invisible character (U+%(number)s) in the name. Type it anew."),
                code="invisible",
                params={"number": f"{ord(letter):04X}"},
            )
    if name.casefold().startswith(NAMELESS):
        raise ValidationError(_("That is how accounts are called that were erased."), code="erased")
    if not any(letter.isalnum() for letter in name):
        raise ValidationError(_("A name needs a letter or a number."), code="no_letter")
    if any(confusables.is_dangerous(word) for word in name.split()):
        raise ValidationError(
            _("A word of this name mixes alphabets whose letters look alike. Use one alphabet."),
            code="mixed_alphabets",
        )
    others = User.objects.exclude(pk=own.pk) if own else User.objects.all()
    if others.filter(pseudonym__iexact=name).exists():
        raise ValidationError(_("Somebody here is already called so."), code="taken")
    return name
