"""A signature's life: asked for, confirmed by a mailed link, and taken back by another.

Each step that the public can count is one transaction with its entry in the log.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from provenance.core.records import EntryType
from provenance.core.tallies import FIELD
from provenance.log import erasure, outbox

from . import limits, mails
from .addresses import person
from .errors import LinkRefused, MailNotSent, SigningRefused
from .models import Act, ActKind, Kind, Link, Signature, State, Tier, Trace, Version

CONFIRM_WITHIN = timedelta(days=3)
MAILS_A_DAY = 3  # to one address, whoever asks for them
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_SIGNED = (State.COUNTED, State.INVALID)


@dataclass(frozen=True)
class Wish:
    """What somebody has filled in, cleaned by the form."""

    name: str
    email: str
    role: str = ""
    place: str = ""
    link: str = ""
    anonymous: bool = False
    tier: Tier = Tier.SUPPORTER
    wants_news: bool = False


def ask(version: Version, wish: Wish, address_range: str) -> None:
    """Keep the wish until it is confirmed, and mail the links to the address.

    Nothing that the caller can see tells whether the address has signed before. Raises TooMany,
    and MailNotSent where nothing was kept.
    """
    traces = limits.admit(address_range, wish.email)
    who = person(wish.email)
    yesterday = timezone.now() - timedelta(days=1)
    if Link.objects.filter(
        signature__person=who, kind=Kind.OWN, made_at__gt=yesterday
    ).count() >= MAILS_A_DAY:  # fmt: skip
        return
    signed = Signature.objects.filter(version=version, person=who, state__in=_SIGNED).first()
    if signed is None:
        _ask_to_confirm(version, wish, who, traces)
    else:
        _remind(signed, wish.email)


def _ask_to_confirm(version: Version, wish: Wish, who: str, traces: Sequence[int]) -> None:
    now = timezone.now()
    with transaction.atomic():
        signature = Signature.objects.create(
            version=version, person=who, email=wish.email, wants_news=wish.wants_news,
            name=wish.name, role=wish.role, place=wish.place, link=wish.link,
            anonymous=wish.anonymous, tier=wish.tier, asked_at=now,
        )  # fmt: skip
        confirming, own = new_link(signature, Kind.CONFIRM), new_link(signature, Kind.OWN)
        Trace.objects.filter(pk__in=traces).update(signature=signature)
    letter = mails.to_confirm(signature, confirming, own, now + CONFIRM_WITHIN)
    try:
        mails.send(letter, wish.email)
    except MailNotSent:
        signature.delete()
        raise


def _remind(signature: Signature, email: str) -> None:
    with transaction.atomic():  # the letter goes out last: without it no link is kept
        own = new_link(signature, Kind.OWN)
        mails.send(mails.signed_already(signature, own), email)


def new_link(signature: Signature, kind: Kind) -> str:
    """The address of a fresh link; only its hash is kept."""
    token, now = secrets.token_urlsafe(32), timezone.now()
    expires = now + CONFIRM_WITHIN if kind == Kind.CONFIRM else None
    Link.objects.create(
        digest=_digest(token), signature=signature, kind=kind, made_at=now, expires_at=expires
    )
    return mails.address_of(kind, token)


def to_confirm(token: str) -> Signature:
    """The signature that a link would confirm; raises LinkRefused where it would not."""
    return _confirmable(_find(token, Kind.CONFIRM)).signature


def confirm(token: str) -> Signature:
    """Count the signature; from now on its entry is in the log and its address only as a hash.

    Raises LinkRefused; SigningRefused where the log has to be waited for.
    """
    with transaction.atomic():
        found = _confirmable(_find(token, Kind.CONFIRM)).signature
        # Always in this order, version, signatures, link: two links of one person that are used at
        # once wait for each other, and neither holds what the other needs.
        version = Version.objects.select_for_update(no_key=True).get(pk=found.version_id)
        same = version.signatures.filter(person=found.person)
        rows = {row.pk: row for row in same.select_for_update().order_by("pk")}
        link = _confirmable(_find(token, Kind.CONFIRM, lock=True))
        signature = rows.pop(link.signature_id)
        if any(row.state in _SIGNED for row in rows.values()):
            raise LinkRefused(_("Another link to this address has confirmed it already."), 410)
        version.signatures.filter(pk__in=rows).delete()
        _count(signature, version)
        link.used_at = timezone.now()
        link.save(update_fields=["used_at"])
    return signature


def _count(signature: Signature, version: Version) -> None:
    signature.ticket = outbox.submit(
        EntryType.SIGNATURE,
        {"statement": place_in_log(version.ticket), "sha256": version.sha256},
        [outbox.new_opening(FIELD, signature.logged_value)],
    )
    signature.state, signature.confirmed_at = State.COUNTED, timezone.now()
    if not signature.wants_news:
        signature.email = ""
    signature.save()


def of_token(token: str) -> Signature:
    """The signature of somebody's own link; raises LinkRefused."""
    return _find(token, Kind.OWN).signature


