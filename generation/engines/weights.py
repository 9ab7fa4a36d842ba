"""The hash of a model's weights, and whether a folder is still what its card was made of."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from generation.errors import ModelUnavailable

from .catalog import ModelCard

CHUNK = 8 * 1024 * 1024
INDEX = "model_index.json"
HEAD_LIMIT = 100_000_000  # of the format itself
Progress = Callable[[int], object]
"""Called with the number of bytes just read."""


def weights_sha256(folder: Path, progress: Progress = lambda _: None) -> str:
    """SHA-256 over every file that decides the frames: `<sha256>  <relative path>` lines, sorted.

    Anyone can repeat it with `sha256sum` inside the folder; card.json and README.md do not count.
    """
    lines = [f"{_digest(folder / name, progress)}  {name}\n" for name in sorted(sizes(folder))]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def sizes(folder: Path) -> Mapping[str, int]:
    """Every file that decides the frames with its size in bytes, by its path in the folder."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent != folder]
    files = [path for path in files if not path.relative_to(folder).parts[0].startswith(".")]
    files.append(folder / INDEX)
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def damage(card: ModelCard) -> str:
    """What is wrong with the folder of a card, in words fit for its artist; empty where nothing is.

    Reads names, sizes and the heads of the weights, never the weights: cheap enough to be asked
    before a request is queued. That a byte has changed in between only their hash shows, which
    the worker asks for (`checked_sha256`). A folder that holds a card and nothing else is that of
    a web server, whose workers have the weights on other machines.
    """
    try:
        if not any(path.is_dir() or path.name == INDEX for path in card.folder.iterdir()):
            return ""
        found = sizes(card.folder)
        wrong = [name for name in found if not _whole(card.folder / name)]
    except OSError:
        return f"The files of {card.title} cannot be read. The operator has to put them back."
    if (card.files and found != card.files) or wrong or _without_weights(found):
        return (
            f"The files of {card.title} are not those its card was made of. "
            "The operator has to put them back, or add the model again."
        )
    return ""


def _whole(path: Path) -> bool:
    """Whether a file of weights is as long as its own head says; other files always are.

    The head of safetensors is 8 bytes with its length, little-endian, and that many of JSON.
    """
    if path.suffix != ".safetensors":
        return True
    size = path.stat().st_size
    with path.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if not 0 < length <= min(size, HEAD_LIMIT):
            return False
        try:
            head = json.loads(opened.read(length))
            ends = [int(part["data_offsets"][1]) for name, part in head.items() if name[:2] != "__"]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return False
    return size == 8 + length + max(ends, default=0)


def _without_weights(found: Mapping[str, int]) -> bool:
    """Whether a part that a network's config belongs to has no weights we would load."""
    parts = {Path(name).parent for name in found if Path(name).name == "config.json"}
    filled = {Path(name).parent for name in found if name.endswith(".safetensors")}
    return bool(parts - filled)


def checked_sha256(card: ModelCard) -> str:
    """The hash of the folder now; raises ModelUnavailable where the card says another.

    Hashed once per process and state of the files: a model of 20 GB takes a minute to read.
    """
    try:
        found = _hashed(card.folder, _state(card.folder))
    except OSError as error:
        raise ModelUnavailable(
            f"The model in {card.folder.name} cannot be read: {error.strerror}."
        ) from error
    if card.weights_sha256 and found != card.weights_sha256:
        raise ModelUnavailable(
            f"The weights of {card.title} have changed since its card was made. Put the old files "
            "back, or run manage.py addmodel again."
        )
    return found


def _state(folder: Path) -> frozenset[tuple[str, int, int]]:
    stats = {name: (folder / name).stat() for name in sizes(folder)}
    return frozenset((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats.items())


@lru_cache(maxsize=32)
def _hashed(folder: Path, state: frozenset[tuple[str, int, int]]) -> str:
    return weights_sha256(folder)


def _digest(path: Path, progress: Progress) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            digest.update(chunk)
            progress(len(chunk))
    return digest.hexdigest()
