"""Stories about signing keys that lie elsewhere: in a PKCS#11 token, behind a callable."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import CommandError, call_command
from pytest_django import Settings

from provenance import vault
from provenance.core import credentials, keys
from provenance.core.credentials import SigningIdentity
from provenance.core.errors import KeysRefused, SignerUnavailable
from provenance.core.readings import reading
from tests.core.clips import Archive

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "2468-2468"
KMS_KEY = ec.generate_private_key(ec.SECP256R1())
kms_is_up = True


def kms_sign(data: bytes) -> bytes:
    """What an operator writes for a KMS: this one lies in this very process."""
    if not kms_is_up:
        raise ConnectionError("no route to the KMS")
    return KMS_KEY.sign(data, ec.ECDSA(SHA256()))


def another_sign(data: bytes) -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).sign(data, ec.ECDSA(SHA256()))


@pytest.fixture
def keys_dir(tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "keys"
    vault.ensure_keys(folder, "archive.test/log", datetime.now(UTC))
    settings.KEYS_DIR = folder
    return folder


@pytest.fixture
def kms_public(tmp_path: Path) -> Path:
    path = tmp_path / "kms.pem"
    path.write_bytes(
        KMS_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return path


def rotate(keys_dir: Path, *more: str) -> None:
    offline = keys_dir / "archive/take-offline"
    call_command(
        "rotatekey", str(offline / "issuer.key.pem"),
        "--passphrase-file", str(offline / "passphrase.txt"), *more, verbosity=0,
    )  # fmt: skip


def signing_files(keys_dir: Path) -> list[str]:
    return sorted(path.name for path in (keys_dir / "archive/signing").iterdir())


def trusted(keys_dir: Path, folder: Path, name: str) -> bool:
    """Whether a clip signed now is trusted under the archive's own list."""
    archive = Archive()
    archive.identity = vault.signing_identity(keys_dir)
    (archive.anchor,) = vault.anchors(keys_dir)
    raw = credentials.read(archive.sign(folder, name=name).path, archive.anchors)
    assert raw is not None
    return reading(raw).state == "trusted"


# A callable.


def test_a_key_behind_a_callable_signs_and_none_is_left_here(
    db: None, keys_dir: Path, kms_public: Path, tmp_path: Path
) -> None:
    rotate(keys_dir, "--callable", f"{__name__}.kms_sign", "--public-key", str(kms_public))
    assert signing_files(keys_dir) == ["chain.pem", "signer.json"]
    assert keys.profile_problems(vault.chain(keys_dir), datetime.now(UTC)) == []
    assert trusted(keys_dir, tmp_path, "behind")
    rotate(keys_dir)  # and back
    assert signing_files(keys_dir) == ["chain.pem", "leaf.key.pem"]
    assert trusted(keys_dir, tmp_path, "back")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--callable", f"{__name__}.another_sign"), "does not sign with the key"),
        (("--callable", f"{__name__}.nobody"), "no callable"),
        (("--callable", "nowhere.sign"), "no callable"),
        (("--callable", "sign"), "no callable"),
    ],
)
def test_a_callable_that_is_not_the_keys_changes_nothing(
    db: None, keys_dir: Path, kms_public: Path, more: tuple[str, ...], words: str
) -> None:
    before = vault.chain(keys_dir)
    with pytest.raises(CommandError, match=words):
        rotate(keys_dir, *more, "--public-key", str(kms_public))
    assert vault.chain(keys_dir) == before
    assert signing_files(keys_dir) == ["chain.pem", "leaf.key.pem"]


@pytest.mark.parametrize(
    "more", [("--callable", "a.b"), ("--module", SOFTHSM), ("--public-key", "x")]
)
def test_half_a_place_is_refused(db: None, keys_dir: Path, more: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="whole, or none"):
        rotate(keys_dir, *more)


