"""Set-up installs only what is pinned, and never starts gigabytes that nobody asked for."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools import setup
from tools.setup import SetupError

REQUIREMENTS = setup.REQUIREMENTS
LOCKS = sorted(path.stem for path in REQUIREMENTS.glob("*.txt") if path.stem != "debian")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_is_pinned_with_a_hash(lock: str) -> None:
    text = (REQUIREMENTS / f"{lock}.txt").read_text()
    assert text.startswith("# "), "the first line says why the file exists"
    packages = re.split(r"\n(?=[a-z0-9])", text.split("\n", 2)[2], flags=re.I)
    for package in packages:
        assert re.match(r"^[\w.\[\]-]+==\S+", package), package
        assert "--hash=sha256:" in package, package


@pytest.mark.parametrize("lock", ["web", "worker", "embedded", "test", "dev"])
def test_no_lock_but_torchs_own_leads_to_cuda(lock: str) -> None:
    text = (REQUIREMENTS / f"{lock}.txt").read_text()
    assert not re.search(r"^(torch|nvidia-|cuda-|triton)", text, re.M)


@pytest.mark.parametrize("lane", ["web", "worker", "embedded", "test", "dev"])
def test_the_lock_of_a_lane_follows_what_the_lane_asks_for(lane: str) -> None:
    locked = (REQUIREMENTS / f"{lane}.txt").read_text()
    for line in (REQUIREMENTS / f"{lane}.in").read_text().splitlines():
        wanted = line.split("#")[0].strip()
        if wanted and not wanted.startswith("-"):
            name, _, version = re.sub(r"\[.*\]", "", wanted).partition("==")
            name = re.split(r"[~<>]", name)[0].lower()
            assert re.search(rf"^{name}(\[.*\])?=={re.escape(version)}", locked, re.M | re.I), (
                wanted
            )


def test_all_locks_agree_on_versions() -> None:
    found: dict[str, str] = {}
    for lock in ("web", "worker", "embedded", "test"):
        for line in (REQUIREMENTS / f"{lock}.txt").read_text().splitlines():
            if match := re.match(r"^([\w.-]+)==([^ ]+)( ; [^\\]+)?", line):
                key = match[1] + (match[3] or "")
                assert found.setdefault(key, match[2]) == match[2], key


def test_a_cuda_build_is_refused_with_its_size_and_the_ways_on() -> None:
    with pytest.raises(SetupError) as told:
        setup.refuse_cuda({"file": "torch-2.whl", "cuda": True, "bytes": 2_740_000_000})
    assert "2.7 GB" in str(told.value)
    assert "TORCH_INDEX=default" in str(told.value)
    assert "Nothing was downloaded" in str(told.value)


def test_a_cpu_build_is_welcome() -> None:
    setup.refuse_cuda({"file": "torch-2+cpu.whl", "cuda": False, "bytes": 190_000_000})


def test_a_machine_without_any_torch_is_told() -> None:
    with pytest.raises(SetupError, match="no torch for this machine"):
        setup.refuse_cuda({"file": None, "cuda": False, "bytes": 0})


def test_torch_is_cpu_or_gpu() -> None:
    with pytest.raises(SetupError, match="cpu or gpu"):
        setup.install_torch("tpu", "")


def _wheel(folder: Path, version: str, *requires: str) -> None:
    """A wheel that claims to be torch and holds nothing."""
    info = f"torch-{version}.dist-info"
    metadata = "".join(f"Requires-Dist: {need}\n" for need in requires)
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n{metadata}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    with zipfile.ZipFile(folder / f"torch-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
            record += f"{name},sha256={digest.decode()},{len(text)}\n"
        wheel.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")


def _offer(folder: Path) -> dict[str, object]:
    """What pip would take from an index that has the wheels of one folder alone."""
    settings = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}
    done = subprocess.run(
        [sys.executable, "tools/torch_choice.py", "requirements", ""],
        cwd=setup.ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


CUDA = 'nvidia-cublas==13.1.1.3; platform_system == "Linux"'


def test_a_build_that_needs_nvidias_libraries_is_seen_as_cuda(tmp_path: Path) -> None:
    _wheel(tmp_path, "2.13.0", "sympy", CUDA)
    assert _offer(tmp_path)["cuda"] is True


def test_a_cpu_build_beside_it_is_preferred(tmp_path: Path) -> None:
    _wheel(tmp_path, "2.13.0", "sympy", CUDA)
    _wheel(tmp_path, "2.13.0+cpu", "sympy")
    offer = _offer(tmp_path)
    assert offer["file"] == "torch-2.13.0+cpu-py3-none-any.whl"
    assert offer["cuda"] is False
    assert offer["bytes"] == (tmp_path / str(offer["file"])).stat().st_size


def test_a_build_whose_cuda_is_for_other_machines_is_no_cuda_build(tmp_path: Path) -> None:
    _wheel(tmp_path, "2.13.0", 'nvidia-cublas; platform_system == "Plan9"')
    assert _offer(tmp_path)["cuda"] is False


def test_an_index_without_torch_offers_none(tmp_path: Path) -> None:
    assert _offer(tmp_path)["file"] is None


def test_the_makefile_explains_each_of_its_commands() -> None:
    done = subprocess.run(
        ["make", "help"], cwd=setup.ROOT, capture_output=True, text=True, check=True
    )
    for command in ("demo", "setup", "test", "test-all", "tools", "check", "bench", "help"):
        assert re.search(rf"^{command} +\S", done.stdout, re.M), command


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "status"),
    [("pass", 0), ("pytest.skip('no browser here')", 1)],
    ids=["passes", "skips"],
)
def test_a_skipped_test_fails_the_full_run(body: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(f"import pytest\n\ndef test_one():\n    {body}\n")
    line = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [*line, "-p", "tests.noskip", "-p", "no:django", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=setup.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout
