"""What can go wrong with people and their accounts; the texts say what to do."""


class AccountError(Exception):
    """The family of this room's errors."""


class InvitationRefused(AccountError):
    """This link makes no account; the text does not say which of the reasons it is."""


class ErasureRefused(AccountError):
    """The account cannot be erased yet; the text says what has to happen first."""
