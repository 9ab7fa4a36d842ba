"""What can go wrong with the record."""


class RecordError(Exception):
    """The family of everything the record refuses."""


class NoMoment(RecordError):
    """This text names no moment, or its time zone does not exist."""


class RecordRefused(RecordError):
    """This file is no record; the text says where and why. Nothing of it was loaded."""


class CaptureRefused(RecordError):
    """This file cannot be kept as a copy; the text says why and what would do."""
