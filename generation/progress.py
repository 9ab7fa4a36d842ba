"""What a worker tells while it renders: each step, and now and then a first look.

A look is drawn so seldom that it takes at most a fortieth of the time, and lies in the database:
web server and worker may be two machines. It goes when the attempt ends or another worker takes it.
"""

import io
import uuid
from collections.abc import Callable
from time import monotonic

from django.db import transaction
from PIL import Image

from . import leases
from .engines.base import Frame, Look, OnStep
from .studio_models import LOOK_BYTES
from .studio_models import Look as Kept

PAUSE_SECONDS = 1.0
SHARE = 40
EDGE = 320
Clock = Callable[[], float]


def reporter(generation_id: uuid.UUID, owner: uuid.UUID, clock: Clock = monotonic) -> OnStep:
    """What an engine calls after each step; raises Cancelled or LeaseLost between two of them."""
    due = clock() + PAUSE_SECONDS

    def report(step: int, steps: int, look: Look) -> None:
        nonlocal due
        leases.report_step(generation_id, owner, step)
        begun = clock()
        if begun < due or step == steps:
            return
        picture = look()
        if picture is not None:
            keep(generation_id, owner, step, drawn(picture))
        ended = clock()
        due = ended + max(PAUSE_SECONDS, SHARE * (ended - begun))

    return report


def drawn(picture: Frame) -> bytes:
    """A look as WebP, enlarged softly: what is small here is blurred, and no wall of squares."""
    image = Image.fromarray(picture)
    scale = EDGE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    sink = io.BytesIO()
    image.resize(size, Image.Resampling.BICUBIC).save(sink, "WEBP", quality=60, method=2)
    return sink.getvalue()


def keep(generation_id: uuid.UUID, owner: uuid.UUID, step: int, picture: bytes) -> None:
    """Show it to the artist, only under our own lease; one too large for its column is left out."""
    if len(picture) > LOOK_BYTES:
        return
    with transaction.atomic():
        # The row's lock: whoever ends the attempt meanwhile deletes this look, or stops it here.
        if leases.held(generation_id, owner).select_for_update().exists():
            Kept.objects.update_or_create(
                generation_id=generation_id, defaults={"step": step, "picture": picture}
            )
