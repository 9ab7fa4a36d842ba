"""Lines of the log: for people, or as JSON for machines; each bears its generation's id."""

import json
import logging
from datetime import UTC, datetime

from generation.telling import CURRENT


class Line(logging.Formatter):
    """`LEVEL logger message`, with the generation in brackets where the message lacks it."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        current = CURRENT.get()
        return f"{text} [{current}]" if current and current not in text else text


class JsonLine(logging.Formatter):
    """One JSON object a line: time (RFC 3339, UTC), level, logger, message, generation."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := CURRENT.get():
            told["generation"] = current
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)
