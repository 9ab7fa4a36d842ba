"""Tells the operator at start, and not a visitor later, that the statement cannot be shown."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from .errors import StatementUnreadable
from .words import load


@register()
def statement_can_be_read(**_: Any) -> list[CheckMessage]:
    """The configured statement file must be one that the page can show."""
    try:
        load(settings.STATEMENT_FILE)
    except StatementUnreadable as error:
        hint = "Set STATEMENT_FILE to a UTF-8 text that begins with a line “# Title”."
        return [Error(str(error), hint=hint, id="statement.E001")]
    return []
