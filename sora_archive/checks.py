"""Tells the operator what guards the log, where it is less than it could be."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register()
def the_log_is_guarded_by_roles(**_: Any) -> list[checks.CheckMessage]:
    """The web role must not own the log's tables; an owner can switch every trigger off."""
    if settings.DATABASE_ADDRESSES.are_separate:
        return []
    return [
        checks.Warning(
            "One database role does everything, so that triggers alone guard the log.",
            hint="Set OWNER_DATABASE_URL and SEQUENCER_DATABASE_URL; see manage.py createroles.",
            id="sora_archive.W001",
        )
    ]
