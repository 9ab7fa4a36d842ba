"""Where the private keys live, and the sole reader of them.

Everything is made at first start, in one step that either happens whole or not at all. Public
parts lie apart from private ones, so that the web process needs none of the latter.
"""

from .files import HOME, anchors, ensure_keys, log_key, log_vkey, signing_identity

__all__ = ["HOME", "anchors", "ensure_keys", "log_key", "log_vkey", "signing_identity"]
