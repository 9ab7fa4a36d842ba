"""Tells the operator what guards the log and the way in, where it is less than it could be."""

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


@checks.register()
def throttles_tell_visitors_apart(**_: Any) -> list[checks.CheckMessage]:
    """Behind a proxy everybody comes from its address, unless the proxy is believed."""
    if not settings.HTTPS or settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        return []
    return [
        checks.Warning(
            "HTTPS=1 means a proxy, and no proxy is trusted: all visitors share one throttle.",
            hint="Let it set X-Forwarded-For, and set TRUSTED_PROXY_COUNT; see docs/operations.md.",
            id="sora_archive.W002",
        )
    ]
