"""The one Celery task: load a generation by its id and run the line."""

import uuid

from celery import shared_task


@shared_task(name="generation.render")  # type: ignore[untyped-decorator]
def render(generation_id: str) -> None:
    """Run the line for one generation; a second delivery of the message changes nothing."""
    # Only here: the web process sends messages too and has no use for encoder and signer.
    from . import line

    line.run(uuid.UUID(generation_id))


def send(generation_id: str) -> None:
    """Put the id on the queue; raises the broker's error at once where it is away."""
    render.apply_async(args=[generation_id], retry=False)
