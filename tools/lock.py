"""Writes requirements/*.txt from *.in: every package of every lane pinned once, with its hashes.

Run it as `make lock` after changing a .in file. dev.in includes all lanes but torch, so its lock
decides the versions and the smaller files follow it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "requirements"
LANES = ("web", "worker", "embedded", "test")
# torch is installed apart, by machine; without this line accelerate would bring its CUDA build.
WITHOUT_TORCH = "torch==2.13.0 ; sys_platform == 'none'\n"
COMMAND = [
    *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"),
    *("--generate-hashes", "--no-header", "--no-annotate"),
]


def why(name: str) -> str:
    """The first line of a .in file, which says why the file exists."""
    return (FOLDER / f"{name}.in").read_text(encoding="utf-8").split("\n", 1)[0]


def compile_lock(name: str, *options: str, python: str = "3.11") -> None:
    """Resolves one .in file and writes its .txt, headed by the same first line."""
    asked = [*COMMAND, f"--python-version={python}", *options, f"{name}.in"]
    done = subprocess.run(asked, cwd=FOLDER, check=True, stdout=subprocess.PIPE, text=True)
    text = f"{why(name)}\n# Made from {name}.in by `make lock`; do not edit.\n{done.stdout}"
    (FOLDER / f"{name}.txt").write_text(text, encoding="utf-8")


def main() -> None:
    """Locks dev first, then the lanes it includes at the same versions, then torch and pip."""
    with tempfile.TemporaryDirectory() as folder:
        override = Path(folder) / "override.txt"
        override.write_text(WITHOUT_TORCH, encoding="utf-8")
        without = (f"--override={override}", "--no-emit-package=torch")
        compile_lock("dev", *without)
        for lane in LANES:
            compile_lock(lane, *without, "--constraint=dev.txt")
    compile_lock("torch-gpu", "--constraint=dev.txt")
    compile_lock("pip")
    compile_lock("witness", "--constraint=dev.txt", python="3.12")


if __name__ == "__main__":
    main()
