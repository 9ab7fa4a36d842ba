"""Warns the operator of a signing certificate near its end, and of signing without time-stamps."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register
from django.utils import timezone

from provenance import vault
from provenance.core.errors import KeysRefused
from provenance.core.keys import leaf_end

NEAR_END_DAYS = 60


@register()
def signing_can_go_on(**_: Any) -> list[CheckMessage]:
    """Nothing is said before the archive has its keys: the launcher makes them."""
    found: list[CheckMessage] = []
    if not (settings.KEYS_DIR / vault.HOME).exists():
        return found
    if not settings.TSA_URL:
        words = "Clips are signed without time-stamps: other tools will call them invalid one day."
        hint = "Set TSA_URL to an RFC 3161 time-stamp authority; see docs/keys.md."
        found.append(checks.Warning(words, hint=hint, id="verify.W001"))
    try:
        left = leaf_end(vault.chain(settings.KEYS_DIR)) - timezone.now()
    except KeysRefused:
        return found  # a process of the site that signs nothing need not see the certificate
    if left.days < NEAR_END_DAYS:
        words = f"The signing certificate has {max(left.days, 0)} days left."
        hint = "Make a new one with manage.py rotatekey; see docs/keys.md."
        found.append(checks.Warning(words, hint=hint, id="verify.W002"))
    return found
