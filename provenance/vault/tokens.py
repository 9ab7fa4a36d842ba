"""A signing key in a PKCS#11 token: it signs there and never comes out.

One session a signature, so that a token that was pulled out and put back serves again. A library
that was loaded before a fork is loaded anew in the child, as PKCS#11 asks.
"""

import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

from provenance.core.errors import KeysRefused, SignerUnavailable

_TURN = threading.Lock()  # a token logs a program in once, not each of its threads
_LOADED_BY: dict[str, int] = {}


@dataclass(frozen=True)
class InToken:
    """A key pair of the curve P-256, by its label, in the token of that label.

    `module` is the path of the token's PKCS#11 library; `pin_file` holds the user's PIN and is
    readable by its owner alone.
    """

    module: str
    token: str
    key: str
    pin_file: str

    def sign(self, data: bytes) -> bytes:
        """The ECDSA signature (r||s) over SHA-256 of `data`; raises SignerUnavailable."""
        digest = hashlib.sha256(data).digest()
        try:
            with self._session() as session:
                private = session.get_key(pkcs11.ObjectClass.PRIVATE_KEY, label=self.key)
                if not isinstance(private, pkcs11.SignMixin):
                    raise SignerUnavailable(f"{self._named} may not sign.")
                return bytes(private.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))
        except (pkcs11.PKCS11Error, KeysRefused) as error:
            raise SignerUnavailable(f"{self._named} does not sign: {_words(error)}") from error

    def public_key(self, *, make: bool = False) -> ec.EllipticCurvePublicKey:
        """The public half; `make` generates the pair where the token has none of that label.

        Raises KeysRefused.
        """
        try:
            with self._session(writable=make) as session:
                der = encode_ec_public_key(self._public(session, make=make))
        except pkcs11.PKCS11Error as error:
            raise KeysRefused(f"{self._named} cannot be used: {_words(error)}") from error
        found = load_der_public_key(der)
        if not isinstance(found, ec.EllipticCurvePublicKey):
            raise KeysRefused(f"{self._named} is not an EC key.")
        return found

    def _public(self, session: pkcs11.Session, *, make: bool) -> Any:
        try:
            return session.get_key(pkcs11.ObjectClass.PUBLIC_KEY, label=self.key)
        except pkcs11.NoSuchKey:
            if not make:
                raise
        curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
        parameters = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
        public, _ = parameters.generate_keypair(label=self.key, store=True)
        return public

    @contextmanager
    def _session(self, *, writable: bool = False) -> Iterator[pkcs11.Session]:
        with _TURN:
            token = _library(self.module).get_token(token_label=self.token)
            with token.open(rw=writable, user_pin=_pin(Path(self.pin_file))) as session:
                yield session

    @property
    def _named(self) -> str:
        return f"The key {self.key!r} in the token {self.token!r}"


def _library(module: str) -> "pkcs11._pkcs11.lib":
    try:
        library = pkcs11.lib(module)
    except (pkcs11.PKCS11Error, RuntimeError) as error:
        raise KeysRefused(f"{module} is no PKCS#11 library that can be loaded.") from error
    if _LOADED_BY.setdefault(module, os.getpid()) != os.getpid():
        library.reinitialize()
        _LOADED_BY[module] = os.getpid()
    return library


def _pin(path: Path) -> str:
    try:
        pin = path.read_text(encoding="utf-8").strip()
        mode = stat.S_IMODE(path.stat().st_mode)
    except (OSError, UnicodeDecodeError) as error:
        raise KeysRefused(f"The PIN file {path} cannot be read.") from error
    if mode & 0o077:
        raise KeysRefused(f"The PIN file {path} can be read by others: chmod 600 it.")
    return pin


def _words(error: Exception) -> str:
    """What kind of trouble it is; the library's own words are often none."""
    return f"{type(error).__name__} {error}".strip()
