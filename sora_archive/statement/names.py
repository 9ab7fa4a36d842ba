"""What a name on the list may be made of: any script of the world, and nothing that cannot be seen.

Markup is a name like any other and is shown as it was typed; what would reorder, hide or pile up
letters is refused with words.
"""

import re
import unicodedata

from django.utils.translation import gettext as _

from .errors import NameRefused

MOST_MARKS = 3  # on one letter; Vietnamese and Hebrew come with two once composed
_PAGE = re.compile(r"\w\.\w{2,}/")  # a page, which mail programs make a link of; jodi.org is a name
_JOINERS = "\u200c\u200d"
_VIRAMA = 9  # canonical combining class
_FORBIDDEN = {
    "Cc": "control", "Cf": "invisible", "Cs": "broken", "Co": "private", "Cn": "unassigned",
    "Zl": "control", "Zp": "control",
}  # fmt: skip
_BLANK = {"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\u034f"}  # letters that show nothing


def clean(text: str, most: int) -> str:
    """A name or another short line: NFC, its spaces single and plain, at most `most` letters.

    Raises NameRefused with words for whoever typed it. An empty line stays empty.
    """
    if len(text) > 4 * most:  # before any work, which composing ten megabytes would be
        raise NameRefused(_("That is longer than %(most)d letters.") % {"most": most})
    line = " ".join(unicodedata.normalize("NFC", text).split())
    if len(line) > most:
        raise NameRefused(_("That is longer than %(most)d letters.") % {"most": most})
    _check(line)
    return line


def clean_name(text: str, most: int) -> str:
    """A name: as `clean`, with at least one letter, and no address of a web page."""
    name = clean(text, most)
    if not any(unicodedata.category(letter)[0] == "L" for letter in name):
        raise NameRefused(_("A name has at least one letter."))
    if "://" in name or "www." in name.lower() or _PAGE.search(name):
        raise NameRefused(_("A name holds no web address; there is a line of its own for it."))
    return name


def _check(line: str) -> None:
    marks = 0
    for place, letter in enumerate(line):
        category = unicodedata.category(letter)
        marks = marks + 1 if category[0] == "M" and not _is_variation(letter) else 0
        if marks > MOST_MARKS:
            raise NameRefused(_("Too many marks are piled upon one letter."))
        if letter in _JOINERS and _joins(line, place):
            continue
        if category in _FORBIDDEN or letter in _BLANK or _is_variation(letter):
            words = _("The character U+%(code)s cannot be seen: take it out.")
            raise NameRefused(words % {"code": f"{ord(letter):04X}"})


def _joins(line: str, place: int) -> bool:
    """Whether a joiner stands where scripts need it: RFC 5892, appendices A.1 and A.2."""
    before, after = line[:place], line[place + 1 :]
    if not before or not after:
        return False
    if unicodedata.combining(before[-1]) == _VIRAMA:
        return True
    arabic = all(
        unicodedata.name(letter, "").startswith("ARABIC LETTER")
        for letter in (before[-1], after[0])
    )
    return line[place] == "\u200c" and arabic


def _is_variation(letter: str) -> bool:
    return "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"
