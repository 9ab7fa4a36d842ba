"""Asks the installer which torch it would take here, and how big that is, before it takes it.

Run by the virtual environment's Python. It uses the insides of pip, which requirements/pip.txt
pins exactly: pip itself downloads a whole wheel, half a gigabyte, before it says what needs it.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from pip._internal.commands import create_command
from pip._internal.metadata import FilesystemWheel, get_wheel_distribution
from pip._internal.network.lazy_wheel import HTTPRangeRequestUnsupported, dist_from_wheel_url
from pip._vendor.packaging.markers import Marker
from pip._vendor.packaging.specifiers import SpecifierSet
from pip._vendor.packaging.utils import canonicalize_name

REQUIREMENT = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+))?")
TORCH = canonicalize_name("torch")
CUDA = re.compile(r"^(nvidia-|cuda-|triton)")


class Index:
    """The package index as the user's own pip settings describe it, and one extra where named."""

    def __init__(self, command: Any, extra: str = "") -> None:
        arguments = ["--extra-index-url", extra] if extra else []
        options, _ = command.parse_args([*arguments, "torch"])
        self.session = command.get_default_session(options)
        self._finder = command._build_package_finder(options, self.session)

    def link(self, name: str, version: str) -> Any:
        """Where pip would fetch this very version for this machine, or None."""
        found = self._finder.find_best_candidate(name, SpecifierSet(f"=={version}"))
        return found.best_candidate.link if found.best_candidate else None

    def size(self, name: str, version: str) -> int:
        """Bytes of the file pip would fetch; 0 where the index does not say."""
        link = self.link(name, version)
        if link is None:
            return 0
        if link.is_file:
            return Path(link.file_path).stat().st_size
        answer = self.session.head(link.url_without_fragment, allow_redirects=True, timeout=20)
        return int(answer.headers.get("content-length", 0))

    def needs_cuda(self, link: Any) -> bool:
        """Whether the wheel asks for NVIDIA's libraries, read from its metadata alone."""
        if "+cpu" in link.filename or not link.is_wheel:
            return False
        try:
            wheel = self._metadata(link)
        except HTTPRangeRequestUnsupported:
            return sys.platform == "linux"  # the default index's builds for Linux are CUDA builds
        needed = wheel.iter_dependencies()
        return any(CUDA.match(need.name) and _applies(need.marker) for need in needed)

    def _metadata(self, link: Any) -> Any:
        if link.is_file:
            return get_wheel_distribution(FilesystemWheel(link.file_path), TORCH)
        return dist_from_wheel_url(TORCH, link.url_without_fragment, self.session)


def _applies(marker: Any) -> bool:
    return marker is None or bool(marker.evaluate({"extra": ""}))


def pinned(lock: Path) -> dict[str, str]:
    """Names and versions of a lock file that apply to this machine."""
    found: dict[str, str] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        match = REQUIREMENT.match(line)
        if match is None:
            continue
        marker = (match["marker"] or "").strip()
        if not marker or Marker(marker).evaluate():
            found[match["name"]] = match["version"]
    return found


def offer(index: Index, requirements: Path) -> dict[str, object]:
    """The torch pip would install with these settings: {"file", "cuda", "bytes"}."""
    version = pinned(requirements / "torch.txt")["torch"]
    link = index.link("torch", version)
    if link is None:
        return {"file": None, "cuda": False, "bytes": 0}
    cuda = index.needs_cuda(link)
    wanted = pinned(requirements / "torch-gpu.txt") if cuda else {"torch": version}
    total = sum(index.size(name, number) for name, number in wanted.items())
    return {"file": link.filename, "cuda": cuda, "bytes": total}


def main() -> None:
    """Prints the offer as JSON; arguments: the folder of the locks, an extra index or nothing."""
    command: Any = create_command("install")
    with command.main_context():
        index = Index(command, sys.argv[2])
        print(json.dumps(offer(index, Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
