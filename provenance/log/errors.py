"""What can go wrong in the log; the texts say what to do about it."""

from provenance.core.errors import ProvenanceError


class LogUnavailable(ProvenanceError):
    """The log does not answer in time, or knows nothing of what was asked; nothing is lost."""


class OutboxMisused(ProvenanceError):
    """The outbox was used in a way that could lose an entry or hold a transaction open."""


class SequencerRefused(ProvenanceError):
    """The sequencer signs nothing until a person has looked.

    `public` is what a visitor may read of it; the text is for the operator.
    """

    def __init__(self, words: str, public: str) -> None:
        super().__init__(words)
        self.public = public


class ImportRefused(ProvenanceError):
    """This copy cannot give the log back what it lacks; nothing was taken from it."""


class ExportRefused(ProvenanceError):
    """This folder holds something that this log must not be written over."""


class MendingRefused(ProvenanceError):
    """This row of the outbox is not one that could be let into the log as it stands."""
