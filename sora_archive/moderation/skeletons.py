"""What a text looks like, whatever letters it is written with: two texts that look alike are one.

Unicode Technical Standard 39 calls this a skeleton. Ours also folds case and drops accents and
invisible letters, because a word list is about what a reader reads.
"""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from confusable_homoglyphs.confusables import confusables_data

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=1)
def _alike() -> dict[int, str]:
    """The letter of the basic alphabet that another letter or digit is mistaken for."""
    found: dict[int, str] = {}
    for letter in _LETTERS + _LETTERS.upper():
        for other in confusables_data.get(letter, ()):
            if len(other["c"]) == 1 and other["c"].casefold() not in _LETTERS:
                found.setdefault(ord(other["c"]), letter.casefold())
    return found | {ord("0"): "o", ord("1"): "l", ord("|"): "l"}


def words(text: str) -> list[str]:
    """The words of a text as they look; letters that stand apart, as in "b o m b", are joined."""
    seen = _WORD.findall(_folded(text))
    joined: list[str] = []
    apart = False
    for word in seen:
        if apart and len(word) == 1:
            joined[-1] += word
        else:
            joined.append(word)
        apart = len(word) == 1
    return joined


def skeleton(text: str) -> str:
    """The words of a text as they look, one space between two."""
    return " ".join(words(text))


def first_of(text: str, refused: Collection[str]) -> str | None:
    """The first of some skeletons that a text holds as whole words; None where it holds none."""
    within = f" {skeleton(text)} "
    plain = f" {' '.join(_WORD.findall(_folded(text)))} "
    return next((each for each in refused if f" {each} " in within or f" {each} " in plain), None)


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text).translate(_alike())
    kept = (letter for letter in apart if unicodedata.category(letter) not in {"Mn", "Me", "Cf"})
    return unicodedata.normalize("NFKD", "".join(kept).casefold()).translate(_alike())
