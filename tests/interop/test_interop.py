"""Verifiers that nobody here wrote accept a log of 70,000 entries, and refuse each altered copy.

Go's sumdb packages, tlog-scales for Python, and WebCrypto as browsers have it. Where a tool is
missing the test says so; `make tools` installs it.
"""

import os
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.core.merkle import consistency_spans, inclusion_spans, span_hash
from provenance.core.notes import Signer
from provenance.core.proofs import TlogProof
from provenance.core.tiles import TileHashes, bundle, parse_path, unbundle
from tests.core.plain_log import SIGNER, PlainLog, attempts

pytestmark = pytest.mark.slow

SIZE, OLD_SIZE, INDEX = 70_000, 65_000, 41_234
HERE = Path(__file__).parent
DEBIAN_GO = Path("/usr/share/gocode")
Verify = Callable[[Path], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log as a folder, with one of its receipts and a proof that it only grew."""
    folder = tmp_path_factory.mktemp("log")
    entries = attempts(SIZE)
    old = PlainLog(entries[:OLD_SIZE]).checkpoint
    log = PlainLog(entries)
    for path, data in log.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    tiles = {
        parse_path(path.removeprefix("tile/")): data
        for path, data in log.files.items()
        if path.startswith("tile/")
    }
    hash_of = TileHashes(SIZE, tiles)
    included = tuple(span_hash(span, hash_of) for span in inclusion_spans(INDEX, SIZE))
    proof = TlogProof(INDEX, included, log.files["checkpoint"].decode())
    (folder / "proof").write_text(proof.text)
    grown = [span_hash(span, hash_of) for span in consistency_spans(OLD_SIZE, SIZE)]
    lines = [str(OLD_SIZE), *(b64encode(value).decode() for value in (old.root, *grown))]
    (folder / "consistency").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """The Go verifier, built from Debian's packages without any network."""
    if not shutil.which("go") or not (DEBIAN_GO / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("golang-go and golang-golang-x-mod-dev are missing: make tools")
    folder = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ, "GOPATH": str(DEBIAN_GO), "GO111MODULE": "off", "GOFLAGS": "",
        "GOCACHE": str(folder / "cache"), "GOPROXY": "off",
    }  # fmt: skip
    line = ["go", "build", "-o", str(folder / "verify"), str(HERE / "verify.go")]
    subprocess.run(line, env=environment, check=True)
    return [str(folder / "verify")]


@pytest.fixture(scope="module")
def scales() -> Sequence[str]:
    return [sys.executable, str(HERE / "verify_scales.py")]


@pytest.fixture(scope="module")
def webcrypto() -> Sequence[str]:
    if not shutil.which("node"):
        pytest.skip("nodejs is missing: make tools")
    return ["node", "--no-warnings", str(HERE / "verify.mjs")]


@pytest.fixture(params=["go", "scales", "webcrypto"])
def verify(request: pytest.FixtureRequest) -> Verify:
    """One of the verifiers, to be run over a folder."""
    line: Sequence[str] = request.getfixturevalue(request.param)

    def run(folder: Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*line, str(folder), SIGNER.vkey], capture_output=True, text=True, check=False
        )

    return run


def test_each_accepts_what_we_wrote(sound: Path, verify: Verify) -> None:
    done = verify(sound)
    assert (done.returncode, done.stdout.split()[:2]) == (0, ["ACCEPTED", "70000"]), done


def flip(path: str, at: int) -> Callable[[Path], None]:
    """Flips one bit of a file."""

    def change(folder: Path) -> None:
        data = bytearray((folder / path).read_bytes())
        data[at] ^= 1
        replace(folder, path, bytes(data))

    return change


def replace(folder: Path, path: str, data: bytes) -> None:
    """A new file in place of the link to the sound one."""
    (folder / path).unlink()
    (folder / path).write_bytes(data)


def exchange_two_entries(folder: Path) -> None:
    path = "tile/entries/100"
    entries = unbundle((folder / path).read_bytes())
    replace(folder, path, bundle([entries[1], entries[0], *entries[2:]]))


def lose_a_tile(folder: Path) -> None:
    (folder / "tile/0/273.p/112").unlink()


def sign_with_another_key(folder: Path) -> None:
    thief = Signer(SIGNER.name, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    text = (folder / "checkpoint").read_text().rpartition("\n\n")[0] + "\n"
    replace(folder, "checkpoint", thief.sign(text).encode())


def rewrite_history(folder: Path) -> None:
    """Another entry 7, and every hash over it made to fit; only the signature is left over."""
    entries = attempts(SIZE)
    entries[7] = entries[8]
    for path, data in PlainLog(entries).files.items():
        if path.startswith("tile/"):
            replace(folder, path, data)


def deny_the_past(folder: Path) -> None:
    """A consistency proof from a root that was never signed."""
    lines = (folder / "consistency").read_text().splitlines()
    lines[1] = b64encode(bytes(32)).decode()
    replace(folder, "consistency", "\n".join(lines).encode())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(flip("tile/entries/161", 40), id="a bit of an entry"),
        pytest.param(flip("tile/entries/000", 1), id="a bit of an entry's length"),
        pytest.param(flip("tile/entries/273.p/112", 90), id="a bit of a late entry"),
        pytest.param(flip("tile/0/161", 900), id="a bit of a leaf hash"),
        pytest.param(flip("tile/1/000", 40), id="a bit of a higher hash"),
        pytest.param(flip("tile/2/000.p/1", 3), id="a bit of the highest hash"),
        pytest.param(flip("checkpoint", 22), id="a digit of the size"),
        pytest.param(flip("checkpoint", 40), id="a letter of the root"),
        pytest.param(flip("checkpoint", 130), id="a letter of the signature"),
        pytest.param(flip("proof", 50), id="a letter of the receipt"),
        exchange_two_entries,
        lose_a_tile,
        sign_with_another_key,
        rewrite_history,
        deny_the_past,
    ],
)
def test_each_refuses_every_altered_copy(
    sound: Path, tmp_path: Path, verify: Verify, change: Callable[[Path], None]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sound, copy, copy_function=os.link)
    change(copy)
    done = verify(copy)
    assert (done.returncode, done.stdout.split()[:1]) == (1, ["REFUSED:"]), done
