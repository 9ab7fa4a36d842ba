"""A passkey in software: makes the assertions that an authenticator makes, and wrong ones."""

import hashlib
import json
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256
from webauthn import verify_authentication_response
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication

from provenance.core.signatures import Signature, challenge, decoded, encoded

SITE, ORIGIN = "archive.example", "https://archive.example"
PRESENT, VERIFIED = 1, 4


@dataclass(frozen=True)
class SoftPasskey:
    """A key pair with the id that its credential has."""

    private: ec.EllipticCurvePrivateKey
    credential: bytes = b"the-credential-of-ada"

    @property
    def cose_key(self) -> ES256:
        return ES256.from_cryptography_key(self.private.public_key())  # type: ignore[no-untyped-call,no-any-return]

    @property
    def cose(self) -> bytes:
        return cbor.encode(self.cose_key)

    def sign(
        self, entry: bytes, *, site: str = SITE, origin: str = ORIGIN, kind: str = "webauthn.get",
        flags: int = PRESENT | VERIFIED, cross_origin: bool = False,
    ) -> Signature:  # fmt: skip
        """An assertion over an entry; the named parts are what a hostile page would change."""
        client_data = json.dumps(
            {"type": kind, "challenge": encoded(challenge(entry)), "origin": origin,
             "crossOrigin": cross_origin}
        ).encode()  # fmt: skip
        data = hashlib.sha256(site.encode()).digest() + bytes([flags]) + bytes(4)
        message = data + hashlib.sha256(client_data).digest()
        return Signature(
            site=site,
            credential=encoded(self.credential),
            public_key=encoded(self.cose),
            authenticator_data=encoded(data),
            client_data=encoded(client_data),
            signature=encoded(self.private.sign(message, ec.ECDSA(SHA256()))),
        )


def soft_passkey() -> SoftPasskey:
    return SoftPasskey(ec.generate_private_key(ec.SECP256R1()))


def verify_with_another_library(
    signed: Signature, entry: bytes, origin: str
) -> VerifiedAuthentication:
    """What py_webauthn says of a signed request; raises its InvalidAuthenticationResponse."""
    return verify_authentication_response(
        credential={
            "id": signed.credential,
            "rawId": signed.credential,
            "type": "public-key",
            "response": {
                "authenticatorData": signed.authenticator_data,
                "clientDataJSON": signed.client_data,
                "signature": signed.signature,
            },
        },
        expected_challenge=hashlib.sha256(entry).digest(),
        expected_rp_id=signed.site,
        expected_origin=origin,
        credential_public_key=decoded(signed.public_key),
        credential_current_sign_count=0,
        require_user_verification=True,
    )
