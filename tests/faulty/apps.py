"""Points of the line at which a worker stands still until it is killed or let go.

A file named like the point in the folder FAULTS arms it. The first process that comes by takes it,
writes its process group and the generation into `<point>.reached`, and goes on once that is gone.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.apps import AppConfig

POINTS = (
    "claimed", "attempt-logged", "rendering", "encoding", "encoded", "rendered-uncommitted",
    "rendered-logged", "signing", "signed", "read-back", "kept", "pictures", "recording",
    "recorded",
)  # fmt: skip
TWICE = "twice"
LOOK_SECONDS = 0.02


def folder() -> Path:
    return Path(os.environ["FAULTS"])


def reached(point: str, generation: object = "") -> None:
    """Stand still here, if anybody wants it."""
    from generation.telling import CURRENT

    try:
        (folder() / point).rename(folder() / f"{point}.taken")
    except FileNotFoundError:
        return
    draft = folder() / f"{point}.taken"
    draft.write_text(f"{os.getpgrp()} {os.getpid()} {CURRENT.get() or generation}")
    standing = draft.rename(folder() / f"{point}.reached")
    while standing.exists():
        time.sleep(LOOK_SECONDS)


class HalfWay:
    """Frames that stop coming in the middle, with half a file on the disk."""

    def __init__(self, frames: Any) -> None:
        self._frames, self.shape = frames, frames.shape

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[Any]:
        for number, frame in enumerate(self._frames):
            if number == len(self._frames) // 2:
                reached("encoding")
            yield frame


def before(module: Any, name: str, point: str) -> None:
    call = getattr(module, name)

    def stopping(*args: Any, **kwargs: Any) -> Any:
        reached(point)
        return call(*args, **kwargs)

    setattr(module, name, stopping)


def after(module: Any, name: str, point: str, only: Callable[..., bool] = lambda *_: True) -> None:
    call = getattr(module, name)

    def stopping(*args: Any, **kwargs: Any) -> Any:
        result = call(*args, **kwargs)
        if only(*args):
            reached(point, args[0])
        return result

    setattr(module, name, stopping)


def stand_still(**_: object) -> None:
    """Wrap the steps of the line; called in a worker's child, before its first task."""
    from dataclasses import replace

    from generation import asking, encode, leases, line, storage
    from generation.models import State
    from provenance import vault
    from provenance.core import credentials
    from provenance.core.records import EntryType
    from provenance.log import outbox

    after(leases, "claim", "claimed")
    after(line, "wait_until_logged", "attempt-logged")
    before(leases, "report_step", "rendering")
    after(encode, "encode_mp4", "encoded")
    after(outbox, "submit", "rendered-uncommitted", lambda kind, *_: kind == EntryType.RENDERED)
    after(line, "_log_rendered", "rendered-logged")
    after(credentials, "embed", "signed")
    after(line, "_read_back", "read-back")
    after(storage, "keep", "kept")
    after(line, "_pictures", "pictures")
    after(asking, "close", "recording", lambda _, state, *__: state == State.DONE)
    after(line, "_record", "recorded")
    encoded, identity_of = encode.encode_mp4, vault.signing_identity

    def half(frames: Any, fps: int, target: Path) -> None:
        encoded(HalfWay(frames), fps, target)  # type: ignore[arg-type]

    def signing(*args: Any) -> Any:
        identity = identity_of(*args)

        def sign(data: bytes) -> bytes:
            reached("signing")
            return identity.sign(data)

        return replace(identity, sign=sign)

    encode.encode_mp4 = half
    vault.signing_identity = signing  # type: ignore[assignment]


def ring_twice() -> None:
    """Every message goes out twice while there is a file named `twice`."""
    from generation import tasks

    send = tasks.send

    def doubled(generation_id: str, queue: str) -> None:
        send(generation_id, queue)
        if (folder() / TWICE).exists():
            send(generation_id, queue)

    tasks.send = doubled


class Faulty(AppConfig):
    """Installs the points in worker processes, and the doubled doorbell everywhere."""

    name = "tests.faulty"

    def ready(self) -> None:
        from celery import signals

        ring_twice()
        signals.worker_process_init.connect(stand_still, weak=False)
