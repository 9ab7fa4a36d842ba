"""Signing a clip with patience: an authority that gives no time-stamp now may give one soon.

While the site demands stamps, no clip leaves here without one.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from django.conf import settings

from provenance import vault
from provenance.core.credentials import Embedded, SigningIdentity
from provenance.core.errors import StampUnavailable

log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0


def patiently(
    embed: Callable[[SigningIdentity], Embedded], between: Callable[[], None]
) -> Embedded:
    """What `embed` gives, once the time-stamp authority answers.

    It is waited for TSA_WAIT_SECONDS; what `between` raises ends the waiting. After that raises
    StampUnavailable, or, where TSA_REQUIRED is 0, signs without a stamp. Raises KeysRefused and
    SignerUnavailable as the vault does.
    """
    identity = vault.signing_identity(settings.KEYS_DIR, settings.TSA_URL)
    deadline = time.monotonic() + settings.TSA_WAIT_SECONDS
    while True:
        try:
            return embed(identity)
        except StampUnavailable:
            if time.monotonic() >= deadline:
                if settings.TSA_REQUIRED:
                    raise
                break
        between()
        time.sleep(PAUSE_SECONDS)
    log.warning("a clip is signed without a time-stamp: the authority does not answer")
    return embed(replace(identity, tsa_url=""))
