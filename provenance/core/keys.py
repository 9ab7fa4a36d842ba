"""Certificate chains for signing content credentials, in the profile that C2PA asks for.

Root, intermediate and leaf are EC P-256. The leaf follows the C2PA certificate profile for claim
signing, without the parts that only an enrolled authority can add (policy, level, revocation URL).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .errors import KeysRefused

C2PA_CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
PURPOSES = (C2PA_CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION)
ROOT_LIFE = timedelta(days=20 * 365)
INTERMEDIATE_LIFE = timedelta(days=5 * 365)
LEAF_LIFE = timedelta(days=365)
LEAF_LIFE_LIMIT = timedelta(days=366)
MIN_RSA_BITS = 2048

_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


@dataclass(frozen=True)
class ChainSubject:
    """Whom the certificates name: an organisation, the service that signs, perhaps a country."""

    organization: str
    common_name: str
    country: str = ""


@dataclass(frozen=True)
class Certified:
    """A private key with the certificate that was issued to it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM)


@dataclass(frozen=True)
class Chain:
    """Root, intermediate and leaf; who signs carries `chain_pem`, who verifies `root.pem`."""

    root: Certified
    intermediate: Certified
    leaf: Certified

    @property
    def chain_pem(self) -> bytes:
        """Leaf first, then the intermediate; the root is the verifier's to know."""
        return self.leaf.pem + self.intermediate.pem


def make_chain(subject: ChainSubject, now: datetime, leaf_life: timedelta = LEAF_LIFE) -> Chain:
    """Make three fresh key pairs and the certificates that bind them.

    `now` must be aware; validity starts at that second. Raises KeysRefused for a leaf that would
    live longer than 366 days (C2PA certificate profile) or names that X.509 cannot hold.
    """
    if leaf_life > LEAF_LIFE_LIMIT:
        raise KeysRefused(f"A signing certificate may live {LEAF_LIFE_LIMIT.days} days at most.")
    start = now.replace(microsecond=0)
    try:
        root = _authority(_name(subject, " Root"), start, ROOT_LIFE, 1, None)
        intermediate = _authority(_name(subject, " Issuer"), start, INTERMEDIATE_LIFE, 0, root)
    except ValueError as error:
        raise KeysRefused(f"These names do not fit into a certificate: {error}") from error
    return Chain(root, intermediate, make_leaf(subject, intermediate, start, leaf_life))


def make_issuer(subject: ChainSubject, root: Certified, now: datetime) -> Certified:
    """A fresh intermediate under a root that is there already, to follow one that nears its end.

    Its name bears the year. Raises KeysRefused where the root would end before it.
    """
    start = now.replace(microsecond=0)
    if root.certificate.not_valid_after_utc < start + INTERMEDIATE_LIFE:
        raise KeysRefused("The root's certificate ends before a new issuer's would.")
    try:
        return _authority(
            _name(subject, f" Issuer {start.year}"), start, INTERMEDIATE_LIFE, 0, root
        )
    except ValueError as error:
        raise KeysRefused(f"These names do not fit into a certificate: {error}") from error


def make_leaf(
    subject: ChainSubject, issuer: Certified, now: datetime, leaf_life: timedelta = LEAF_LIFE
) -> Certified:
    """A fresh key pair for signing claims, under an intermediate that is there already.

    Raises KeysRefused where the issuer may not issue, or would end before the leaf does.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    return Certified(key, issue_leaf(subject, key.public_key(), issuer, now, leaf_life))


def issue_leaf(
    subject: ChainSubject,
    public: object,
    issuer: Certified,
    now: datetime,
    leaf_life: timedelta = LEAF_LIFE,
) -> x509.Certificate:
    """A certificate for a key whose private half stays where it is, such as in a token.

    Raises KeysRefused as `make_leaf` does, and for a key that is not of the curve P-256.
    """
    start = now.replace(microsecond=0)
    if not (
        isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1)
    ):
        raise KeysRefused("The signing key must be an EC key of the curve P-256.")
    if leaf_life > LEAF_LIFE_LIMIT:
        raise KeysRefused(f"A signing certificate may live {LEAF_LIFE_LIMIT.days} days at most.")
    if issuer.certificate.not_valid_after_utc < start + leaf_life:
        raise KeysRefused("The issuer's certificate ends before a new signing certificate would.")
    try:
        return _claim_signer(_name(subject), public, start, leaf_life, issuer)
    except ValueError as error:
        raise KeysRefused(f"These names do not fit into a certificate: {error}") from error


def leaf_end(chain_pem: bytes) -> datetime:
    """When the leaf of a chain ends, or the only certificate there is, in UTC."""
    return _load(chain_pem)[0].not_valid_after_utc


def issuer_end(chain_pem: bytes) -> datetime:
    """When the last intermediate of a chain ends, in UTC."""
    return _load(chain_pem)[-1].not_valid_after_utc


def leaf_serial(chain_pem: bytes) -> str:
    """Serial number of the leaf in decimal digits, as readers of credentials report it."""
    return str(_load(chain_pem)[0].serial_number)


def public_key_sha256(chain_pem: bytes) -> str:
    """SHA-256 of the first certificate's SubjectPublicKeyInfo (DER), in lower-case hex."""
    return spki_sha256(_load(chain_pem)[0].public_key())


