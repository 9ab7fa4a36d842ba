"""Moments that are known only so well: a year, a month, a day, an hour or a minute, in a zone.

The record never shows more of a time than its source gave, and says so where no zone was given.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .errors import NoMoment


class Precision(StrEnum):
    """How well a moment is known; the order is from coarse to fine."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"


# The written form of each, from coarse to fine.
_FORMS = {
    Precision.YEAR: (re.compile(r"\d{4}", re.ASCII), "%Y"),
    Precision.MONTH: (re.compile(r"\d{4}-\d\d", re.ASCII), "%Y-%m"),
    Precision.DAY: (re.compile(r"\d{4}-\d\d-\d\d", re.ASCII), "%Y-%m-%d"),
    Precision.HOUR: (re.compile(r"\d{4}-\d\d-\d\dT\d\d", re.ASCII), "%Y-%m-%dT%H"),
    Precision.MINUTE: (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII), "%Y-%m-%dT%H:%M"),
}
_TIMED = {Precision.HOUR, Precision.MINUTE}


@dataclass(frozen=True)
class Moment:
    """The first instant of a time span, how long that span is, and where its clock hangs.

    `at` is aware; `zone` is an IANA name, or empty where the source gave none (then `at` is
    written as if in UTC and never converted for show).
    """

    at: datetime
    precision: Precision
    zone: str = ""
    roughly: bool = False

    @classmethod
    def parse(cls, text: str, zone: str = "", roughly: bool = False) -> "Moment":
        """Read `2024`, `2024-11`, `2024-11-26`, `2024-11-26T08` or `2024-11-26T08:30`.

        Raises NoMoment for every other text and for a zone that does not exist.
        """
        clock = zone_named(zone)
        for precision, (form, pattern) in _FORMS.items():
            if form.fullmatch(text):
                try:
                    local = datetime.strptime(text, pattern).replace(tzinfo=clock)
                    return cls(local.astimezone(UTC), precision, zone, roughly)
                except (ValueError, OverflowError) as error:
                    raise NoMoment(f"{text!r} is no date.") from error
        raise NoMoment(f"{text!r} is not of a form like 2024-11-26 or 2024-11-26T08:30.")

    @property
    def local(self) -> datetime:
        """The instant on the clock of its own zone."""
        return self.at.astimezone(zone_named(self.zone))

    @property
    def timed(self) -> bool:
        """Whether an hour is known."""
        return self.precision in _TIMED

    @property
    def dated(self) -> bool:
        """Whether a day is known."""
        return self.precision not in {Precision.YEAR, Precision.MONTH}

    @property
    def iso(self) -> str:
        """The written form again, as precise as it is known."""
        return self.local.strftime(_FORMS[self.precision][1])

    @property
    def day(self) -> str:
        """The day in the visitor's words, or the month or year where no day is known."""
        local = self.local
        if self.precision is Precision.YEAR:
            return f"{local:%Y}"
        month = self.precision is Precision.MONTH
        return date_format(local.date(), "YEAR_MONTH_FORMAT" if month else "DATE_FORMAT")

    @property
    def hour(self) -> str:
        """The hour in words with its zone and, beside it, in UTC; empty where none is known."""
        if not self.timed:
            return ""
        if not self.zone:
            return _("%(hour)s, time zone not stated") % {"hour": self._roughly(f"{self.at:%H:%M}")}
        return f"{self._roughly(f'{self.local:%H:%M %Z}')} ({self.at:%H:%M} UTC)"

    def __str__(self) -> str:
        if self.timed:
            return f"{self.day}, {self.hour}"
        zone = self.zone or _("time zone not stated")
        return f"{self._roughly(self.day)} ({zone})"

    def _roughly(self, words: str) -> str:
        return _("about %(moment)s") % {"moment": words} if self.roughly else words


def zone_named(name: str) -> ZoneInfo:
    """The IANA zone of that name, UTC for an empty one; raises NoMoment for an unknown one."""
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, OSError, KeyError) as error:  # KeyError: ZoneInfoNotFoundError's base
        raise NoMoment(f"There is no time zone {name!r}.") from error
