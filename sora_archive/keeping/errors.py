"""What can go wrong with a backup, a restore or a bag; the texts say what to do."""


class KeepingError(Exception):
    """The family of these errors."""


class BackupRefused(KeepingError):
    """Nothing was written, or what was written is no whole backup."""


class RestoreRefused(KeepingError):
    """Nothing was restored: something is in the way, or the backup is not whole."""


class BagRefused(KeepingError):
    """No bag was made."""
