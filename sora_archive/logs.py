"""Lines of the log: for people, or as JSON for machines; each bears its generation's id."""

import json
import logging
import re
from datetime import UTC, datetime

import psycopg
from django.db import Error

from generation.telling import CURRENT

# A piece of a page's address that is random and no hash or id: whoever has it can act by it.
_SECRET = re.compile(r"(?<=/)(?![0-9a-f-]+(?:/|$))[A-Za-z0-9_-]{24,}(?=/|$)")


class WithoutLinks(logging.Filter):
    """Takes secret links out of a line about a page that failed; lets every line pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                _SECRET.sub("…", each) if isinstance(each, str) else each for each in record.args
            )
        return True


class Line(logging.Formatter):
    """`LEVEL logger message`, with the generation in brackets where the message lacks it."""

    def format(self, record: logging.LogRecord) -> str:
        text = without_rows(super().format(record), record)
        current = CURRENT.get()
        return f"{text} [{current}]" if current and current not in text else text


class JsonLine(logging.Formatter):
    """One JSON object a line: time (RFC 3339, UTC), level, logger, message, generation."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_rows(record.getMessage(), record),
        }
        if current := CURRENT.get():
            told["generation"] = current
        if record.exc_info:
            told["trace"] = without_rows(self.formatException(record.exc_info), record)
        return json.dumps(told, ensure_ascii=False)


def without_rows(text: str, record: logging.LogRecord) -> str:
    """The text with the first line alone of each database error that the record tells of.

    PostgreSQL adds the failing row, in which a prompt, a name or an address may stand.
    """
    error = record.exc_info[1] if record.exc_info else None
    while error is not None:
        if isinstance(error, (Error, psycopg.Error)):
            whole = str(error)
            first = whole.partition("\n")[0]
            text = text.replace(whole, first).replace(repr(whole)[1:-1], first)
        error = error.__cause__ or error.__context__
    return text
