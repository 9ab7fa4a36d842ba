"""What allauth asks of this site: nobody signs up, addresses are kept coarse, secrets encrypted."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from . import factors
from .models import User

# Enough to throttle by and to recognise a session by, and less than anybody's own address.
PREFIXES = {4: 24, 6: 48}


def network(address: str) -> str:
    """The first address of the network that an address belongs to: /24 of IPv4, /48 of IPv6."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    around = ipaddress.ip_network(f"{found}/{PREFIXES[found.version]}", strict=False)
    return str(around.network_address)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Sign-in by invitation only."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _(
            "The name and the password do not belong together. Mind capital letters in both."
        ),
        "too_many_login_attempts": _(
            "Too many sign-ins have failed. Wait five minutes, or use a passkey."
        ),
        "incorrect_password": _("This is not your password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return network(super().get_client_ip(request))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whoever has come by an invitation and has no way to sign in yet cannot confirm by one."""
        user = self.request.user
        if isinstance(user, User) and not factors.can_sign_in(user):
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: under the site's own name, their secrets unreadable in the database."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "That code or key was not accepted. A code counts once: wait for the next one."
        ),
    }

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: AbstractBaseUser, type: str) -> str:  # noqa: A002
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return gettext("Passkey %(number)d") % {"number": number}

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        return user.get_username()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        host = urlsplit(settings.SITE_URL).hostname or "localhost"
        return {"id": host, "name": settings.SITE_NAME}

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, Any]:
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return entity | {"name": user.get_username()}


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FACTOR_KEYS])
