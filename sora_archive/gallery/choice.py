"""What somebody wants to see: a search and four facets, all of it in the address.

The same names work on the page, in the feed and in the API.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.db.models import QuerySet

from . import searching
from .errors import BadChoice
from .models import Hanging

# The classes that migrations/0002_hang.py sorts clips into.
LENGTHS: Mapping[str, str] = {
    "to-2": "Under 2 seconds",
    "2-5": "2 to 5 seconds",
    "5-15": "5 to 15 seconds",
    "15-up": "15 seconds and longer",
}
NAME_LETTERS = 200


@dataclass(frozen=True)
class Choice:
    """Which clips; an empty value does not choose."""

    q: str = ""
    artist: str = ""
    model: str = ""
    length: str = ""
    year: str = ""

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "Choice":
        """The choice an address makes; raises BadChoice, with words, for one that means nothing."""
        values = {field.name: given.get(field.name, "").strip() for field in fields(cls)}
        searching.check(values["q"])
        for name in ("artist", "model"):
            if len(values[name]) > NAME_LETTERS or "\0" in values[name]:
                raise BadChoice(f"No {name} of this archive has such a name.")
        if values["length"] and values["length"] not in LENGTHS:
            raise BadChoice("Clips are not sorted by such a length.")
        year = values["year"]
        if year and not (year.isascii() and year.isdigit() and 2000 <= int(year[:5]) <= 9998):
            raise BadChoice("A year is a number such as 2026.")
        return cls(**values)

    def __bool__(self) -> bool:
        return self != Choice()

    def __str__(self) -> str:
        """The form used in addresses, without the question mark."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    @property
    def words(self) -> str:
        """What is chosen, as a heading."""
        parts = [
            f"“{self.q}”" if self.q else "Clips",
            f"by {self.artist}" if self.artist else "",
            f"with {self.model}" if self.model else "",
            f"of {self.year}" if self.year else "",
        ]
        said = " ".join(part for part in parts if part)
        return f"{said}, {LENGTHS[self.length].lower()}" if self.length else said

    @property
    def narrowings(self) -> Sequence[tuple[str, str]]:
        """The facets that are chosen, as names and values."""
        return [(name, value) for name, value in asdict(self).items() if value and name != "q"]

    def but(self, name: str, value: str) -> "Choice":
        """The same choice with one value changed."""
        return replace(self, **{name: value})

    def hangings(self) -> QuerySet[Hanging]:
        """The chosen clips; the caller orders and limits them."""
        chosen = {n: v for n, v in asdict(self).items() if v and n in {"artist", "model", "length"}}
        found = Hanging.objects.filter(**chosen)
        if self.q:
            found = found.filter(words=searching.query(self.q))
        if self.year:
            year = int(self.year)
            found = found.filter(
                published_at__gte=datetime(year, 1, 1, tzinfo=UTC),
                published_at__lt=datetime(year + 1, 1, 1, tzinfo=UTC),
            )
        return found
