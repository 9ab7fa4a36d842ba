"""Files named by their defect, made from a sound one in memory; `python -m` writes them to look at.

Nothing of this is kept in the repository: every file is a few lines of a recipe.
"""

import io
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import av

from generation.encode import decode_mp4, encode_mp4

C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
FLOOD_BOXES = 300_000

Recipe = Callable[[bytes], bytes]


def boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of every top-level box of an MP4."""
    start = 0
    while start + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        yield kind, start, start + size
        start += size


def credential_box(data: bytes) -> tuple[int, int]:
    """Start and end of the box that holds the credential."""
    return next(
        (start, end)
        for kind, start, end in boxes(data)
        if kind == b"uuid" and data[start + 8 : start + 24] == C2PA_UUID
    )


def flipped(data: bytes, at: int) -> bytes:
    """One bit of one byte is different."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def media_byte_flipped(data: bytes) -> bytes:
    """One bit in the middle of the pictures is different."""
    start, end = next((start, end) for kind, start, end in boxes(data) if kind == b"mdat")
    return flipped(data, (start + end) // 2)


def index_byte_flipped(data: bytes) -> bytes:
    """One bit of the time in the file's index is different; the pictures are untouched."""
    start = next(start for kind, start, _ in boxes(data) if kind == b"moov")
    return flipped(data, start + 8 + 8 + 4 + 3)


def other_prompt(data: bytes, prompt: bytes, other: bytes) -> bytes:
    """The prompt inside the credential was replaced by one of the same length."""
    assert len(prompt) == len(other)
    assert data.count(prompt) == 1
    return data.replace(prompt, other)


def free_box_appended(data: bytes) -> bytes:
    """A box was appended whose bytes the standard leaves uncovered."""
    return data + struct.pack(">I4s", 8 + 1000, b"free") + b"hidden " * 142 + b"......"


def bytes_appended(data: bytes) -> bytes:
    """Something that is no box was appended."""
    return data + b"\0" * 100


def archive_appended(data: bytes) -> bytes:
    """A zip file was appended: readers take its first bytes for a box that has no end."""
    return data + b"PK\x03\x04" + b"\0" * 26 + b"PK\x05\x06" + b"\0" * 18


def stripped(data: bytes) -> bytes:
    """The credential was made invisible, as a platform does it; the pictures are untouched."""
    start, end = credential_box(data)
    return data[:start] + struct.pack(">I4s", end - start, b"free") + data[start + 8 :]


def transplanted(data: bytes, other: bytes) -> bytes:
    """The credential of `data` stands in front of the pictures of `other`."""
    start, end = credential_box(data)
    other_start, other_end = credential_box(other)
    return other[:other_start] + data[start:end] + other[other_end:]


def damaged_credential(data: bytes) -> bytes:
    """The signed claim inside the credential was overwritten with zeros."""
    start, end = credential_box(data)
    claim = data.index(b"c2pa.claim.v2\0", start, end)
    return data[: claim + 14] + b"\0" * 200 + data[claim + 214 :]


def cut_within_credential(data: bytes) -> bytes:
    """The file ends in the middle of its credential."""
    start, end = credential_box(data)
    return data[: (start + end) // 2]


def cut_in_half(data: bytes) -> bytes:
    """The file ends in the middle of its pictures."""
    _, end = credential_box(data)
    return data[: (end + len(data)) // 2]


def box_flood(_: bytes) -> bytes:
    """300,000 empty boxes in 2.4 MB: the reader's time grows with the square of their number."""
    ftyp = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom")
    return ftyp + struct.pack(">I4s", 8, b"free") * FLOOD_BOXES


def webm(_: bytes) -> bytes:
    """A sound video of a kind that cannot carry a credential."""
    return _video("webm", "libvpx")


def matroska(_: bytes) -> bytes:
    """The same as a Matroska file."""
    return _video("matroska", "libvpx")


def _video(container: str, codec: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=8)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = 64
        frame = av.VideoFrame(64, 64, "yuv420p")
        for packet in (*stream.encode(frame), *stream.encode(None)):
            output.mux(packet)
    return file.getvalue()


def reencoded(data: bytes) -> bytes:
    """The pictures were decoded and encoded anew, as every platform does."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source.mp4", Path(folder) / "target.mp4"
        source.write_bytes(data)
        encode_mp4(decode_mp4(source), 8, target)
        return target.read_bytes()


def remuxed(data: bytes) -> bytes:
    """The pictures were put into a new file as they are, which leaves the credential behind."""
    file = io.BytesIO()
    with av.open(io.BytesIO(data), "r") as source, av.open(file, "w", format="mp4") as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copied
                target.mux(packet)
    return file.getvalue()


def empty(_: bytes) -> bytes:
    """No byte at all."""
    return b""


def text(_: bytes) -> bytes:
    """A letter to the editor."""
    return b"Dear editor, this is no video.\n" * 20


def archive_file(_: bytes) -> bytes:
    """An empty zip file."""
    return b"PK\x05\x06" + b"\0" * 18


DEFECTS: dict[str, Recipe] = {
    recipe.__name__: recipe
    for recipe in (
        media_byte_flipped, index_byte_flipped, remuxed, free_box_appended, bytes_appended,
        archive_appended,
        stripped, damaged_credential, cut_within_credential, cut_in_half, box_flood, reencoded,
        webm, matroska, empty, text, archive_file,
    )
}  # fmt: skip


def main(source: Path, target: Path) -> None:
    """Write every broken version of a signed clip into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    sound = source.read_bytes()
    for name, recipe in DEFECTS.items():
        (target / f"{name}.mp4").write_bytes(recipe(sound))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
