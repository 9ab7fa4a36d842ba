"""How a line of the record is cited: a sentence for people, BibTeX for programs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from .models import Document, Fact, Source

_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%",
        "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
        "\n": " ", "\r": " ",
    }
)  # fmt: skip
# An address inside \url{} is taken as it is, but for what would end it.
_IN_ADDRESS = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C", "\n": "", "\r": "", " ": "%20"})


@dataclass(frozen=True)
class Citation:
    """What is cited: a title, its address on this site, and when the line last changed."""

    key: str
    title: str
    address: str
    changed: datetime

    @property
    def sentence(self) -> str:
        """The citation in words; the reader adds the day of reading."""
        return _("%(site)s, “%(title)s”, record as of %(day)s, %(address)s") % {
            "site": settings.SITE_NAME,
            "title": self.title,
            "day": date_format(self.changed),
            "address": self.address,
        }

    def bibtex(self, sources: Iterable[Source]) -> str:
        """An @misc entry for the line and one for each of its sources, in English for everybody."""
        own = _entry(
            f"record-{self.key}",
            {
                "author": f"{{{_text(settings.SITE_NAME)}}}",
                "title": f"{{{_text(self.title)}}}",
                "year": f"{self.changed:%Y}",
                "month": f"{self.changed:%m}",
                "note": f"Record as of {self.changed:%Y-%m-%d}",
                "howpublished": _address(self.address),
            },
        )
        return "\n".join([own, *(_of_source(source) for source in sources)])


def of_fact(fact: Fact) -> Citation:
    """The citation of a fact."""
    return Citation(
        fact.slug, fact.claim, settings.SITE_URL + fact.get_absolute_url(), fact.updated_at
    )


def of_document(document: Document) -> Citation:
    """The citation of a document's page."""
    address = settings.SITE_URL + document.get_absolute_url()
    return Citation(document.slug, document.title, address, document.updated_at)


def _of_source(source: Source) -> str:
    with override("en"):
        note = f"{source.get_reading_display()}, {source.read_on.isoformat()}"
    return _entry(
        f"source-{source.slug}",
        {
            "author": f"{{{_text(source.publisher)}}}",
            "title": f"{{{_text(source.title)}}}",
            "date": _text(source.published),
            "note": _text(note),
            "howpublished": _address(source.url) if source.url else "",
        },
    )


def _entry(key: str, fields: dict[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}\n"


def _text(text: str) -> str:
    return text.translate(_ESCAPES)


def _address(address: str) -> str:
    return rf"\url{{{address.translate(_IN_ADDRESS)}}}"
