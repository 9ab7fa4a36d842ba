"""Browsers in which somebody has signed in, without the pages of signing in."""

import json
import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from provenance.core.signatures import encoded
from sora_archive.accounts.models import User
from tests.core.signers import SoftPasskey

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # of the cast's authenticator apps


def give_app(person: User) -> None:
    """An authenticator app of the person's, with the cast's secret, and recovery codes."""
    totp.TOTP.activate(person, SECRET)
    RecoveryCodes.activate(person)


def give_passkey(person: User, soft: SoftPasskey) -> Authenticator:
    """The soft passkey as the browser would have registered it."""
    data = AttestedCredentialData.create(Aaguid.NONE, soft.credential, soft.cose_key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    auth_data = AuthenticatorData.create(bytes(32), flags, 0, data)
    client_data = {"type": "webauthn.create", "challenge": "AA", "origin": "http://localhost"}
    credential = {
        "id": encoded(soft.credential),
        "rawId": encoded(soft.credential),
        "type": "public-key",
        "response": {
            "clientDataJSON": encoded(json.dumps(client_data).encode()),
            "attestationObject": encoded(AttestationObject.create("none", auth_data, {})),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }
    return Authenticator.objects.create(
        user=person, type="webauthn", data={"name": "Kitchen phone", "credential": credential}
    )


def code(secret: str = SECRET) -> str:
    """What an authenticator app shows now."""
    counter = int(time.time()) // 30
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


def signed_in(person: User) -> Client:
    """A browser in which the person has signed in with a password alone."""
    client = Client()
    client.force_login(person)
    return client


def signed_in_with_two_steps(person: User) -> Client:
    """A browser in which the person has signed in with a password and an authenticator app."""
    if not Authenticator.objects.filter(user_id=person.pk).exists():
        give_app(person)
    return _having_shown(person, {"method": "password"}, {"method": "mfa", "type": "totp"})


def signed_in_a_moment_ago(person: User) -> Client:
    """A browser in which the person need not give the password again before what matters."""
    return _having_shown(person, {"method": "password"})


def _having_shown(person: User, *ways: dict[str, str]) -> Client:
    client = signed_in(person)
    session = client.session
    session["account_authentication_methods"] = [
        {**way, "at": time.time(), "reauthenticated": True} for way in ways
    ]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()
    return client
