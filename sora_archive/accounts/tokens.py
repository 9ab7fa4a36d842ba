"""Tokens for programs: made by a person, for some uses and some time, and kept as a hash alone."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from generation.errors import NotLetIn

from .models import Token, User

PREFIX = "sora_"  # so that those who search for leaked secrets can tell what they found
_REMEMBER = timedelta(minutes=1)  # of its last use; more often would be a write a request


def issue(person: User, name: str, scopes: Sequence[str], days: int) -> tuple[Token, str]:
    """A new token and its secret, which is shown once and kept nowhere."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        person=person,
        name=name,
        token_sha256=_hash(secret),
        hint=secret[: len(PREFIX) + 5],
        scopes=sorted(scopes),
        expires_at=timezone.now() + timedelta(days=days),
    )
    return token, secret


def revoke(person: User, token_id: int) -> bool:
    """End a token of the person's at once; False where there is none to end."""
    own = Token.objects.filter(person=person, pk=token_id, revoked_at__isnull=True)
    return bool(own.update(revoked_at=timezone.now()))


def holder(request: HttpRequest, scope: str) -> User:
    """Whom a request acts for by its token (RFC 6750); raises NotLetIn, in words."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise NotLetIn(401, _("Send a token: Authorization: Bearer sora_…"), "Bearer")
    token = _working(secret.strip())
    if token is None:
        words = _("This token does not work: it is unknown, expired or revoked.")
        raise NotLetIn(401, words, 'Bearer error="invalid_token"')
    if scope not in token.scopes:
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        raise NotLetIn(
            403, _("This token may not do that: it lacks the scope %s.") % scope, challenge
        )
    _note_use(token)
    return token.person


def _working(secret: str) -> Token | None:
    now = timezone.now()
    tokens = Token.objects.select_related("person").filter(
        token_sha256=_hash(secret),
        revoked_at__isnull=True,
        expires_at__gt=now,
        person__is_active=True,
    )
    return tokens.first()


def _note_use(token: Token) -> None:
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > _REMEMBER:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)


def _hash(secret: str) -> str:
    # 256 random bits, as with invitations: nothing to be guessed.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
