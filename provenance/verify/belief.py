"""Whom this site's checks believe: the vault's trust list, under the log's witness policy."""

from django.conf import settings

from provenance import vault
from provenance.core.trustlists import TrustList


def site_list() -> TrustList:
    """The list as it is served at /verify/trust.json; raises KeysRefused."""
    return vault.trust_list(settings.KEYS_DIR, settings.LOG_WITNESS_POLICY)
