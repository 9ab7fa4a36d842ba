"""Where the private keys live, and the sole reader of them.

Everything is made at first start, in one step that either happens whole or not at all. Public
parts lie apart from private ones, so that the web process needs none of the latter.
"""

from .files import HOME, anchors, ensure_keys, log_key, log_vkey, offline_folder
from .keyed import secret
from .lists import add_list, added, remove_list, revoke, trust_list
from .signing import (
    Behind,
    InFolder,
    Place,
    chain,
    issuer_end,
    new_issuer,
    rotate,
    serials,
    signing_certificates,
    signing_identity,
)
from .tokens import InToken

__all__ = [
    "HOME", "Behind", "InFolder", "InToken", "Place", "add_list", "added", "anchors", "chain",
    "ensure_keys", "issuer_end", "log_key", "log_vkey", "new_issuer", "offline_folder",
    "remove_list", "revoke", "rotate", "secret", "serials", "signing_certificates",
    "signing_identity", "trust_list",
]  # fmt: skip
