"""What can go wrong in the gallery."""


class GalleryError(Exception):
    """The family of everything the gallery refuses."""


class BadPlace(GalleryError):
    """There is no such place on the wall."""


class BadChoice(GalleryError):
    """There is no such choice of clips; the words say what is wrong with it."""


class BadPiece(GalleryError):
    """This clip cannot be put into a collection; the words say why."""
