"""How somebody can sign in, and whether this session was begun with two steps.

The factors themselves, and the pages to make and to lose them, are allauth's.
"""

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from .models import User

STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_factor(user: User) -> bool:
    """Whether a passkey or an authenticator app belongs to the account."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=STRONG).exists())


def passkeys(user: User) -> list[Authenticator]:
    """The passkeys of the account, the oldest first."""
    own = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN)
    return list(own.order_by("pk"))


def can_sign_in(user: User) -> bool:
    """Whether there is any way back in: a password or a passkey."""
    return user.has_usable_password() or bool(passkeys(user))


def confirmed(request: HttpRequest, user: User) -> bool:
    """Whether a second factor was shown in this session."""
    records = get_authentication_records(request, user)
    return any(record.get("method") == "mfa" for record in records)


def confirm(request: HttpRequest, user: User, kind: Authenticator.Type) -> None:
    """Take the making of a factor for its first use: it was shown a moment ago."""
    record_authentication(request, user, "mfa", type=kind, reauthenticated=True)
