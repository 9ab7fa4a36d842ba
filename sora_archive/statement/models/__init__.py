"""The tables of the statement: what it says, who signed it, and where sign-ups come from."""

from .signatures import (
    Act,
    ActKind,
    Invalidation,
    Kind,
    Link,
    Reason,
    Signature,
    State,
    Tier,
)
from .sources import Source, SourceKind, Standing, Trace
from .versions import Draft, Translation, Version

__all__ = [
    "Act", "ActKind", "Draft", "Invalidation", "Kind", "Link", "Reason", "Signature", "Source",
    "SourceKind", "Standing", "State", "Tier", "Trace", "Translation", "Version",
]  # fmt: skip
