"""What the pages of the record show: the timeline, one fact, one document, the sides, a search."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.contrib.postgres.aggregates import StringAgg
from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db.models import F, OuterRef, Prefetch, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Concat

from .models import Citation, Confidence, Document, Fact, Source, Version

LANGUAGE = "english"
MOST_FOUND = 100
_SPACE = Value(" ")
_SUREST = tuple(Confidence.values)
_CITATIONS = Prefetch("citations", Citation.objects.select_related("source"))
_COPIES = "citations__source__captures"
_WORDS = SearchVector(
    "claim", "value", "speaker", "note", "question__text", "origins", config=LANGUAGE
)
_TITLES = SearchVector("title", "author", "about", "origins", config=LANGUAGE)


@dataclass(frozen=True)
class Slot:
    """Facts of one hour or minute; `label` is empty for those that only have a day."""

    label: str
    facts: Sequence[Fact]


@dataclass(frozen=True)
class Day:
    """One day of the timeline, or a month or year for what is not known better."""

    label: str
    slots: Sequence[Slot]

    @property
    def dated(self) -> bool:
        """Whether it is a day indeed."""
        return self.slots[0].facts[0].as_of.dated


@dataclass(frozen=True)
class Side:
    """Everything one speaker is on record with."""

    speaker: str
    facts: Sequence[Fact]


@dataclass(frozen=True)
class Found:
    """What a search found, the best first."""

    facts: Sequence[Fact]
    documents: Sequence[Document]


def ever() -> QuerySet[Fact]:
    """All facts with their sources, those that were withdrawn too."""
    return Fact.objects.select_related("question", "document").prefetch_related(_CITATIONS)


def with_copies() -> QuerySet[Fact]:
    """The same with the kept copies of their sources, for the page of one."""
    return ever().prefetch_related(_COPIES)


def facts() -> QuerySet[Fact]:
    """All facts on record, with their sources."""
    return ever().filter(withdrawn_because="")


def documents() -> QuerySet[Document]:
    """All documents on record."""
    return Document.objects.filter(withdrawn_because="")


def timeline(lines: Iterable[Fact]) -> list[Day]:
    """Facts by day and hour, each by the clock of its own place."""
    ordered = sorted(lines, key=_place)
    return [
        Day(
            label, [Slot(hour, list(same)) for hour, same in groupby(group, lambda f: f.as_of.hour)]
        )
        for label, group in groupby(ordered, lambda fact: fact.as_of.day)
    ]


def _place(fact: Fact) -> tuple[str, str, int, str]:
    # By written time, so that "26 November" without a zone stands with New York's 26 November.
    # What has no day closes its month or year; what has no hour opens its day. Of one moment the
    # surest stands first.
    moment = fact.as_of
    written = moment.local.strftime("%Y-%m-%dT%H:%M")[: len(moment.iso)]
    return (
        written if moment.dated else f"{written}~",
        moment.hour,
        _SUREST.index(fact.confidence),
        fact.slug,
    )


def sides() -> list[Side]:
    """Who says what, side by side, in the order in which they first spoke."""
    spoken: dict[str, list[Fact]] = {}
    for fact in sorted(facts().exclude(speaker=""), key=_place):
        spoken.setdefault(fact.speaker, []).append(fact)
    return [Side(speaker, lines) for speaker, lines in spoken.items()]


def others(fact: Fact) -> list[Fact]:
    """The other answers on record to the same question."""
    if fact.question_id is None:
        return []
    return list(facts().filter(question_id=fact.question_id).exclude(pk=fact.pk))


def versions(document: Document) -> list[Version]:
    """The versions of a document that are on record, the first one first."""
    on_record = document.versions.filter(withdrawn_because="")
    return list(on_record.prefetch_related(_CITATIONS, _COPIES))


def search(words: str) -> Found:
    """Facts and documents that hold these words, or whose sources do; at most MOST_FOUND each."""
    query = SearchQuery(words, config=LANGUAGE, search_type="websearch")
    best = (F("rank").desc(), "slug")
    lines = facts().annotate(origins=_origins("fact"))
    texts = documents().annotate(origins=_origins("version__document"))
    lines = lines.annotate(words=_WORDS, rank=SearchRank(_WORDS, query)).filter(words=query)
    texts = texts.annotate(words=_TITLES, rank=SearchRank(_TITLES, query)).filter(words=query)
    return Found(list(lines.order_by(*best)[:MOST_FOUND]), list(texts.order_by(*best)[:MOST_FOUND]))


def _origins(line: str) -> Subquery:
    """The words of all sources beside a line, which is reached by that path from a citation."""
    words = Concat(
        "source__title", _SPACE, "source__publisher", _SPACE, "says", output_field=TextField()
    )
    cited = Citation.objects.filter(**{line: OuterRef("pk")}).order_by().values(line)
    return Subquery(cited.annotate(all=StringAgg(words, _SPACE)).values("all"))


def sources_of(lines: Iterable[Fact | Version]) -> list[Source]:
    """The sources beside these lines, each once, in the order of their first mention."""
    found = {
        citation.source_id: citation.source for line in lines for citation in line.citations.all()
    }
    return list(found.values())
