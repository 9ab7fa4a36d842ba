"""One clip and its entries in the log."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from generation.models import Clip
from provenance.log import outbox


@dataclass(frozen=True)
class Entries:
    """Numbers of the clip's entries in the log; None where the log has not taken one in yet."""

    attempt: int | None
    rendered: int
    generated: int | None
    publication: int | None

    @property
    def listed(self) -> Sequence[tuple[str, int | None]]:
        """The entries in the order in which they were written, each with what it records."""
        return (
            ("The attempt", self.attempt),
            ("The rendering", self.rendered),
            ("The finished clip", self.generated),
            ("The publication", self.publication),
        )


def entries_of(clip: Clip) -> Entries:
    """Where the clip stands in the log; one query."""
    attempt = clip.generation.attempt_ticket
    generated, publication = clip.credential.generated_ticket, clip.publication_ticket
    tickets: list[uuid.UUID] = [attempt, generated, *([publication] if publication else [])]
    found = outbox.indexes_of(tickets)
    return Entries(
        attempt=found.get(attempt),
        rendered=clip.credential.rendered_index,
        generated=found.get(generated),
        publication=found.get(publication) if publication else None,
    )
