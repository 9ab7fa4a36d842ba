"""What a check through the page costs, reader process included, against a bare read of the file."""

import resource
import statistics
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from django.conf import settings
from django.test import Client

from benchmarks.measure import Ratio
from generation import encode
from provenance import vault
from provenance.core import credentials
from provenance.core.manifests import Manifest
from provenance.verify.reader import FILES_PER_READER
from provenance.verify.readers import READERS

MEGABYTE = 1024 * 1024
MORE_FRAMES = 8
WAYS = {"/api/v1/verify": "the API", "/verify/": "the page"}


def through_http(folder: Path, manifest: Manifest, pairs: int) -> Iterator[Ratio]:
    """Median CPU time of an upload of a clip of 1 MB, to a program's address and to the page's,
    each against a bare read of it, in turns.

    A turn is the life of one reader, so that its start counts with every file that it serves.
    """
    anchors = vault.anchors(settings.KEYS_DIR)
    path = clip_of_a_megabyte(folder, manifest, anchors)
    data, browser = path.read_bytes(), Client()

    def upload(address: str) -> None:
        file = BytesIO(data)
        file.name = "clip.mp4"
        assert browser.post(address, {"file": file}).status_code == 200

    def checks(address: str) -> float:
        READERS.close()
        return _mean_cpu(lambda: upload(address), READERS.close)

    def reads() -> float:
        return _mean_cpu(lambda: credentials.read(path, anchors), lambda: None)

    for address in WAYS:
        upload(address)
    turns = [(reads(), *(checks(address) for address in WAYS)) for _ in range(pairs)]
    path.unlink()
    read, *checked = (statistics.median(costs) for costs in zip(*turns, strict=True))
    for name, cost in zip(WAYS.values(), checked, strict=True):
        yield Ratio(f"a check of 1 MB through {name} : a bare read", cost, read)


def clip_of_a_megabyte(folder: Path, manifest: Manifest, anchors: list[credentials.Anchor]) -> Path:
    """A signed clip of noise, as long as it takes to reach a megabyte."""
    random = np.random.default_rng(7)
    media, target = folder / "noise.mp4", folder / "noise-signed.mp4"
    count = 0
    while count == 0 or media.stat().st_size < MEGABYTE:
        count += MORE_FRAMES
        frames = random.integers(0, 256, (count, 256, 256, 3), dtype=np.uint8)
        encode.encode_mp4(frames, 8, media)
    identity = vault.signing_identity(settings.KEYS_DIR)
    credentials.embed(media, target, manifest, encode.thumbnail(frames), identity, anchors)
    media.unlink()
    return target


def _mean_cpu(call: Callable[[], object], end: Callable[[], object]) -> float:
    """CPU seconds a run, children included; `end` sees to it that they have been waited for."""
    before = _cpu()
    for _ in range(FILES_PER_READER):
        call()
    end()
    return (_cpu() - before) / FILES_PER_READER


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime
