"""Stories about the certificates with which clips are signed."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from provenance.core import keys
from provenance.core.errors import KeysRefused

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SUBJECT = keys.ChainSubject("Sora Archive", "Clips of archive.test/log", "DE")


@pytest.fixture(scope="module")
def chain() -> keys.Chain:
    return keys.make_chain(SUBJECT, NOW)


def test_a_key_whose_private_half_is_elsewhere_gets_a_leaf_of_the_same_profile(
    chain: keys.Chain,
) -> None:
    token = ec.generate_private_key(ec.SECP256R1()).public_key()
    leaf = keys.issue_leaf(SUBJECT, token, chain.intermediate, NOW)
    pem = leaf.public_bytes(Encoding.PEM) + chain.intermediate.pem
    assert keys.profile_problems(pem, NOW) == []
    assert leaf.public_key() == token


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()]
)
def test_a_signing_key_is_of_the_curve_that_the_archive_signs_with(
    chain: keys.Chain, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
) -> None:
    with pytest.raises(KeysRefused, match="P-256"):
        keys.issue_leaf(SUBJECT, key.public_key(), chain.intermediate, NOW)


def test_a_fresh_chain_may_sign(chain: keys.Chain) -> None:
    assert keys.profile_problems(chain.chain_pem, NOW) == []


def test_the_root_vouches_for_the_issuer_and_for_nothing_else(chain: keys.Chain) -> None:
    chain.intermediate.certificate.verify_directly_issued_by(chain.root.certificate)
    with pytest.raises(ValueError, match="issuer"):
        chain.leaf.certificate.verify_directly_issued_by(chain.root.certificate)


def test_the_root_is_left_out_of_what_the_signer_carries(chain: keys.Chain) -> None:
    carried = x509.load_pem_x509_certificates(chain.chain_pem)
    assert carried == [chain.leaf.certificate, chain.intermediate.certificate]


def test_the_issuer_can_make_no_further_authority(chain: keys.Chain) -> None:
    limits = chain.intermediate.certificate.extensions.get_extension_for_class(
        x509.BasicConstraints
    )
    assert limits.critical
    assert (limits.value.ca, limits.value.path_length) == (True, 0)


def test_serial_and_key_hash_are_those_of_the_leaf(chain: keys.Chain) -> None:
    assert keys.leaf_serial(chain.chain_pem) == str(chain.leaf.certificate.serial_number)
    assert keys.public_key_sha256(chain.chain_pem) != keys.public_key_sha256(chain.root.pem)


def test_a_leaf_of_more_than_a_year_is_refused() -> None:
    with pytest.raises(KeysRefused, match="366 days"):
        keys.make_chain(SUBJECT, NOW, timedelta(days=367))


def test_a_name_too_long_for_a_certificate_is_refused() -> None:
    with pytest.raises(KeysRefused, match="do not fit"):
        keys.make_chain(keys.ChainSubject("Sora Archive", "x" * 65), NOW)


def test_text_is_no_chain() -> None:
    with pytest.raises(KeysRefused, match="not a certificate chain"):
        keys.profile_problems(b"-----BEGIN NOTHING-----", NOW)


@pytest.mark.parametrize(
    ("at", "sentence"),
    [(NOW - timedelta(seconds=1), "not valid at this time"),
     (NOW + timedelta(days=366), "not valid at this time")],
    ids=["before", "after"],
)  # fmt: skip
def test_outside_its_time_a_chain_may_not_sign(
    chain: keys.Chain, at: datetime, sentence: str
) -> None:
    assert [problem for problem in keys.profile_problems(chain.chain_pem, at)
            if sentence in problem]  # fmt: skip


def test_a_leaf_without_its_issuer_may_not_sign(chain: keys.Chain) -> None:
    (problem,) = keys.profile_problems(chain.leaf.pem, NOW)
    assert "intermediate certificate is missing" in problem


def test_a_chain_in_the_wrong_order_may_not_sign(chain: keys.Chain) -> None:
    problems = keys.profile_problems(chain.intermediate.pem + chain.leaf.pem, NOW)
    assert any("not issued by the one that follows" in problem for problem in problems)
    assert any("CA:FALSE" in problem for problem in problems)


def test_the_leaf_of_another_issuer_may_not_sign(chain: keys.Chain) -> None:
    stranger = keys.make_chain(SUBJECT, NOW)
    problems = keys.profile_problems(stranger.leaf.pem + chain.intermediate.pem, NOW)
    assert any("not issued by the one that follows" in problem for problem in problems)


def test_a_bare_certificate_fails_every_point_of_the_profile() -> None:
    """Long-lived, on secp256k1, without a single extension: each lack gets its own sentence."""
    key = ec.generate_private_key(ec.SECP256K1())
    name = x509.Name([])
    bare = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=400))
        .sign(key, hashes.SHA256())
    )
    problems = " ".join(keys.profile_problems(bare.public_bytes(Encoding.PEM), NOW))
    for lack in ("Its key is not", "366 days", "organisation", "CA:FALSE", "key usage must",
                 "extended key usage", "no key identifier", "issuer's key"):  # fmt: skip
        assert lack in problems
