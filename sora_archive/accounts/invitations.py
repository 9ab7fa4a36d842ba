"""Invitations: a link that works once, for a while, and is kept as a hash alone."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from generation.models import Allowance

from . import keys
from .errors import InvitationRefused
from .models import Invitation, Role, User
from .people import new_person

TOKEN_BYTES = 32


@dataclass(frozen=True)
class Terms:
    """What somebody is invited to; `generations` is None where any number may be asked for."""

    role: Role
    generations: int | None
    reason: str


@dataclass(frozen=True)
class Newcomer:
    """Who takes an invitation up; without a password they will sign in with a passkey."""

    username: str
    pseudonym: str
    email: str
    password: str


def may_invite(person: User) -> list[Role]:
    """The roles that somebody may invite to: curators artists, operators everybody."""
    if person.role == Role.OPERATOR:
        return list(Role)
    return [Role.ARTIST] if person.role == Role.CURATOR else []


def invite(by: User, terms: Terms) -> tuple[Invitation, str]:
    """A new invitation and the secret part of its link, which is shown once and kept nowhere."""
    if terms.role not in may_invite(by):
        raise InvitationRefused(_("Your own role does not let you invite to this one."))
    return _make(Invitation(
        role=terms.role, generations=terms.generations, invited_by=by, reason=terms.reason
    ))  # fmt: skip


def recovery(person: User, reason: str) -> tuple[Invitation, str]:
    """A link by which somebody who has lost every way in sets a new password."""
    return _make(Invitation(role=person.role, person=person, reason=reason))


def find(token: str) -> Invitation:
    """The invitation of a link that still works; raises InvitationRefused, always in one way."""
    return _usable(Invitation.objects.filter(token_sha256=_hash(token)).first())


def take_up(token: str, newcomer: Newcomer) -> User:
    """The account that a link makes; of two who use it at once one is refused.

    Raises ValidationError with words for names that cannot be, or are somebody else's.
    """
    try:
        return _take_up(token, newcomer)
    except IntegrityError as error:  # between the form's look and the row
        raise ValidationError(_("Somebody took one of these names a moment ago.")) from error


def _take_up(token: str, newcomer: Newcomer) -> User:
    with transaction.atomic():
        invitation = _locked(token)
        person = new_person(newcomer.username, newcomer.pseudonym, invitation.role)
        person.email = newcomer.email
        _set_password(person, newcomer.password)
        person.full_clean(validate_unique=False, validate_constraints=False)
        person.save(force_insert=True)
        if invitation.generations is not None:
            Allowance.objects.create(
                artist=person,
                generations=invitation.generations,
                given_by=invitation.invited_by,
                reason=invitation.reason,
            )
        _taken(invitation, person)
    return person


def recover(token: str, password: str) -> User:
    """The account that a recovery link opens: new password, no second factors, no sessions."""
    with transaction.atomic():
        invitation = _locked(token)
        if invitation.person is None:
            raise InvitationRefused(_refusal())
        person = User.objects.select_for_update().get(pk=invitation.person.pk)
        sign_out_everywhere(person)
        Authenticator.objects.filter(user_id=person.pk).delete()
        keys.retire_missing(person)
        _set_password(person, password)
        person.save(update_fields=["password"])
        _taken(invitation, person)
    return person


def withdraw(invitation_id: int) -> bool:
    """Shut a link that nobody has taken up; False where it was too late."""
    open_ones = Invitation.objects.filter(taken_at__isnull=True, withdrawn_at__isnull=True)
    return bool(open_ones.filter(pk=invitation_id).update(withdrawn_at=timezone.now()))


def allow(person: User, by: User, generations: int | None, reason: str) -> None:
    """Say how many clips somebody may ask for in all; None: any number."""
    if generations is None:
        Allowance.objects.filter(pk=person.pk).delete()
        return
    Allowance.objects.update_or_create(
        artist=person, defaults={"generations": generations, "given_by": by, "reason": reason}
    )


def sign_out_everywhere(person: User) -> None:
    """End every session of a person's."""
    own = UserSession.objects.filter(user_id=person.pk)
    keys = list(own.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    own.delete()


def _make(invitation: Invitation) -> tuple[Invitation, str]:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation.token_sha256 = _hash(token)
    invitation.expires_at = timezone.now() + timedelta(days=settings.INVITATION_DAYS)
    invitation.save(force_insert=True)
    return invitation, token


def _hash(token: str) -> str:
    # 256 random bits: nobody finds them by trying, so the hash need be neither slow nor salted.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _locked(token: str) -> Invitation:
    rows = Invitation.objects.select_for_update().filter(token_sha256=_hash(token))
    return _usable(rows.first())


def _usable(found: Invitation | None) -> Invitation:
    if (
        found is None
        or found.taken_at is not None
        or found.withdrawn_at is not None
        or found.expires_at <= timezone.now()
    ):
        raise InvitationRefused(_refusal())
    return found


def _refusal() -> str:
    return _(
        "This link does not work, or not any more: each works once and for some days, and has to "
        "be copied whole. Ask whoever sent it to you for another one."
    )


def _set_password(person: User, password: str) -> None:
    if password:
        person.set_password(password)
    else:
        person.set_unusable_password()


def _taken(invitation: Invitation, person: User) -> None:
    invitation.taken_at, invitation.taken_by = timezone.now(), person
    invitation.save(update_fields=["taken_at", "taken_by"])