def withdraw(token: str) -> Signature:
    """Take the signature back for good and forget who it was; what waits is forgotten whole.

    Raises LinkRefused; SigningRefused where the log has to be waited for.
    """
    with transaction.atomic():
        signature = _own(token)
        if signature.state == State.WAITING:
            signature.delete()
        elif signature.state != State.WITHDRAWN:
            place = place_in_log(signature.ticket)
            outbox.submit(EntryType.SIGNATURE_WITHDRAWN, {"signature": place, "by": "signatory"})
            _forget_name(signature, "signatory")
            take_back(signature)
            signature.save()
    return signature


def take_back(signature: Signature) -> None:
    """What a withdrawal does to the row itself; the caller saves it."""
    Trace.objects.filter(signature=signature).update(signature=None)
    signature.state, signature.withdrawn_at = State.WITHDRAWN, timezone.now()
    signature.invalidation = None
    signature.person = signature.email = signature.confirmed_tier = ""
    signature.wants_news = False


def erase_own_name(token: str) -> Signature:
    """Forget the name and what stands beside it; the signature counts on, under no name.

    Raises LinkRefused; SigningRefused where the log has to be waited for.
    """
    with transaction.atomic():
        signature = _own(token)
        if signature.state in _SIGNED and signature.name:
            _forget_name(signature, "signatory")
            signature.save()
    return signature


def erase_name(signature_id: UUID, note: str, curator_id: int) -> None:
    """The same by a curator, with a reason for everybody to read."""
    with transaction.atomic():
        signature = Signature.objects.select_for_update().get(pk=signature_id)
        if signature.state not in _SIGNED or not signature.name:
            return
        _forget_name(signature, "curator")
        signature.save()
        _act(signature, ActKind.ERASURE, note, curator_id)


def confirm_tier(signature_id: UUID, tier: Tier, note: str, curator_id: int) -> None:
    """Say as whom somebody has signed, as far as a curator knows; an entry `decision` says so."""
    with transaction.atomic():
        signature = Signature.objects.select_for_update().get(pk=signature_id)
        if signature.state not in _SIGNED:
            raise SigningRefused(_("This signature is not confirmed, or it was taken back."))
        body = {"decision": "tier_confirmed", "by": "curator", "reason": str(tier)}
        outbox.submit(EntryType.DECISION, {**body, "target": place_in_log(signature.ticket)})
        signature.confirmed_tier = tier
        signature.save(update_fields=["confirmed_tier"])
        _act(signature, ActKind.TIER, note, curator_id)


def stop_news(token: str) -> Signature:
    """Forget the address that news would go to."""
    with transaction.atomic():
        signature = _own(token)
        if signature.state in _SIGNED:
            signature.wants_news, signature.email = False, ""
            signature.save(update_fields=["wants_news", "email"])
    return signature


def forget_unconfirmed() -> int:
    """Delete what nobody has confirmed in time; returns how many."""
    deadline = timezone.now() - CONFIRM_WITHIN
    late = Signature.objects.filter(state=State.WAITING, asked_at__lt=deadline)
    return late.delete()[1].get("statement.Signature", 0)


def place_in_log(ticket: UUID | None) -> int:
    """The index of an entry; raises SigningRefused while it has none."""
    place = None if ticket is None else outbox.index_of(ticket)
    if place is None:
        raise SigningRefused(
            _("The log is taking up an entry just now. Nothing was lost: try again in a minute.")
        )
    return place


def _forget_name(signature: Signature, by: str) -> None:
    if signature.name:
        place_in_log(signature.ticket)
        erasure.erase(UUID(str(signature.ticket)), [FIELD], by)
    signature.name = signature.role = signature.place = signature.link = ""


def _act(signature: Signature, kind: ActKind, note: str, curator_id: int) -> None:
    Act.objects.create(
        signature=signature, kind=kind, note=note, made_by_id=curator_id, made_at=timezone.now()
    )


def _own(token: str) -> Signature:
    link = _find(token, Kind.OWN)
    return Signature.objects.select_for_update().get(pk=link.signature_id)


def _find(token: str, kind: Kind, *, lock: bool = False) -> Link:
    if not _TOKEN.fullmatch(token):
        raise LinkRefused(
            _("This link is cut off or damaged. Copy the whole of it out of the mail."), 404
        )
    links = Link.objects.select_for_update() if lock else Link.objects.select_related(
        "signature__version"
    )  # fmt: skip
    link = links.filter(digest=_digest(token), kind=kind).first()
    if link is None:
        raise LinkRefused(
            _(
                "This link is not known here. What is not confirmed within %(days)d days is "
                "forgotten; you can sign again."
            )
            % {"days": CONFIRM_WITHIN.days},
            404,
        )
    return link


def _confirmable(link: Link) -> Link:
    if link.used_at:
        day = date_format(link.used_at, "j F Y, H:i")
        raise LinkRefused(
            _("This link was used on %(day)s UTC: the signature is confirmed.") % {"day": day}, 410
        )
    if link.expires_at and link.expires_at < timezone.now():
        raise LinkRefused(
            _("This link could be used for %(days)d days, and they are over. You can sign again.")
            % {"days": CONFIRM_WITHIN.days},
            410,
        )
    return link


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
