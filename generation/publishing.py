"""Who can see a clip: publishing, withdrawing, restoring it, each an act and an entry of the log.

Each happens in one transaction and at once: pages, feeds, search and media addresses follow the
row. Doing what is done already changes nothing.
"""

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from provenance.core.records import EntryType
from provenance.log import outbox

from .errors import PublishingRefused
from .models import Act, By, Clip, Reason, Visibility
from .rules import rules

# The `generated` entry is usually in the log within a tenth of a second.
LOG_WAIT_SECONDS = 10


def publish(clip: Clip) -> None:
    """Make a draft public; a clip that is no draft any more stays as it is.

    The rules of the site may say no (PublishingRefused) or that it has to wait for a curator.
    That it waits is kept although nothing is published.

    The entry carries the plain SHA-256, which until now was only committed to. Raises
    outbox.LogUnavailable where the clip's own entry has not reached the log yet,
    PublishingRefused while something is being taken out of its file, and where the site demands
    time-stamps and its credential has none.
    """
    outbox.wait_for(clip.credential.generated_ticket, LOG_WAIT_SECONDS)
    if words := _published(clip):
        raise PublishingRefused(words)


def _published(clip: Clip) -> str:
    """Publishes; or the words for why it waits, with what was noted about that kept."""
    with transaction.atomic():
        row = _locked(clip)
        if row.visibility != Visibility.DRAFT:
            return ""
        _refuse_what_cannot_be_shown(row)
        if words := rules().hold(row):
            return words
        row.publication_ticket = outbox.submit(
            EntryType.PUBLICATION,
            {
                "attempt": row.credential.attempt,
                "clip": str(row.pk),
                "generated": _index_of(row.credential.generated_ticket),
                "manifest": row.credential.manifest_id,
                "sha256": row.credential.sha256,
            },
        )
        row.visibility = Visibility.PUBLISHED
        row.published_at = timezone.now()
        row.save(update_fields=["publication_ticket", "visibility", "published_at"])
        return ""


def _refuse_what_cannot_be_shown(row: Clip) -> None:
    if row.credential.sealed:
        raise PublishingRefused(
            _("Something is being taken out of the file. Publish it in a minute.")
        )
    if settings.TSA_URL and settings.TSA_REQUIRED and row.credential.stamped_at is None:
        raise PublishingRefused(
            _("This archive publishes clips with a time-stamp only, and this one was signed "
              "without. Ask for it again with the same settings and seed.")
        )  # fmt: skip
    if refusal := rules().refusal_of_file(row.credential.sha256):
        raise PublishingRefused(refusal[1])


def withdraw(clip: Clip, by: str, reason: str, person_id: int | None = None) -> None:
    """Take a published clip out of sight; one that is not published stays as it is.

    What its artist has withdrawn is withdrawn anew by those who look after the archive: from then
    on its artist cannot restore it. `by` is a role of By, `reason` a short code, mostly of Reason;
    both stand in the log. Raises outbox.LogUnavailable where the publication has not reached the
    log yet.
    """
    with transaction.atomic():
        row = _locked(clip)
        own = by != By.ARTIST and withdrawn_by(row) == By.ARTIST
        if row.publication_ticket is None or not (row.visibility == Visibility.PUBLISHED or own):
            return
        publication = _index_of(row.publication_ticket)
        ticket = outbox.submit(
            EntryType.WITHDRAWAL,
            {"clip": str(row.pk), "publication": publication, "by": by, "reason": reason},
        )
        _record(row, Act.Kind.WITHDRAWAL, _Why(by, reason, person_id), ticket)
        _show(row, Visibility.WITHDRAWN, ticket)


def restore(
    clip: Clip, by: str, reason: str = Reason.OWN_WISH, person_id: int | None = None
) -> None:
    """Make a withdrawn clip public again; one that is not withdrawn stays as it is.

    An artist restores only what an artist withdrew and no rule of the site refuses, and nobody else
    restores what an artist withdrew: raises PublishingRefused else. Raises outbox.LogUnavailable
    where the withdrawal has not reached the log yet.
    """
    with transaction.atomic():
        row = _locked(clip)
        if row.visibility != Visibility.WITHDRAWN or row.withdrawal_ticket is None:
            return
        own = withdrawn_by(row) == By.ARTIST
        if by == By.ARTIST and not own:
            raise PublishingRefused(
                _("This clip was not withdrawn by its artist, who cannot restore it either.")
            )
        refusal = rules().refusal_of_file(row.credential.sha256)
        if by == By.ARTIST and refusal:
            raise PublishingRefused(refusal[1])
        if by != By.ARTIST and own:
            raise PublishingRefused(
                _("Its artist has withdrawn this clip: nobody else can show it again.")
            )
        withdrawal = _index_of(row.withdrawal_ticket)
        ticket = outbox.submit(
            EntryType.RESTORATION,
            {"clip": str(row.pk), "withdrawal": withdrawal, "by": by, "reason": reason},
        )
        _record(row, Act.Kind.RESTORATION, _Why(by, reason, person_id), ticket)
        _show(row, Visibility.PUBLISHED, None)


def withdrawn_by(clip: Clip) -> str:
    """The role, of By, of whoever withdrew a clip; empty where it is not withdrawn."""
    if clip.withdrawal_ticket is None:
        return ""
    return Act.objects.get(ticket=clip.withdrawal_ticket).by


def _locked(clip: Clip) -> Clip:
    rows = Clip.objects.select_for_update(of=("self",)).select_related("credential")
    return rows.get(pk=clip.pk)


def _index_of(ticket: uuid.UUID) -> int:
    index = outbox.index_of(ticket)
    if index is None:
        raise outbox.LogUnavailable(
            "The log has not taken in the entry that this one is about: try again in a second."
        )
    return index


@dataclass(frozen=True)
class _Why:
    """In which role somebody acted, why, and who it was."""

    by: str
    reason: str
    person_id: int | None


def _record(row: Clip, kind: Act.Kind, why: _Why, ticket: uuid.UUID) -> None:
    Act.objects.create(generation_id=row.generation_id, kind=kind, ticket=ticket, **vars(why))


def _show(row: Clip, visibility: Visibility, withdrawal: uuid.UUID | None) -> None:
    row.visibility, row.withdrawal_ticket = visibility, withdrawal
    row.save(update_fields=["visibility", "withdrawal_ticket"])
