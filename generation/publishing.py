"""Publishing a clip: an act of a person and an entry in the log, in one transaction."""

from django.db import transaction
from django.utils import timezone

from provenance.core.records import EntryType
from provenance.log import outbox

from .models import Clip, Visibility

# The `generated` entry is usually in the log within a tenth of a second.
LOG_WAIT_SECONDS = 10


def publish(clip: Clip) -> None:
    """Make a draft public; a clip that is no draft any more stays as it is.

    The entry carries the plain SHA-256, which until now was only committed to. Raises
    outbox.LogUnavailable where the clip's own entry has not reached the log yet.
    """
    generated = outbox.wait_for(clip.credential.generated_ticket, LOG_WAIT_SECONDS)
    with transaction.atomic():
        row = Clip.objects.select_for_update().select_related("credential").get(pk=clip.pk)
        if row.visibility != Visibility.DRAFT:
            return
        row.publication_ticket = outbox.submit(
            EntryType.PUBLICATION,
            {
                "attempt": row.credential.attempt,
                "clip": str(row.pk),
                "generated": generated,
                "manifest": row.credential.manifest_id,
                "sha256": row.credential.sha256,
            },
        )
        row.visibility = Visibility.PUBLISHED
        row.published_at = timezone.now()
        row.save(update_fields=["publication_ticket", "visibility", "published_at"])
