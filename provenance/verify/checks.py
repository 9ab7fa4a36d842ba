"""Warns the operator of a signing certificate near its end or revoked, of signing without
time-stamps that count, and of keys that should lie elsewhere."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register
from django.utils import timezone

from provenance import vault
from provenance.core.errors import KeysRefused
from provenance.core.keys import LEAF_LIFE, leaf_end, leaf_serial
from provenance.core.trustlists import TrustList

NEAR_END_DAYS = 60


@register()
def signing_can_go_on(**_: Any) -> list[CheckMessage]:
    """Nothing is said before the archive has its keys: the launcher makes them."""
    if not (settings.KEYS_DIR / vault.HOME).exists():
        return []
    try:
        trust, chain = vault.trust_list(settings.KEYS_DIR), vault.chain(settings.KEYS_DIR)
        issuer = vault.issuer_end(settings.KEYS_DIR)
    except KeysRefused:
        return [*_stamps(None)]  # a process of the site that signs nothing need not see the rest
    return [*_stamps(trust), *_certificate(chain, trust), *_issuer(issuer)]


@register(deploy=True)
def keys_lie_apart(**_: Any) -> list[CheckMessage]:
    """What issues certificates does not belong on a server."""
    if not vault.offline_folder(settings.KEYS_DIR).exists():
        return []
    words = "The keys of the root and the issuer still lie on this server."
    hint = "Move KEYS_DIR/archive/take-offline to a medium that stays offline; see docs/keys.md."
    return [checks.Warning(words, hint=hint, id="verify.W005")]


def _stamps(trust: TrustList | None) -> Iterator[CheckMessage]:
    if not settings.TSA_URL:
        words = "Clips are signed without time-stamps: other tools will call them invalid one day."
        hint = "Set TSA_URL to an RFC 3161 time-stamp authority; see docs/keys.md."
        yield checks.Warning(words, hint=hint, id="verify.W001")
        return
    if trust is not None and not any(listed.kind == "tsa" for listed in trust.listed):
        words = "TSA_URL is set, but no list of time-stamp authorities is believed."
        hint = "Add its root with manage.py addtrustlist FILE --kind tsa; see docs/keys.md."
        yield checks.Warning(words, hint=hint, id="verify.W003")
    if not settings.TSA_REQUIRED:
        words = "Clips are signed without a time-stamp while the authority does not answer."
        hint = "Set TSA_REQUIRED=1 to let them wait for it."
        yield checks.Warning(words, hint=hint, id="verify.W004")


def _certificate(chain: bytes, trust: TrustList) -> Iterator[CheckMessage]:
    serial = leaf_serial(chain)
    if any(each.serial == serial for each in trust.revocations):
        words = "The signing certificate was revoked: no clip is signed, requests wait."
        hint = "Make a new one with manage.py rotatekey; see docs/keys.md."
        yield checks.Warning(words, hint=hint, id="verify.W006")
    left = leaf_end(chain) - timezone.now()
    if left.days < NEAR_END_DAYS:
        words = f"The signing certificate has {max(left.days, 0)} days left."
        hint = "Make a new one with manage.py rotatekey; see docs/keys.md."
        yield checks.Warning(words, hint=hint, id="verify.W002")


def _issuer(end: datetime) -> Iterator[CheckMessage]:
    """A signing certificate must not outlive its issuer's."""
    last = end - LEAF_LIFE
    if (last - timezone.now()).days < NEAR_END_DAYS:
        words = f"The issuer makes no signing certificate after {last:%Y-%m-%d}."
        hint = "Make the next issuer with manage.py newissuer; see docs/keys.md."
        yield checks.Warning(words, hint=hint, id="verify.W007")
