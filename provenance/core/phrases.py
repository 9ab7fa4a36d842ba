"""Marks for sentences of the core, which are English here and translated where they are shown.

A sentence with values in it is a Phrase: said with its values, and taken apart again by whoever
shows it. So reports and answers keep plain sentences, those that were stored long ago as well.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for a mark that does nothing
    """Marks a sentence for translation."""
    return text


@dataclass(frozen=True)
class Phrase:
    """A sentence with values in it, as gettext has it: `%(name)s` where a value stands."""

    template: str

    def said(self, **values: object) -> str:
        """The sentence in English."""
        return self.template % values

    def values_in(self, text: str) -> Mapping[str, str] | None:
        """The values that a sentence was said with; None where it is not this sentence."""
        found = self._form.fullmatch(text)
        return found.groupdict() if found else None

    @cached_property
    def _form(self) -> re.Pattern[str]:
        parts = re.split(r"%\((\w+)\)s", self.template)  # words, name, words, name, words
        forms = [f"(?P<{part}>.*)" if at % 2 else re.escape(part) for at, part in enumerate(parts)]
        return re.compile("".join(forms), re.DOTALL)