def test_a_kms_that_is_away_is_no_failure_of_the_clip(
    db: None, keys_dir: Path, kms_public: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotate(keys_dir, "--callable", f"{__name__}.kms_sign", "--public-key", str(kms_public))
    monkeypatch.setattr(sys.modules[__name__], "kms_is_up", False)
    with pytest.raises(SignerUnavailable, match="ConnectionError"):
        trusted(keys_dir, tmp_path, "away")
    assert [path.name for path in tmp_path.glob("*.mp4")] == ["away.raw.mp4"]


def test_a_signer_file_that_tells_nothing_is_named(keys_dir: Path) -> None:
    (keys_dir / "archive/signing/signer.json").write_text("{}")
    with pytest.raises(KeysRefused, match=r"signer\.json does not tell"):
        vault.signing_identity(keys_dir)


# A token.


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A SoftHSM token of its own; the path of its PIN file."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(
        f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n"
    )
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "archive", "--so-pin", "1357",
         "--pin", PIN], check=True, capture_output=True,
    )  # fmt: skip
    pin = folder / "pin"
    pin.write_text(f"{PIN}\n")
    pin.chmod(0o600)
    yield pin
    del os.environ["SOFTHSM2_CONF"]


def into_token(pin: Path, key: str = "claim signer") -> tuple[str, ...]:
    return ("--module", SOFTHSM, "--token", "archive", "--key", key, "--pin-file", str(pin))


@pytest.mark.services
def test_a_key_in_a_token_signs_and_never_comes_out(
    db: None, keys_dir: Path, token: Path, tmp_path: Path
) -> None:
    rotate(keys_dir, *into_token(token))
    assert signing_files(keys_dir) == ["chain.pem", "signer.json"]
    assert keys.profile_problems(vault.chain(keys_dir), datetime.now(UTC)) == []
    assert trusted(keys_dir, tmp_path, "token")
    assert PIN not in (keys_dir / "archive/signing/signer.json").read_text()
    before = vault.chain(keys_dir)
    rotate(keys_dir, *into_token(token, "claim signer, second"))
    assert vault.chain(keys_dir) != before
    assert trusted(keys_dir, tmp_path, "second")


@pytest.mark.services
def test_a_worker_that_forked_signs_with_the_token_too(
    db: None, keys_dir: Path, token: Path
) -> None:
    """A PKCS#11 library is dead in a child until it is started anew."""
    rotate(keys_dir, *into_token(token))
    identity = vault.signing_identity(keys_dir)
    assert identity.sign(b"parent")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if _holds(identity, b"child") else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert _holds(identity, b"parent again")


def _holds(identity: SigningIdentity, data: bytes) -> bool:
    """Whether what the token signs holds under the certificate."""
    (leaf, _) = x509.load_pem_x509_certificates(identity.chain_pem)
    public, signature = leaf.public_key(), identity.sign(data)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    r, s = (int.from_bytes(half) for half in (signature[:32], signature[32:]))
    public.verify(encode_dss_signature(r, s), data, ec.ECDSA(SHA256()))
    return True


@pytest.mark.services
def test_a_token_that_is_locked_or_gone_is_told_in_words(
    db: None, keys_dir: Path, token: Path, tmp_path: Path
) -> None:
    place = vault.InToken(SOFTHSM, "archive", "claim signer", str(token))
    place.public_key(make=True)
    wrong = tmp_path / "pin"
    wrong.write_text("0000")
    wrong.chmod(0o600)
    for bad in (
        replace(place, pin_file=str(wrong)), replace(place, token="lost"),
        replace(place, key="lost"), replace(place, module="/nowhere.so"),
        replace(place, pin_file="/nowhere"),
    ):  # fmt: skip
        with pytest.raises(SignerUnavailable):
            bad.sign(b"claim")
        with pytest.raises(KeysRefused):
            bad.public_key()
    token.chmod(0o640)
    with pytest.raises(SignerUnavailable, match="chmod 600"):
        place.sign(b"claim")
    token.chmod(0o600)
    assert place.sign(b"claim")
