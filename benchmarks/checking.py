"""What a check through the page costs, reader process included, against a bare read of the file."""

import resource
import time
from collections.abc import Callable
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
from provenance.verify.readers import READERS

MEGABYTE = 1024 * 1024
MORE_FRAMES = 8


def through_http(folder: Path, manifest: Manifest, files: int) -> Ratio:
    """Mean CPU time of `files` uploads of a clip of 1 MB, and of as many bare reads of it."""
    anchors = vault.anchors(settings.KEYS_DIR)
    path = clip_of_a_megabyte(folder, manifest, anchors)
    data, browser = path.read_bytes(), Client()

    def upload() -> None:
        file = BytesIO(data)
        file.name = "clip.mp4"
        assert browser.post("/verify/", {"file": file}).status_code == 200

    READERS.close()
    checks = _mean_cpu(upload, files, READERS.close)
    reads = _mean_cpu(lambda: credentials.read(path, anchors), files, lambda: None)
    path.unlink()
    return Ratio("a check of 1 MB through HTTP : a bare read", checks, reads)


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


def _mean_cpu(call: Callable[[], object], runs: int, end: Callable[[], object]) -> float:
    """CPU seconds a run, children included; `end` sees to it that they have been waited for."""
    call()
    end()
    before = _cpu()
    for _ in range(runs):
        call()
    end()
    return (_cpu() - before) / runs


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime
