"""What can go wrong with the statement."""


class StatementError(Exception):
    """The family of everything that can go wrong with the statement."""


class StatementUnreadable(StatementError):
    """The statement's file is missing, or is not the small UTF-8 text it should be."""


class VersionRefused(StatementError):
    """This draft cannot become a version; the text says why and what to do."""
