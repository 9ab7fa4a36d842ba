"""One person, one address: the canonical form of an e-mail address, and keyed hashes of sources.

The hash is under a key of its own that never leaves KEYS_DIR, so that neither a stolen database nor
a rotated SECRET_KEY tells or loses who signed.
"""

import contextlib
import hashlib
import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest

from provenance import vault

KEY = "signatories"
IPV4_RANGE, IPV6_RANGE = 24, 48  # the bits that one customer or one house shares at least
# Of houses where one mailbox has several names.
_SAME_DOMAIN = {
    "googlemail.com": "gmail.com", "mac.com": "icloud.com", "me.com": "icloud.com",
    "pm.me": "proton.me", "protonmail.ch": "proton.me", "protonmail.com": "proton.me",
}  # fmt: skip


def canonical(email: str) -> str:
    """The form in which two addresses of one person are the same: without case, dots and tags.

    `email` has passed Django's own check. What would leave nothing before the @ is kept.
    """
    local = email.strip().rpartition("@")[0].lower()
    bare = local.partition("+")[0].replace(".", "") or local
    return f"{bare}@{domain_of(email)}"


def domain_of(email: str) -> str:
    """The mail domain in lower case and as IDNA writes it, by one name where it has several."""
    domain = email.strip().rpartition("@")[2].lower().rstrip(".")
    with contextlib.suppress(UnicodeError):  # an IP literal or an over-long label: as it stands
        domain = domain.encode("idna").decode()
    return _SAME_DOMAIN.get(domain, domain)


def person(email: str) -> str:
    """The keyed hash (hex) that stands for somebody once the address is gone."""
    return keyed("person", canonical(email))


def keyed(kind: str, value: str) -> str:
    """HMAC-SHA256 (hex) under the signatories' key; the kind keeps equal values apart."""
    key = vault.secret(settings.KEYS_DIR, KEY)
    return hmac.new(key, f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()


def range_of(request: HttpRequest) -> str:
    """The address range that a request comes from, such as 192.0.2.0/24.

    Behind TRUSTED_PROXY_COUNT proxies it is the address that the outermost of them saw; what a
    visitor has written into the header before that is not believed. What is no address is a range
    of its own.
    """
    return network(_client(request))


def network(address: str) -> str:
    """The range of an address; IPv4 inside IPv6 counts as IPv4."""
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            bare = found.compressed.partition("%")[0]
            return str(ipaddress.ip_network(f"{bare}/{IPV6_RANGE}", strict=False))
        found = found.ipv4_mapped
    return str(ipaddress.ip_network(f"{found}/{IPV4_RANGE}", strict=False))


def _client(request: HttpRequest) -> str:
    seen = [part for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part]
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    if proxies and len(seen) >= proxies:
        return str(seen[-proxies])
    return str(request.META.get("REMOTE_ADDR", ""))
