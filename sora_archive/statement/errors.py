"""What can go wrong with the statement."""


class StatementError(Exception):
    """The family of everything that can go wrong with the statement."""


class StatementUnreadable(StatementError):
    """The statement's file is missing, or is not the small UTF-8 text it should be."""


class VersionRefused(StatementError):
    """This draft cannot become a version; the text says why and what to do."""


class NameRefused(StatementError):
    """This cannot stand on the list as it was typed; the text says why."""


class SigningRefused(StatementError):
    """Nobody can sign now; the text says why and what to do."""


class TooMany(SigningRefused):
    """Too many sign-ups come from one place; `wait` is how many seconds to wait."""

    def __init__(self, words: str, wait: int) -> None:
        super().__init__(words)
        self.wait = wait


class MailNotSent(SigningRefused):
    """The mail could not be sent, so nothing was kept; the text says what to do."""


class LinkRefused(StatementError):
    """This link does nothing; `status` says whether it is unknown (404) or over (410)."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


class CuratorRefused(StatementError):
    """This act of a curator cannot be done; the text says why."""
