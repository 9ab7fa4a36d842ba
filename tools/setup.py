"""Makes the virtual environment and installs what the named lanes need, once per change of a lock.

Plain pip with the user's own settings; every file is checked against its hash. It needs nothing
but Python, and never starts a download of gigabytes that nobody asked for.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMPS = ENVIRONMENT / "installed"
LANES = {
    "demo": ("worker", "embedded"),
    "test": ("test",),
    "dev": ("dev",),
}
ROOM_BYTES = 3 * 1024**3


class SetupError(Exception):
    """Set-up cannot go on; the text says why and what to do."""


def fingerprint(lock: str, *more: str) -> str:
    """What an installation depends on: the lock's bytes and the choices made."""
    content = (REQUIREMENTS / f"{lock}.txt").read_bytes()
    return hashlib.sha256(content + "\0".join(more).encode()).hexdigest()


def is_installed(what: str, mark: str) -> bool:
    """Whether the stamp of an earlier run says that this is installed."""
    stamp = STAMPS / what
    return stamp.is_file() and stamp.read_text(encoding="ascii") == mark


def note(what: str, mark: str) -> None:
    """Leaves the stamp that saves the next run the work."""
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / what).write_text(mark, encoding="ascii")


def say(text: str) -> None:
    """A line of progress."""
    print(f"set-up: {text}", flush=True)


def pip(*arguments: str) -> None:
    """Runs the environment's pip; its own words are the explanation where it fails."""
    line = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments]
    if subprocess.run(line, cwd=ROOT, check=False).returncode != 0:
        raise SetupError("pip could not install this; its own words are above.")


def make_environment() -> None:
    """Makes .venv where it is missing, after checking the Python and the room on the disk."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whatever Python runs this file decides
        raise SetupError(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}.")
    if PYTHON.exists():
        return
    free = shutil.disk_usage(ROOT).free
    if free < ROOM_BYTES:
        raise SetupError(
            f"about {ROOM_BYTES // 1024**3} GB are needed in {ROOT}, "
            f"{free / 1024**3:.1f} GB are free."
        )
    say("making the virtual environment in .venv")
    try:
        venv.create(ENVIRONMENT, with_pip=True)
    except subprocess.CalledProcessError as error:
        raise SetupError("this Python lacks venv; on Debian: apt install python3-venv.") from error


def install_lock(lock: str) -> None:
    """Installs one lock file whole; complete locks need no resolving."""
    mark = fingerprint(lock)
    if is_installed(lock, mark):
        return
    lines = (REQUIREMENTS / f"{lock}.txt").read_text(encoding="utf-8").splitlines()
    count = sum(line[:1].isalnum() for line in lines)
    say(f"installing requirements/{lock}.txt ({count} packages)")
    pip("install", "--require-hashes", "--no-deps", "-r", f"requirements/{lock}.txt")
    note(lock, mark)


def torch_offer(index: str) -> dict[str, object]:
    """What the installer would take for torch: {"file", "cuda", "bytes"}."""
    line = [str(PYTHON), "tools/torch_choice.py", "requirements", index]
    done = subprocess.run(line, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SetupError("the package index could not be asked for torch; its words are above.")
    offer: dict[str, object] = json.loads(done.stdout)
    return offer


def refuse_cuda(offer: dict[str, object]) -> None:
    """Raises where only a CUDA build is offered; names its size and the ways on."""
    if offer["file"] is None:
        raise SetupError("the package index offers no torch for this machine and this Python.")
    if not offer["cuda"]:
        return
    size = int(str(offer["bytes"])) / 1e9
    raise SetupError(
        f"your package index offers torch only as a CUDA build: {size:.1f} GB to download, of use "
        "only with an NVIDIA GPU. Nothing was downloaded.\n"
        "        TORCH_INDEX=https://…  an index with a CPU build (PyTorch's own is "
        "https://download.pytorch.org/whl/cpu)\n"
        "        TORCH_INDEX=default    take the CUDA build all the same (as TORCH=gpu does)"
    )


def install_torch(choice: str, index: str) -> None:
    """Installs torch: for the processor, or for the GPU where TORCH=gpu or TORCH_INDEX=default."""
    if choice not in {"cpu", "gpu"}:
        raise SetupError(f"TORCH is cpu or gpu, not {choice!r}.")
    gpu = choice == "gpu" or index == "default"
    lock = "torch-gpu" if gpu else "torch"
    mark = fingerprint(lock, index)
    if is_installed("torch", mark):
        return
    if gpu:
        say("installing torch with CUDA: gigabytes, this takes a while")
        pip("install", "--require-hashes", "--no-deps", "-r", "requirements/torch-gpu.txt")
    else:
        install_torch_cpu(index)
    note("torch", mark)


def install_torch_cpu(index: str) -> None:
    """Installs the CPU build, from the extra index where one is named.

    A named index is trusted for torch alone: its builds differ by machine and have no known hash.
    """
    say("asking the package index which torch it offers")
    offer = torch_offer(index)
    refuse_cuda(offer)
    say(f"installing {offer['file']} ({int(str(offer['bytes'])) / 1e6:.0f} MB)")
    if index:
        version = (REQUIREMENTS / "torch.txt").read_text(encoding="utf-8").split("torch==")[1]
        wanted = f"torch=={version.split()[0]}"
        pip("install", "--no-deps", "--extra-index-url", index, wanted)
    else:
        pip("install", "--require-hashes", "--no-deps", "-r", "requirements/torch.txt")


def main() -> None:
    """Installs the lanes named on the command line, then torch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lanes", nargs="+", choices=sorted(LANES))
    lanes = parser.parse_args().lanes
    try:
        make_environment()
        for lock in dict.fromkeys(["pip", *(lock for lane in lanes for lock in LANES[lane])]):
            install_lock(lock)
        install_torch(os.environ.get("TORCH") or "cpu", os.environ.get("TORCH_INDEX", ""))
    except (SetupError, OSError) as error:
        sys.exit(f"set-up: {error}")


if __name__ == "__main__":
    main()
