"""What can go wrong with a report, apart from what is wrong with a file."""


class ReportRefused(Exception):
    """A report cannot be made as it was asked for; the text says why and what to do."""
