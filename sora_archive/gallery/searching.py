"""A search as people type it, as a query of PostgreSQL's full text search.

Words are taken as they are written, in whatever language: a bare word also finds longer ones that
begin with it, words in quotation marks stand together exactly, and a minus sign shuts out. What
is found is ordered by time and never by rank, which would have to read all of it.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import CombinedSearchQuery, SearchQuery
from django.db import connection
from django.utils.translation import gettext

from .almanac import Almanac
from .errors import BadChoice

LETTERS, TERMS = 200, 12
_CONFIG = "simple"
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
_WORD = re.compile(r"\w+")
_BEGINNING = 3  # letters from which on a word may be a mere beginning
# Which share of the clips a beginning may have to be looked up: the root of this one over all.
_GATHERED = 1000
# Words one slip away come first, then what looks alike; each half is read from an index of its own.
_NEAREST = """
    SELECT asked, near.word FROM unnest(%s::text[]) AS asked CROSS JOIN LATERAL (
      SELECT word FROM (
        SELECT word, clips, true AS slip FROM gallery_word
        WHERE length(word) <= 8 AND length(asked) BETWEEN 3 AND 9
          AND gallery_shapes(word) && gallery_shapes(asked)
        UNION ALL
        SELECT word, clips, false FROM gallery_word WHERE word %% asked
      ) AS alike
      ORDER BY slip DESC, similarity(word, asked) DESC, clips DESC, word LIMIT 1
    ) AS near
    WHERE NOT EXISTS (SELECT FROM gallery_word WHERE word LIKE asked || '%%')
"""


@dataclass(frozen=True)
class Term:
    """One thing to look for, or to shut out."""

    text: str
    phrase: bool
    unwanted: bool

    @property
    def bare(self) -> bool:
        """Whether it is one word that may be the beginning of a longer one, and may be mistyped.

        A number may not: another one is never what was meant.
        """
        word = _WORD.fullmatch(self.text) is not None and not self.text.isdecimal()
        return word and not self.phrase and not self.unwanted

    @property
    def beginning(self) -> bool:
        """Whether longer words count that begin with it."""
        word = _WORD.fullmatch(self.text) is not None
        return word and len(self.text) >= _BEGINNING and not self.phrase

    def share(self, known: Almanac) -> float:
        """About which share of the clips has it, from 0 to 1."""
        return min(known.share(word, self.beginning) for word in _WORD.findall(self.text))

    @property
    def query(self) -> SearchQuery:
        """The term alone."""
        if self.beginning:
            return SearchQuery(f"'{self.text}':*", config=_CONFIG, search_type="raw")
        return SearchQuery(self.text, config=_CONFIG, search_type="phrase")


def terms(text: str) -> Sequence[Term]:
    """The terms of a search in the order in which they were typed."""
    found = []
    for minus, quoted, word in _TERM.findall(text):
        said = quoted or word
        if _WORD.search(said):
            found.append(Term(said, phrase=bool(quoted), unwanted=bool(minus)))
    return found


def check(text: str) -> None:
    """Raises BadChoice, with words, for a search that is not made."""
    if "\0" in text:
        raise BadChoice(gettext("A search is text; this one holds a character that text cannot."))
    if len(text) > LETTERS:
        raise BadChoice(gettext("A search has at most %(most)d letters.") % {"most": LETTERS})
    found = terms(text)
    if len(found) > TERMS:
        raise BadChoice(gettext("A search has at most %(most)d words.") % {"most": TERMS})
    if text and all(term.unwanted for term in found):
        raise BadChoice(gettext("Name at least one word to look for."))


def query(text: str) -> SearchQuery | CombinedSearchQuery:
    """The query of a search that `check` let through."""
    return _all(terms(text))


def looked_up(text: str, known: Almanac) -> SearchQuery | CombinedSearchQuery | None:
    """The part of the query that is quick to look up in the index of words, if any is.

    To look up a beginning gathers every clip that has it, which costs more than to hold each find
    of the other words against it once the wall is large; and what is unwanted finds nothing.
    """
    common = math.sqrt(_GATHERED / known.clips)
    wanted = [term for term in terms(text) if not term.unwanted]
    quick = [term for term in wanted if not term.beginning or term.share(known) < common]
    return _all(quick) if quick else None


def rarest(text: str, known: Almanac) -> SearchQuery:
    """The word of a search that the fewest clips have."""
    wanted = (term for term in terms(text) if not term.unwanted)
    return min(wanted, key=lambda term: term.share(known)).query


def share(text: str, known: Almanac) -> float:
    """About which share of the clips it finds, as if its words were strewn independently."""
    return math.prod(term.share(known) for term in terms(text) if not term.unwanted)


def _all(wanted: Sequence[Term]) -> SearchQuery | CombinedSearchQuery:
    first, *others = (~term.query if term.unwanted else term.query for term in wanted)
    whole: SearchQuery | CombinedSearchQuery = first
    for each in others:
        whole &= each
    return whole


def corrected(text: str) -> str:
    """The search with every word that no published clip has replaced by the most similar one.

    One query, over the words of published clips alone: what is hidden cannot be guessed at.
    """
    asked = {term.text.lower() for term in terms(text) if term.bare}
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST, [sorted(asked)])
        nearest = dict(cursor.fetchall())
    return " ".join(_written(term, nearest) for term in terms(text))


def _written(term: Term, nearest: dict[str, str]) -> str:
    text = nearest.get(term.text.lower(), term.text) if term.bare else term.text
    return f"{'-' * term.unwanted}" + (f'"{text}"' if term.phrase else text)
