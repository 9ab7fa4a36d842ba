"""What a worker tells while it renders: how far it is, and now and then a first look.

After each step it asks whether to go on; it writes twice a second at most. A look is drawn so
seldom that it takes at most a hundredth of the time, and lies in the database: web server and
worker may be two machines. It goes when the attempt ends or another worker takes it.
"""

import io
import uuid
from collections.abc import Callable
from time import monotonic

from django.db import connection
from PIL import Image

from . import leases
from .engines.base import Frame, Look, OnStep
from .studio_models import LOOK_BYTES

WRITE_SECONDS = 0.5
PAUSE_SECONDS = 1.0
SHARE = 100
EDGE = 320
Clock = Callable[[], float]
Tell = Callable[[int, int], None]
"""Called with (steps done, steps in all); raises Cancelled or LeaseLost."""

# The row's lock: whoever ends the attempt meanwhile deletes this look, or stops it here.
_KEEP = """
    INSERT INTO generation_look (generation_id, step, picture, drawn_at)
    SELECT id, %s, %s, now() FROM generation_generation
    WHERE id = %s AND state = 'running' AND lease_owner = %s FOR UPDATE
    ON CONFLICT (generation_id) DO UPDATE
    SET step = EXCLUDED.step, picture = EXCLUDED.picture, drawn_at = EXCLUDED.drawn_at
"""


def teller(generation_id: uuid.UUID, owner: uuid.UUID, clock: Clock = monotonic) -> Tell:
    """Asks after each step whether to go on, and writes the step where the last was long ago."""
    due = clock()

    def tell(step: int, steps: int) -> None:
        nonlocal due
        if (now := clock()) < due and step < steps:
            leases.go_on(generation_id, owner)
        else:
            leases.report_step(generation_id, owner, step)
            due = now + WRITE_SECONDS

    return tell


def reporter(generation_id: uuid.UUID, owner: uuid.UUID, clock: Clock = monotonic) -> OnStep:
    """What an engine calls after each step; raises Cancelled or LeaseLost between two of them."""
    tell = teller(generation_id, owner, clock)
    due = clock() + PAUSE_SECONDS

    def report(step: int, steps: int, look: Look) -> None:
        nonlocal due
        tell(step, steps)
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
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [step, picture, generation_id, owner])
