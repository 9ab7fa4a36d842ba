"""What can go wrong with a report, apart from what is wrong with a file."""


class NotNow(Exception):
    """No file can be checked at this moment, for no fault of its own."""


class NoKeys(NotNow):
    """The archive has no keys that can be read, so there is nobody to believe."""


class Busy(NotNow):
    """Too many files are being checked at this moment; the text says what to do."""


class ReportRefused(Exception):
    """A report cannot be made as it was asked for; the text says why and what to do."""
