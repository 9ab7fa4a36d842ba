"""What somebody wants to see: a search and six facets, all of it in the address.

The same names work on the page, in the feed and in the API.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.models import Licence

from . import searching
from .errors import BadChoice
from .models import Hanging

# The classes that migrations/0006_rehang.py sorts clips into.
LENGTHS: Mapping[str, Promise] = {
    "to-2": _("Under 2 seconds"),
    "2-5": _("2 to 5 seconds"),
    "5-15": _("5 to 15 seconds"),
    "15-up": _("15 seconds and longer"),
}
LICENCES: Mapping[str, str | Promise] = dict(Licence.choices)
NAME_LETTERS = 200
_EQUAL = {"artist", "model", "length", "licence"}


@dataclass(frozen=True)
class Choice:
    """Which clips; an empty value does not choose."""

    q: str = ""
    artist: str = ""
    model: str = ""
    collection: str = ""
    length: str = ""
    licence: str = ""
    year: str = ""

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "Choice":
        """The choice an address makes; raises BadChoice, with words, for one that means nothing."""
        values = {field.name: given.get(field.name, "").strip() for field in fields(cls)}
        searching.check(values["q"])
        for name in ("artist", "model", "collection"):
            if len(values[name]) > NAME_LETTERS or "\0" in values[name]:
                raise BadChoice(gettext("Nothing in this archive has such a name."))
        if values["length"] and values["length"] not in LENGTHS:
            raise BadChoice(gettext("Clips are not sorted by such a length."))
        if values["licence"] and values["licence"] not in LICENCES:
            raise BadChoice(gettext("No clip has such a licence."))
        year = values["year"]
        if year and not (year.isascii() and year.isdigit() and 2000 <= int(year[:5]) <= 9998):
            raise BadChoice(gettext("A year is a number such as 2026."))
        return cls(**values)

    def __bool__(self) -> bool:
        return self != Choice()

    def __str__(self) -> str:
        """The form used in addresses, without the question mark."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    @property
    def words(self) -> str:
        """What is chosen, as a heading."""
        said = [
            _quoted(self.q),
            gettext("by %(artist)s") % {"artist": self.artist} if self.artist else "",
            gettext("with %(model)s") % {"model": self.model} if self.model else "",
            _quoted(self.collection),
            str(LENGTHS[self.length]) if self.length else "",
            str(LICENCES[self.licence]) if self.licence else "",
            self.year,
        ]
        return f"{gettext('Clips')}: " + ", ".join(part for part in said if part)

    @property
    def narrowings(self) -> Sequence[tuple[str, str]]:
        """The facets that are chosen, as names and values."""
        return [(name, value) for name, value in asdict(self).items() if value and name != "q"]

    def but(self, name: str, value: str) -> "Choice":
        """The same choice with one value changed."""
        return replace(self, **{name: value})

    def hangings(self) -> QuerySet[Hanging]:
        """The clips that the facets choose, newest first; a search goes over them (`reaching`)."""
        chosen = {name: value for name, value in asdict(self).items() if value and name in _EQUAL}
        found = Hanging.objects.filter(**chosen)
        if self.collection:
            found = found.filter(collections__contains=[self.collection])
        if self.year:
            year = int(self.year)
            found = found.filter(
                published_at__gte=datetime(year, 1, 1, tzinfo=UTC),
                published_at__lt=datetime(year + 1, 1, 1, tzinfo=UTC),
            )
        return found.order_by("-published_at", "-clip_id")


def _quoted(words: str) -> str:
    """In the quotation marks of the visitor's language."""
    return gettext("“%(words)s”") % {"words": words} if words else ""
