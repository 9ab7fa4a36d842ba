"""Whom this site's checks believe: the vault's trust list, under the log's witness policy."""

from django.conf import settings

from provenance import vault
from provenance.core.trustlists import TrustList

_last: list[TrustList] = []


def site_list() -> TrustList:
    """The list as it is served at /verify/trust.json; raises KeysRefused.

    While nothing changes it is one object, so that its text and anchors are worked out once.
    """
    now = vault.trust_list(settings.KEYS_DIR, settings.LOG_WITNESS_POLICY)
    for known in tuple(_last):
        if known == now:
            return known
    _last[:] = [now]
    return now
