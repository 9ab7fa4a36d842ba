"""Stories about the keys: made once, whole, by one process; private ones kept apart."""

import io
import multiprocessing
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.management import CommandError, call_command
from pytest_django import Settings

from provenance import vault
from provenance.core import keys
from provenance.core.errors import KeysRefused
from provenance.vault import files

ORIGIN = "archive.test/log"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def keys_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    vault.ensure_keys(folder, ORIGIN, NOW)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_was_made_may_sign(keys_dir: Path) -> None:
    identity = vault.signing_identity(keys_dir)
    assert keys.profile_problems(identity.chain_pem, NOW) == []


def test_the_callback_signs_with_the_key_of_the_certificate(keys_dir: Path) -> None:
    identity = vault.signing_identity(keys_dir)
    leaf = x509.load_pem_x509_certificates(identity.chain_pem)[0].public_key()
    assert isinstance(leaf, ec.EllipticCurvePublicKey)
    leaf.verify(identity.sign(b"claim"), b"claim", ec.ECDSA(SHA256()))


def test_the_anchor_is_the_root_under_a_name_of_its_own(keys_dir: Path, tmp_path: Path) -> None:
    (anchor,) = vault.anchors(keys_dir)
    root = x509.load_pem_x509_certificate(anchor.pem.encode())
    chain = x509.load_pem_x509_certificates(vault.signing_identity(keys_dir).chain_pem)
    chain[1].verify_directly_issued_by(root)
    vault.ensure_keys(tmp_path / "other", ORIGIN, NOW)
    assert vault.anchors(tmp_path / "other")[0].trust_uri != anchor.trust_uri


def test_the_logs_public_key_is_that_of_its_signer(keys_dir: Path) -> None:
    assert vault.log_key(keys_dir).vkey == vault.log_vkey(keys_dir)
    assert vault.log_vkey(keys_dir).startswith(f"{ORIGIN}+")


def test_a_second_start_changes_nothing(keys_dir: Path) -> None:
    before = contents(keys_dir)
    vault.ensure_keys(keys_dir, ORIGIN, NOW)
    assert contents(keys_dir) == before


def test_another_origin_is_refused_and_nothing_is_touched(keys_dir: Path) -> None:
    before = contents(keys_dir)
    with pytest.raises(KeysRefused, match=r"belong to the log 'archive\.test/log'"):
        vault.ensure_keys(keys_dir, "moved.test/log", NOW)
    assert contents(keys_dir) == before


def test_files_are_for_their_owner_alone(keys_dir: Path) -> None:
    for path in [keys_dir, *keys_dir.rglob("*")]:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_the_public_side_needs_no_private_key(keys_dir: Path) -> None:
    for folder in ("signing", "log", "take-offline"):
        for path in (keys_dir / files.HOME / folder).iterdir():
            path.unlink()
    assert vault.anchors(keys_dir)
    assert vault.log_vkey(keys_dir)
    vault.ensure_keys(keys_dir, ORIGIN, NOW)
    with pytest.raises(KeysRefused, match=r"leaf\.key\.pem cannot be read"):
        vault.signing_identity(keys_dir)
    with pytest.raises(KeysRefused, match=r"log\.key\.pem cannot be read"):
        vault.log_key(keys_dir)


def test_the_folder_to_take_offline_is_not_needed_and_its_keys_are_locked(keys_dir: Path) -> None:
    home = keys_dir / files.HOME
    locked = (home / files.ROOT_KEY).read_bytes()
    with pytest.raises(TypeError, match="encrypted"):
        load_pem_private_key(locked, password=None)
    root = load_pem_private_key(locked, (home / files.PASSPHRASE).read_bytes().strip())
    anchor = x509.load_pem_x509_certificate(vault.anchors(keys_dir)[0].pem.encode())
    assert root.public_key() == anchor.public_key()
    for path in (home / "take-offline").iterdir():
        path.unlink()
    assert vault.signing_identity(keys_dir).sign(b"claim")


