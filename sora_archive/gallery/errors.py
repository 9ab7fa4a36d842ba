"""What can go wrong in the gallery."""


class GalleryError(Exception):
    """The family of everything the gallery refuses."""


class BadPlace(GalleryError):
    """There is no such place on the wall."""
