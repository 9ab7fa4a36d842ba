"""What the statement forgets by itself, once an hour."""

from . import limits, signing


def sweep() -> str:
    """Forget unconfirmed sign-ups and old sources; what was done, in words."""
    unconfirmed, sources = signing.forget_unconfirmed(), limits.forget()
    if not unconfirmed and not sources:
        return ""
    return f"{unconfirmed} unconfirmed signatures and {sources} traces of sources forgotten"
