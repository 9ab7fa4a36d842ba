"""Files that are whole and yet not what they seem: signed by others, or made from other files.

The library is asked directly here: what the archive's own code would refuse to sign, others can.
"""

import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from generation.encode import encode_mp4
from provenance.core import keys, manifests
from provenance.core.clip_facts import ClipFacts
from provenance.core.credentials import SigningIdentity
from tests.core.clips import FPS, NOW, Archive, pictures

LIFE = timedelta(days=30)
ELSEWHERE = "https://elsewhere.test/clip.c2pa"


def self_signed(folder: Path) -> Path:
    """Signed with a certificate that only its own maker vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = keys._name(keys.ChainSubject("Anybody", "Anybody at all"))
    builder = (
        keys._draft(name, key.public_key(), NOW, timedelta(days=9), None)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(keys._key_usage("digital_signature", "content_commitment"), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
    )
    pem = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    identity = SigningIdentity(pem, lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())))
    return _signed(folder / "self_signed.mp4", _created(), identity)


def titled(folder: Path, title: str) -> Path:
    """Signed by a stranger under any title at all; the archive's own code would refuse some."""
    return _signed(folder / "titled.mp4", _created(), Archive("elsewhere.test").identity,
                   title=title)  # fmt: skip


def not_yet_valid(folder: Path, archive: Archive) -> Path:
    """Signed with a certificate of the archive that only begins to be valid in a month."""
    return _outside_validity(folder / "not_yet_valid.mp4", archive, NOW + timedelta(days=30))


def expired(folder: Path, archive: Archive, facts: ClipFacts | None = None) -> Path:
    """Signed with a certificate of the archive that ended a month ago, and not stamped."""
    return _outside_validity(folder / "expired.mp4", archive, NOW - timedelta(days=60), facts)


def _outside_validity(
    target: Path, archive: Archive, start: datetime, facts: ClipFacts | None = None
) -> Path:
    """The library signs at no time but the certificate's own, so it is shown another of the same
    length, and the one meant takes its place in what is signed and in the file.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    shown = _leaf(archive, key, NOW)
    meant = _leaf(archive, key, start)
    while len(meant) != len(shown):  # an ECDSA signature has 70 to 72 bytes
        meant = _leaf(archive, key, start)

    def sign(data: bytes) -> bytes:
        assert data.count(shown) == 1
        return key.sign(data.replace(shown, meant), ec.ECDSA(hashes.SHA256()))

    chain = x509.load_der_x509_certificate(shown).public_bytes(Encoding.PEM)
    identity = SigningIdentity(chain + archive.chain.intermediate.pem, sign)
    signed = _signed(target, _created(), identity, facts=facts)
    signed.write_bytes(signed.read_bytes().replace(shown, meant))
    return signed


def _leaf(archive: Archive, key: ec.EllipticCurvePrivateKey, start: datetime) -> bytes:
    """A claim signer's certificate (DER) under the archive's intermediate, for thirty days."""
    subject = keys.ChainSubject("archive.test", "Clips of archive.test")
    leaf = keys.issue_leaf(subject, key.public_key(), archive.chain.intermediate, start, LIFE)
    return leaf.public_bytes(Encoding.DER)


def kept_elsewhere(folder: Path, archive: Archive, address: str = ELSEWHERE) -> Path:
    """Names an address where its credential is said to be."""
    return _signed(folder / "kept_elsewhere.mp4", _created(), archive.identity, remote=address)


def derived(folder: Path, name: str, archive: Archive, *parents: bytes) -> Path:
    """Made by the archive's key from other files."""
    actions = [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent 1"]}}]
    return _signed(folder / f"{name}.mp4", actions, archive.identity, parents)


def _created() -> list[dict[str, Any]]:
    return [{"action": "c2pa.created", "digitalSourceType": manifests.FULLY_GENERATED}]


def _signed(
    target: Path, actions: list[dict[str, Any]], identity: SigningIdentity,
    parents: tuple[bytes, ...] = (), remote: str = "", facts: ClipFacts | None = None,
    title: str = "",
) -> Path:  # fmt: skip
    source = target.with_suffix(".raw.mp4")
    encode_mp4(pictures(11), FPS, source)
    definition = {
        "claim_version": 2,
        "claim_generator_info": [{"name": "other software", "version": "1"}],
        "title": title or target.stem,
        "assertions": [{"label": manifests.ACTIONS, "data": {"actions": actions}, "created": True}],
    }
    if facts is not None:
        definition |= manifests.clip_manifest(facts)
    settings = {
        "trust": {"trust_config": "1.3.6.1.4.1.62558.2.1\n1.3.6.1.5.5.7.3.4\n"},
        "verify": {"verify_after_sign": False, "remote_manifest_fetch": False},
        "builder": {"thumbnail": {"enabled": False}},
    }
    signer = c2pa.Signer.from_callback(
        identity.sign,
        c2pa.C2paSigningAlg.ES256,
        identity.chain_pem.decode(),
        identity.tsa_url or None,
    )
    with c2pa.Context.from_dict(settings) as context, signer:
        builder = c2pa.Builder(definition, context=context)
        for number, parent in enumerate(parents, 1):
            title = f"parent {number}"
            ingredient = {"title": title, "relationship": "parentOf", "instance_id": title}
            builder.add_ingredient(ingredient, "video/mp4", io.BytesIO(parent))
        if remote:
            builder.set_no_embed()
            builder.set_remote_url(remote)
        with source.open("rb") as media, target.open("w+b") as signed:
            builder.sign(signer, "video/mp4", media, signed)
    return target