def spki_sha256(public: PublicKeyTypes) -> str:
    """SHA-256 of a key's SubjectPublicKeyInfo (DER), in lower-case hex."""
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def profile_problems(chain_pem: bytes, now: datetime) -> list[str]:
    """What is wrong with a chain (leaf, intermediates) as sentences; empty when it may sign.

    Follows the C2PA certificate profile for claim signers. Raises KeysRefused when it is no chain.
    """
    leaf, *issuers = _load(chain_pem)
    problems = [words for holds, words in _PROFILE if not holds(leaf)]
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        problems.append("The signing certificate is not valid at this time.")
    if not issuers:
        problems.append("The intermediate certificate is missing after the signing certificate.")
    for child, issuer in zip([leaf, *issuers], issuers, strict=False):
        try:
            child.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            problems.append("A certificate of the chain was not issued by the one that follows it.")
    return problems


def _load(chain_pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(chain_pem)
    except ValueError as error:
        raise KeysRefused("This is not a certificate chain in PEM.") from error


def _name(subject: ChainSubject, role: str = "") -> x509.Name:
    parts = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject.organization),
        x509.NameAttribute(NameOID.COMMON_NAME, subject.common_name + role),
    ]
    if subject.country:
        parts.insert(0, x509.NameAttribute(NameOID.COUNTRY_NAME, subject.country))
    return x509.Name(parts)


def _authority(
    name: x509.Name, start: datetime, life: timedelta, below: int, issuer: Certified | None
) -> Certified:
    """A certificate that may issue others, with at most `below` authorities under it."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _draft(name, key.public_key(), start, life, issuer)
        .add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
        .add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
    )
    return Certified(key, builder.sign(issuer.key if issuer else key, hashes.SHA256()))


def _claim_signer(
    name: x509.Name,
    public: ec.EllipticCurvePublicKey,
    start: datetime,
    life: timedelta,
    issuer: Certified,
) -> x509.Certificate:
    builder = (
        _draft(name, public, start, life, issuer)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage("digital_signature", "content_commitment"), critical=True)
        .add_extension(x509.ExtendedKeyUsage(PURPOSES), critical=False)
    )
    return builder.sign(issuer.key, hashes.SHA256())


def _draft(
    name: x509.Name,
    public: ec.EllipticCurvePublicKey,
    start: datetime,
    life: timedelta,
    issuer: Certified | None,
) -> x509.CertificateBuilder:
    above = issuer.key.public_key() if issuer else public
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above), critical=False)
    )


def _key_usage(*granted: str) -> x509.KeyUsage:
    usages = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{usage: usage in granted for usage in usages})


def _find(leaf: x509.Certificate, kind: type[_Kind]) -> x509.Extension[_Kind] | None:
    try:
        return leaf.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _strong_key(leaf: x509.Certificate) -> bool:
    key = leaf.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1)
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= MIN_RSA_BITS
    return isinstance(key, ed25519.Ed25519PublicKey)


def _signs_only(leaf: x509.Certificate) -> bool:
    found = _find(leaf, x509.KeyUsage)
    if found is None or not found.critical:
        return False
    usage = found.value
    return usage.digital_signature and usage.content_commitment and not usage.key_cert_sign


def _no_authority(leaf: x509.Certificate) -> bool:
    found = _find(leaf, x509.BasicConstraints)
    return found is not None and found.critical and not found.value.ca


def _signs_claims(leaf: x509.Certificate) -> bool:
    found = _find(leaf, x509.ExtendedKeyUsage)
    return found is not None and {
        C2PA_CLAIM_SIGNING,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
    } <= set(found.value)


def _names_organization(leaf: x509.Certificate) -> bool:
    wanted = (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    return all(leaf.subject.get_attributes_for_oid(oid) for oid in wanted)


def _short_lived(leaf: x509.Certificate) -> bool:
    return leaf.not_valid_after_utc - leaf.not_valid_before_utc <= LEAF_LIFE_LIMIT


_PROFILE: tuple[tuple[Callable[[x509.Certificate], bool], str], ...] = (
    (lambda leaf: leaf.version is x509.Version.v3, "It is not an X.509 version 3 certificate."),
    (_strong_key, "Its key is not P-256, P-384, P-521, Ed25519 or RSA of 2048 bits and more."),
    (_short_lived, "It lives longer than 366 days."),
    (_names_organization, "Its subject lacks an organisation or a common name."),
    (_no_authority, "It must say, as critical, that it is no authority (CA:FALSE)."),
    (_signs_only, "Its key usage must be critical: digitalSignature and nonRepudiation."),
    (_signs_claims, "Its extended key usage must name C2PA claim signing and emailProtection."),
    (lambda leaf: _find(leaf, x509.SubjectKeyIdentifier) is not None, "It has no key identifier."),
    (
        lambda leaf: _find(leaf, x509.AuthorityKeyIdentifier) is not None,
        "It does not identify its issuer's key.",
    ),
)
