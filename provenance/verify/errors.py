"""What can go wrong with a report, apart from what is wrong with a file."""


class Busy(Exception):
    """Too many files are being checked at this moment; the text says what to do."""


class ReportRefused(Exception):
    """A report cannot be made as it was asked for; the text says why and what to do."""
