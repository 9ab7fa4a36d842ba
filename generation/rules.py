"""What the site says about a prompt, a file, a publication; named by a setting, never imported.

The line stands below the site. It asks these questions and knows nothing of who answers them.
"""

from importlib import import_module
from typing import Protocol, cast

from django.conf import settings

from .models import Clip

Refusal = tuple[str, str]
"""A short code for the log and words for the artist."""


class Rules(Protocol):
    """The functions that the module in settings.GENERATION_RULES has."""

    def refusal_of_prompt(self, prompt: str, negative_prompt: str) -> Refusal | None:
        """Asked before anything is queued."""

    def refusal_of_file(self, sha256: str) -> Refusal | None:
        """Asked of the pictures as they come out of the model, and of a file before it is shown."""

    def hold(self, clip: Clip) -> str:
        """Words where a publication has to wait; asked in the transaction that would publish."""

    def refusal_of_erasure(self, clip: Clip) -> str:
        """Words where a clip has to be kept; asked in the transaction that would erase."""


def rules() -> Rules:
    """The rules of this site."""
    return cast(Rules, import_module(settings.GENERATION_RULES))
