"""What a large upload costs the web process in memory: a real gunicorn, its peak over its rest."""

import http.client
import json
import os
import socket
import struct
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from generation import encode
from provenance import vault
from provenance.core import credentials, manifests
from tests.stack import Stack, wait_until

MEGABYTE = 1024 * 1024
_SETTLE_SECONDS = 0.5


@dataclass(frozen=True)
class Memory:
    """Resident bytes of the web process at rest, and at its peak while a file was checked."""

    idle: int
    peak: int
    answer: dict[str, Any]


def while_checking(stack: Stack, port: int, file: Path) -> Memory:
    """Send a file to the API of a web server that has answered before."""
    wait_until(lambda: answers(port), "the web server answers")
    master = stack.processes["web"].pid
    for _ in range(3):  # imports, connections, the first reader
        assert _post(port, b"a letter to warm up")[0] == 422
    (worker,) = _children(master)
    time.sleep(_SETTLE_SECONDS)
    idle = _status(worker, "VmRSS")
    Path(f"/proc/{worker}/clear_refs").write_text("5")  # the peak is counted from here
    status, body = _post(port, file)
    assert status == 200, body[:500]
    return Memory(idle, _status(worker, "VmHWM"), json.loads(body))


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def large_clip(folder: Path, keys_dir: Path, size: int) -> Path:
    """A signed MP4 of about `size` bytes: a small clip with a great deal of media data."""
    media, target = folder / "large.raw.mp4", folder / "large.mp4"
    frames = np.random.default_rng(7).integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
    encode.encode_mp4(frames, 8, media)
    chunk = os.urandom(MEGABYTE)
    with media.open("ab") as stream:
        stream.write(struct.pack(">I4s", 8 + size // MEGABYTE * MEGABYTE, b"mdat"))
        for _ in range(size // MEGABYTE):
            stream.write(chunk)
    created = {"action": "c2pa.created", "digitalSourceType": manifests.FULLY_GENERATED}
    manifest = manifests.Manifest(
        {
            "claim_version": 2,
            "claim_generator_info": [{"name": "bench", "version": "1"}],
            "title": "large",
            "assertions": [
                {"label": manifests.ACTIONS, "data": {"actions": [created]}, "created": True}
            ],
        }
    )
    identity, anchors = vault.signing_identity(keys_dir), vault.anchors(keys_dir)
    credentials.embed(media, target, manifest, encode.thumbnail(frames), identity, anchors)
    media.unlink()
    return target


def _post(port: int, file: Path | bytes) -> tuple[int, bytes]:
    """One multipart upload, streamed."""
    edge = uuid.uuid4().hex
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="clip.mp4"\r\n'
        "Content-Type: video/mp4\r\n\r\n"
    ).encode()
    tail = f"\r\n--{edge}--\r\n".encode()
    size = len(file) if isinstance(file, bytes) else file.stat().st_size
    connection = http.client.HTTPConnection("localhost", port, timeout=300)
    connection.putrequest("POST", "/api/v1/verify")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={edge}")
    connection.putheader("Content-Length", str(len(head) + size + len(tail)))
    connection.endheaders()
    for part in _parts(head, file, tail):
        connection.send(part)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


def _parts(head: bytes, file: Path | bytes, tail: bytes) -> Iterator[bytes]:
    yield head
    if isinstance(file, bytes):
        yield file
    else:
        with file.open("rb") as stream:
            while chunk := stream.read(MEGABYTE):
                yield chunk
    yield tail


def _children(parent: int) -> list[int]:
    """The processes that a process has started and that serve the web."""
    wait_until(lambda: _listed(parent), "gunicorn has a worker", 60)
    return _listed(parent)


def _listed(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(number) for number in text.split()]


def _status(process: int, field: str) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(field)
