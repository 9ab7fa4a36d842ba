"""What can go wrong on the line; each error carries a code for the log and words for the artist."""


class GenerationError(Exception):
    """The family of the line's errors."""


class AttemptFailed(GenerationError):
    """This attempt cannot succeed: `code` goes into the public log, `words` onto the page."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(code)
        self.code, self.words = code, words


class Refused(AttemptFailed):
    """A rule of the site says no to what came out; the outcome is `refused`."""


class Cancelled(GenerationError):
    """The artist asked to stop; raised between two steps."""


class LeaseLost(GenerationError):
    """Another worker has taken the generation over; this one must touch nothing any more."""


class OutOfMemory(AttemptFailed):
    """A clip of this size does not fit into the device's memory, whatever was spared."""

    def __init__(self) -> None:
        super().__init__(
            "out_of_memory",
            "The clip did not fit into the worker's memory, not even with every part of the model "
            "moved out of the way. Ask for a smaller or shorter one.",
        )


class ModelUnavailable(AttemptFailed):
    """A model folder is missing or damaged; the text says which and what to do."""

    def __init__(self, words: str) -> None:
        super().__init__("model_unavailable", words)

    def __str__(self) -> str:
        return self.words


class Paused(GenerationError):
    """Nothing can be asked for now; the text is the public notice of whoever paused the site."""


class PublishingRefused(GenerationError):
    """This clip cannot be shown or hidden this way; the text says why, fit for the page."""


class RevealRefused(GenerationError):
    """This prompt cannot be revealed; the text says why, fit for the page."""


class ErasureRefused(GenerationError):
    """This cannot be erased now; the text says why and what to do, fit for the page."""


class RedactionFailed(GenerationError):
    """A file could not be given a redacted successor; it stays sealed, and the sweep tries again.

    The text says what the operator can do; it names no value.
    """


class NotLetIn(GenerationError):
    """A program may not do this: `status` is 401 or 403, `challenge` as RFC 6750 has it."""

    def __init__(self, status: int, words: str, challenge: str) -> None:
        super().__init__(words)
        self.status, self.words, self.challenge = status, words, challenge


class BadList(GenerationError):
    """A file is no list of erasures; the text says which."""


class PresetRefused(GenerationError):
    """A preset cannot be kept; the text says why, fit for the page."""


class RetryRefused(GenerationError):
    """This attempt cannot be tried again; the text says why, fit for the page."""
