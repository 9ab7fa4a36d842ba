"""What a text looks like, whatever letters it is written with: two texts that look alike are one.

Unicode Technical Standard 39 calls this a skeleton. Ours also folds case and drops accents and
invisible letters, because a word list is about what a reader reads.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import accumulate

from confusable_homoglyphs.confusables import confusables_data

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORD = re.compile(r"[^\W_]+")
# Letters that bear the name of one of the basic alphabet, and are another only by their dress.
_DRESSED = re.compile(
    r"(?:(?:NEGATIVE (?:CIRCLED|SQUARED) )?LATIN (?:CAPITAL |SMALL )?LETTER "
    r"(?:SMALL CAPITAL )?|REGIONAL INDICATOR SYMBOL LETTER )([A-Z])(?: WITH .+)?"
)
_LAST_DRESSED = 0x1_F1FF
# What is drawn as one stroke is an l to some fonts and an I to others.
_STROKE = re.compile(r"[1|]|(?<=[A-Z])l(?=[A-Z])")


@lru_cache(maxsize=1)
def _alike() -> dict[int, str]:
    """The letter of the basic alphabet that another letter or digit is mistaken for."""
    found: dict[int, str] = {}
    for letter in _LETTERS + _LETTERS.upper():
        for other in confusables_data.get(letter, ()):
            if len(other["c"]) == 1 and other["c"].casefold() not in _LETTERS:
                found.setdefault(ord(other["c"]), letter.casefold())
    for code in range(0x80, _LAST_DRESSED + 1):
        if dressed := _DRESSED.fullmatch(unicodedata.name(chr(code), "")):
            found.setdefault(code, dressed[1].casefold())
    return found | {ord("0"): "o", ord("1"): "l", ord("|"): "l"}


def words(text: str) -> list[str]:
    """The words of a text as they look."""
    return _WORD.findall(_folded(text))


def skeleton(text: str) -> str:
    """The words of a text as they look, one space between two."""
    return " ".join(words(text))


def first_of(text: str, refused: Iterable[str]) -> str | None:
    """The first of some skeletons that a text holds as whole words; None where it holds none.

    Letters that stand apart, as in "b o m b" or "b.o.m.b", make up a word too, and a single
    stroke is read as an l and again as an i.
    """
    refused = list(refused)
    apart = unicodedata.normalize("NFKD", text)
    return _first_within(words(text), refused) or _first_within(
        words(_STROKE.sub("i", apart)), refused
    )


def _first_within(within: Sequence[str], refused: Iterable[str]) -> str | None:
    ends = list(accumulate(map(len, within)))
    starts = [end - len(word) for end, word in zip(ends, within, strict=True)]
    alone = {at for at, word in zip(starts, within, strict=True) if len(word) == 1}
    letters = "".join(within)
    return next((each for each in refused if _holds(letters, starts, ends, alone, each)), None)


def _holds(
    letters: str, starts: Sequence[int], ends: Sequence[int], alone: Collection[int], phrase: str
) -> bool:
    target = phrase.replace(" ", "")
    gaps = set(accumulate(len(word) for word in phrase.split()))
    begins, finishes = set(starts), set(ends)
    at = letters.find(target) if target else -1
    while at >= 0:
        end = at + len(target)
        inner = [start for start in starts if at < start < end]
        if (
            at in begins
            and end in finishes
            and all(start - at in gaps or start in alone for start in inner)
        ):
            return True
        at = letters.find(target, at + 1)
    return False


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text).translate(_alike())
    kept = (letter for letter in apart if unicodedata.category(letter) not in {"Mn", "Me", "Cf"})
    return unicodedata.normalize("NFKD", "".join(kept).casefold()).translate(_alike())
