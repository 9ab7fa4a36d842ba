"""RFC 3161: that a time-stamp authority saw these bytes, and when it says that was.

An answer is read without believing anybody (`read_stamp`), and then held against certificates that
the reader trusts (`check_stamp`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from rfc3161_client import (
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from .errors import ProvenanceError

STAMP_LIMIT = 64 * 1024 - 1  # bytes
_SEQUENCE, _CONTEXT_0 = 0x30, 0xA0
# What the libraries raise over damaged certificates.
_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class StampRefused(ProvenanceError):
    """This is no time-stamp over these bytes by an authority that counts; the text says why."""


@dataclass(frozen=True)
class Stamp:
    """Who stamped, as the certificate in the answer says, and the time (UTC)."""

    authority: str
    at: datetime


def read_stamp(answer: bytes) -> Stamp:
    """What an authority's answer says, checked for its form alone; raises StampRefused."""
    return _stamp(_decoded(answer))


def check_stamp(
    answer: bytes, message: bytes, roots: Sequence[str], nonce: int | None = None
) -> Stamp:
    """The stamp over a message, by an authority whose certificates lead to one of these (PEM, one
    or more certificates each).

    RFC 3161 §2.4.2: granted, of this message, of this nonce where one is given, signed by a
    certificate made for stamping alone that was valid then. Raises StampRefused.
    """
    trusted = [each for pem in roots for each in x509.load_pem_x509_certificates(pem.encode())]
    if not trusted:
        raise StampRefused("No certificate of a time-stamp authority is trusted here.")
    found = _decoded(answer)
    try:
        verifier = VerifierBuilder(roots=trusted, nonce=nonce).build()
        verifier.verify_message(found, message)
    except (VerificationError, *_UNREADABLE) as error:
        raise StampRefused(f"The time-stamp does not hold: {error}.") from error
    return _stamp(found)


def _decoded(answer: bytes) -> TimeStampResponse:
    if len(answer) > STAMP_LIMIT:
        raise StampRefused("The authority's answer is too long.")
    try:
        return decode_timestamp_response(_sorted(answer))
    except (ValueError, IndexError) as error:
        raise StampRefused("The authority's answer is no time-stamp response.") from error


def _stamp(found: TimeStampResponse) -> Stamp:
    try:
        [signer] = found.signed_data.signer_infos
        for der in found.signed_data.certificates:
            certificate = x509.load_der_x509_certificate(der)
            if (certificate.issuer, certificate.serial_number) == (
                signer.issuer,
                signer.serial_number,
            ):
                name = certificate.subject.rfc4514_string()
                return Stamp(name, found.tst_info.gen_time)
    except _UNREADABLE as error:  # refused by the authority, or unreadable
        words = "; ".join(found.status_string) if found.status else "unreadable"
        raise StampRefused(f"The authority gave no time-stamp ({words}).") from error
    raise StampRefused("The answer lacks the certificate of the authority that signed.")


def _sorted(answer: bytes) -> bytes:
    """The answer with its certificates in the order that DER demands.

    OpenSSL sends them as they come (its issue 13142), and strict readers then refuse the whole.
    They lie outside of what is signed, so that their order carries nothing.
    """
    response = _parts(_content(answer, _SEQUENCE))
    if len(response) < 2:
        return answer
    token = _parts(_content(response[1], _SEQUENCE))
    signed = _parts(_content(_parts(_content(token[1], _CONTEXT_0))[0], _SEQUENCE))
    for at, part in enumerate(signed):
        if part[0] == _CONTEXT_0:
            certificates = sorted(_parts(_content(part, _CONTEXT_0)))
            signed[at] = _wrapped(_CONTEXT_0, certificates)
    token[1] = _wrapped(_CONTEXT_0, [_wrapped(_SEQUENCE, signed)])
    response[1] = _wrapped(_SEQUENCE, token)
    return _wrapped(_SEQUENCE, response)


def _content(data: bytes, tag: int) -> bytes:
    start, end = _extent(data)
    if data[0] != tag or end != len(data):
        raise ValueError("another ASN.1 value was expected")
    return data[start:end]


def _parts(data: bytes) -> list[bytes]:
    """The values that follow each other, each with its tag and length."""
    parts = []
    while data:
        _, end = _extent(data)
        parts.append(data[:end])
        data = data[end:]
    return parts


def _extent(data: bytes) -> tuple[int, int]:
    """Where the content of the first value begins and ends; lengths as DER writes them."""
    if len(data) < 2:
        raise ValueError("an ASN.1 value is cut off")
    start, length = 2, data[1]
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    if not start <= 6 or start + length > len(data):
        raise ValueError("an ASN.1 value is cut off or too long")
    return start, start + length


def _wrapped(tag: int, parts: Sequence[bytes]) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(content).to_bytes(size, "big") + content
