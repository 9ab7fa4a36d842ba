"""What moderation refuses, in words fit for the page."""


class ModerationRefused(Exception):
    """This cannot be done now, or not any more; the text says why and what to do."""