def test_the_roots_key_may_be_written_apart_and_never_touch_the_server(
    tmp_path: Path, settings: Settings
) -> None:
    settings.KEYS_DIR, medium = tmp_path / "keys", tmp_path / "medium"
    settings.LOG_ORIGIN = ORIGIN
    medium.mkdir()
    said = io.StringIO()
    call_command("newkey", "--offline", str(medium), stdout=said)
    assert f"{medium}/root.key.pem" in said.getvalue()
    assert sorted(path.name for path in medium.iterdir()) == [
        "READ-ME.txt", "issuer.key.pem", "passphrase.txt", "root.key.pem",
    ]  # fmt: skip
    assert not vault.offline_folder(settings.KEYS_DIR).exists()
    passphrase = (medium / "passphrase.txt").read_bytes().strip()
    before = vault.chain(settings.KEYS_DIR)
    vault.rotate(settings.KEYS_DIR, medium / "issuer.key.pem", passphrase, NOW)
    assert vault.chain(settings.KEYS_DIR) != before
    with pytest.raises(CommandError, match="already"):
        call_command("newkey", "--offline", str(medium))


def test_a_medium_with_the_keys_of_another_archive_is_left_as_it_is(tmp_path: Path) -> None:
    medium = tmp_path / "medium"
    medium.mkdir()
    (medium / "root.key.pem").write_text("another archive's")
    with pytest.raises(FileExistsError):
        vault.ensure_keys(tmp_path / "keys", ORIGIN, NOW, medium)
    assert contents(medium) == {str(medium / "root.key.pem"): b"another archive's"}
    assert not (tmp_path / "keys" / files.HOME).exists()


def test_newkey_names_what_is_to_be_taken_away(tmp_path: Path, settings: Settings) -> None:
    settings.KEYS_DIR, settings.LOG_ORIGIN = tmp_path / "keys", ORIGIN
    said = io.StringIO()
    call_command("newkey", stdout=said)
    assert f"{tmp_path}/keys/archive/take-offline/root.key.pem" in said.getvalue()


def test_a_key_that_others_can_read_is_not_used(keys_dir: Path) -> None:
    (keys_dir / files.HOME / files.LEAF_KEY).chmod(0o640)
    with pytest.raises(KeysRefused, match="can be read by others"):
        vault.signing_identity(keys_dir)


def test_a_damaged_file_is_named(keys_dir: Path) -> None:
    home = keys_dir / files.HOME
    (home / files.LEAF_KEY).write_text("nothing")
    (home / files.ANCHORS).write_text("nothing")
    with pytest.raises(KeysRefused, match=r"leaf\.key\.pem is not"):
        vault.signing_identity(keys_dir)
    with pytest.raises(KeysRefused, match=r"trust-anchors\.json is not"):
        vault.anchors(keys_dir)


def test_keys_are_not_mixed_up(keys_dir: Path) -> None:
    home = keys_dir / files.HOME
    (home / files.LEAF_KEY).write_bytes((home / files.LOG_KEY).read_bytes())
    with pytest.raises(KeysRefused, match="not an EC key"):
        vault.signing_identity(keys_dir)


def test_a_start_that_was_cut_off_leaves_no_half_of_a_key_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(_: Path, __: bytes) -> None:
        raise OSError(28, "No space left on device")

    folder = tmp_path / "keys"
    with monkeypatch.context() as patch:
        patch.setattr(files, "write_file", disk_full)
        with pytest.raises(OSError, match="No space left"):
            vault.ensure_keys(folder, ORIGIN, NOW)
    assert list(folder.iterdir()) == []
    vault.ensure_keys(folder, ORIGIN, NOW)
    assert vault.anchors(folder)


@pytest.mark.slow
def test_four_processes_that_start_at_once_end_with_one_set_of_keys(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(4) as pool:
        vkeys = pool.map(_start, [folder] * 8, chunksize=1)
    assert len(set(vkeys)) == 1
    assert [path.name for path in folder.iterdir()] == [files.HOME]


def _start(folder: Path) -> str:
    vault.ensure_keys(folder, ORIGIN, NOW)
    return vault.log_vkey(folder)


def test_a_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    made = vault.secret(tmp_path / "keys", "signatories")
    assert len(made) == 32
    assert vault.secret(tmp_path / "keys", "signatories") == made
    assert vault.secret(tmp_path / "keys", "others") != made
    assert contents(tmp_path / "keys").keys() == {
        str(tmp_path / "keys" / f"{name}.secret") for name in ("signatories", "others")
    }
    (tmp_path / "keys" / "signatories.secret").chmod(0o644)
    with pytest.raises(KeysRefused, match="can be read by others"):
        vault.secret(tmp_path / "keys", "signatories")


def test_a_secret_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    vault.secret(tmp_path, "signatories")
    (tmp_path / "signatories.secret").write_bytes(b"short")
    with pytest.raises(KeysRefused, match="has not 32 bytes"):
        vault.secret(tmp_path, "signatories")
