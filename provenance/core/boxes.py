"""The outermost boxes of an MP4 and its kin (ISO/IEC 14496-12): what of a file is still as it was.

The validator answers for the whole file at once. Whether the pictures alone are those that were
issued, whether the end is missing, and the credential's own bytes can be told from these boxes.
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
MOST_BOXES = 4096
_CHUNK = 1024 * 1024
_HEADER = 8
_LONG_HEADER = 16
# Versions, purpose "manifest\0" and the offset of a Merkle box stand before the credential.
_PURPOSE = b"manifest\0"
_BEFORE_MANIFEST = 4 + len(_PURPOSE) + 8


@dataclass(frozen=True)
class Box:
    """One box: its type, where it begins, where its payload begins, and its end (exclusive)."""

    kind: bytes
    start: int
    payload: int
    end: int


@dataclass(frozen=True)
class Shape:
    """What the boxes say: how many bytes of pictures there are, and whether the end is there.

    The pictures are the payloads of all `mdat` boxes, in their order; `size` is 0 where there are
    none, or where their own end is missing.
    """

    media: tuple[Box, ...]
    whole: bool

    @property
    def size(self) -> int:
        """Bytes of pictures."""
        return sum(box.end - box.payload for box in self.media)

    def pictures(self, stream: IO[bytes]) -> str:
        """SHA-256 (hex) of the pictures; empty where there are none."""
        digest = hashlib.sha256()
        for box in self.media:
            for chunk in _read(stream, box.payload, box.end):
                digest.update(chunk)
        return digest.hexdigest() if self.media else ""


def shape_of(stream: IO[bytes]) -> Shape | None:
    """The shape of a file; None where it is no such file or has more boxes than any honest one."""
    size = stream.seek(0, os.SEEK_END)
    found = _all_boxes(stream, size)
    if not found or found[0].kind != b"ftyp":
        return None
    media = tuple(box for box in found if box.kind == b"mdat")
    if any(box.end > size for box in media):
        media = ()
    return Shape(media, whole=found[-1].end == size)


def pictures_of(stream: IO[bytes]) -> tuple[str, int]:
    """SHA-256 (hex) of a file's pictures and how many bytes they are; empty and 0 for none."""
    shape = shape_of(stream)
    return (shape.pictures(stream), shape.size) if shape else ("", 0)


def manifest_of(stream: IO[bytes]) -> bytes:
    """The manifest store of an MP4 as it lies in the file (JUMBF); empty where there is none."""
    size = stream.seek(0, os.SEEK_END)
    for box in _all_boxes(stream, size) or ():
        if box.kind == b"uuid" and box.end <= size:
            stream.seek(box.payload)
            payload = stream.read(box.end - box.payload)
            rest = payload.removeprefix(C2PA_UUID)
            if len(rest) < len(payload) and rest[4:].startswith(_PURPOSE):
                return rest[_BEFORE_MANIFEST:]
    return b""


def _all_boxes(stream: IO[bytes], size: int) -> list[Box] | None:
    """Boxes until the end or until one reaches beyond it; None for too many and for nonsense."""
    found: list[Box] = []
    start = 0
    while size - start >= _HEADER:
        box = _box(stream, start, size)
        if box is None or len(found) == MOST_BOXES:
            return None
        found.append(box)
        start = box.end
    if 0 < size - start < _HEADER:  # a stump that is no box any more
        found.append(Box(b"", start, start, size + 1))
    return found


def _box(stream: IO[bytes], start: int, size: int) -> Box | None:
    stream.seek(start)
    head = stream.read(_LONG_HEADER)
    length, kind = struct.unpack_from(">I4s", head)
    payload = start + _HEADER
    if length == 1:
        if len(head) < _LONG_HEADER:
            return None
        (length,) = struct.unpack_from(">Q", head, _HEADER)
        payload = start + _LONG_HEADER
    elif length == 0:  # to the end of the file
        length = size - start
    if length < payload - start:
        return None
    return Box(kind, start, payload, start + length)


def _read(stream: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    stream.seek(start)
    left = end - start
    while left > 0 and (chunk := stream.read(min(_CHUNK, left))):
        left -= len(chunk)
        yield chunk
