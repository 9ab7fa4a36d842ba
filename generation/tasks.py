"""The Celery tasks: run the line for a generation, redact the file of a clip."""

import uuid

from celery import shared_task
from django.conf import settings


@shared_task(name="generation.render")  # type: ignore[untyped-decorator]
def render(generation_id: str) -> None:
    """Run the line for one generation; a second delivery of the message changes nothing."""
    # Only here: the web process sends messages too and has no use for encoder and signer.
    from . import line, together

    (together if settings.WORKER_BATCH > 1 else line).run(uuid.UUID(generation_id))


@shared_task(name="generation.redact")  # type: ignore[untyped-decorator]
def redact(clip_id: str) -> None:
    """See to a clip's file after an erasure; a second delivery of the message changes nothing."""
    from . import redacting

    redacting.run(uuid.UUID(clip_id))


def send_redaction(clip_id: str) -> None:
    """Put a clip's id on the queue; raises the broker's error at once where it is away."""
    redact.apply_async(args=[clip_id], retry=False)


def send(generation_id: str, queue: str) -> None:
    """Put the id on a queue; raises the broker's error at once where it is away."""
    render.apply_async(args=[generation_id], queue=queue, retry=False)
