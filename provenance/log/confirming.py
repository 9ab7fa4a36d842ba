"""The process that has the log confirmed by others: witnesses every few seconds, time-stamp
authorities every hour.

It stands beside the sequencer, so that a slow witness delays no entry, and it holds no key.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from provenance import vault
from provenance.core.policies import Policy

from . import anchoring, cosigning
from .anchoring import Authorities
from .posting import Post, post

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Confirmer:
    """Whom to ask, how, and how many seconds to rest between two rounds."""

    policy: Policy
    authorities: Authorities
    rest: float
    post: Post = post

    def round(self) -> None:
        """Ask everybody who has not confirmed the newest checkpoint yet."""
        cosigning.ask_all(self.policy, self.post)
        anchoring.anchor(self.authorities, self.post)


def from_settings() -> Confirmer:
    """The confirmer of this site; raises KeysRefused where the archive has no keys."""
    lists = vault.added(settings.KEYS_DIR)
    return Confirmer(
        policy=settings.LOG_WITNESS_POLICY,
        authorities=Authorities(
            addresses=settings.LOG_TSA_URLS,
            roots=[each.pem for each in lists if each.kind == "tsa"],
            every=timedelta(seconds=settings.LOG_ANCHOR_SECONDS),
        ),
        rest=settings.LOG_CONFIRM_SECONDS,
    )


def run(confirmer: Confirmer, stop: threading.Event) -> None:
    """Go round until `stop` is set, through restarts of the database."""
    try:
        while not stop.is_set():
            try:
                confirmer.round()
            except (DatabaseError, InterfaceError) as error:
                log.warning("log: the database is away: %s", type(error).__name__)
                connection.close()
            stop.wait(confirmer.rest)
    finally:
        connection.close()
