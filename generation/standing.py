"""What became of a clip, for those who may not import the line: the check asks by its name."""

import uuid
from pathlib import Path

from . import storage
from .models import Clip

SEALED = "sealed"


def of(clip_id: uuid.UUID) -> tuple[str, Path] | None:
    """A clip's visibility and where its signed file lies; None where there is no such clip.

    A file that discloses what was erased is for nobody, whatever its clip's visibility.
    """
    clip = Clip.objects.select_related("credential").filter(pk=clip_id).first()
    if clip is None:
        return None
    standing = SEALED if clip.credential.sealed else clip.visibility
    return standing, storage.path_of(clip.credential.sha256)
