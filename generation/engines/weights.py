"""The hash of a model's weights, and whether a folder is still what its card was made of."""

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from generation.errors import ModelUnavailable

from .catalog import ModelCard

CHUNK = 8 * 1024 * 1024
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
    files.append(folder / "model_index.json")
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def damage(card: ModelCard) -> str:
    """What is wrong with the folder of a card, as far as file names and sizes show; else empty.

    Cheap enough to be asked before a request is queued. Cards that list no files are believed.
    """
    if not card.files:
        return ""
    try:
        found = sizes(card.folder)
    except OSError:
        return f"The files of {card.title} cannot be read. The operator has to put them back."
    if found == card.files:
        return ""
    return (
        f"The files of {card.title} are not those its card was made of. "
        "The operator has to put them back, or add the model again."
    )


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
