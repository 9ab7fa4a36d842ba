"""Two thousand hostile files, the same each time: nothing breaks, hangs, stays behind, or lies."""

import html
import random
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from provenance.core.wording import STATES
from tests.assets import broken, strangers
from tests.core.clips import sha256_of
from tests.provenance.shelf import Shelf
from tests.provenance.test_verify import children

pytestmark = pytest.mark.slow

SEED = 20261126
LEAST = 2000
# A file may take its processor time and a little more; a loaded machine is given room.
CPU_SECONDS, WALL_SECONDS = 2, 20
HEADS = (
    b"\x1aE\xdf\xa3", b"PK\x03\x04", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0",
    b"RIFF\xff\xff\xff\xffWEBP", b"RIFF\0\0\0\0AVI ", b"GIF89a", b"II*\0", b"MM\0*",
    b"<?xml version='1.0'?><svg ", b"\xef\xbb\xbf<svg>", b"ID3\x04", b"OggS", b"\0",
)  # fmt: skip
NAMES = ("../../../etc/passwd", "..\\..\\x.mp4", "/etc/shadow", "a\0b.mp4", "-rf.mp4", ".", "..",
         "con", "x" * 300, "…/🜁.mp4", "<script>alert(1)</script>.mp4", "%2e%2e%2fx", "a\nb: c",
         "\u202e4pm.exe", "'; DROP TABLE log_entry; --", "")  # fmt: skip
MARKUP = ("<script>alert(1)</script>", "{{ settings.SECRET_KEY }}", "{% load static %}",
          "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "]]><!--", "\u202etxt",
          "&lt;b&gt;", "%(index)s %s {0}", "\x1b[2J", "\0", "a" * 3000)  # fmt: skip
BOXES = (b"ftyp", b"uuid", b"moov", b"mvhd", b"trak", b"mdat", b"jumb", b"jumd", b"cbor", b"free")

Case = tuple[str, str, bytes]


def cases(data: bytes, folder: Path, dice: random.Random) -> Iterator[Case]:
    """Kind of mutation, file name and bytes, one after the other."""
    for kind, count, mutate in (
        ("truncated", 300, truncated),
        ("manifest bit", 700, manifest_bit),
        ("any bit", 150, any_bit),
        ("size", 200, odd_size),
        ("zeroed", 150, zeroed),
        ("inserted", 100, inserted),
        ("nested", 60, nested),
        ("flooded", 60, flooded),
        ("wrong head", 150, wrong_head),
        ("noise", 60, noise),
    ):
        for _ in range(count):
            yield kind, "clip.mp4", mutate(data, dice)
    for name in NAMES * 4:
        yield "name", name, data
    for words in MARKUP:
        titled = strangers.titled(folder, words).read_bytes()
        yield "markup", f"{words[:40]}.mp4", titled
        yield "markup", "clip.mp4", broken.flipped(titled, len(titled) - 200)
    yield "flood beyond limits", "clip.mp4", broken.box_flood(b"")


def truncated(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data))]


def manifest_bit(data: bytes, dice: random.Random) -> bytes:
    """One bit, anywhere in the box of the credential."""
    start, end = broken.credential_box(data)
    changed = bytearray(data)
    changed[dice.randrange(start, end)] ^= 1 << dice.randrange(8)
    return bytes(changed)


def any_bit(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randint(1, 20)):
        changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def odd_size(data: bytes, dice: random.Random) -> bytes:
    """A box says that it is huge, without end, or smaller than its own head."""
    kind = dice.choice([box for box in BOXES if box in data])
    at = dice.choice(_places(data, kind)) - 4
    size = dice.choice((0, 1, 2, 7, 8, 0x7FFFFFFF, 0xFFFFFFFF, dice.randrange(2**32)))
    return data[:at] + struct.pack(">I", size) + data[at + 4 :] if at >= 0 else data[4:]


def zeroed(data: bytes, dice: random.Random) -> bytes:
    at, length = dice.randrange(len(data)), dice.choice((1, 16, 500, 5000))
    return data[:at] + b"\0" * length + data[at + length :]


def inserted(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + dice.choice((b"\0", b"\xff" * 64, data[:512], data)) + data[at:]


def nested(_: bytes, dice: random.Random) -> bytes:
    """Boxes within boxes within boxes."""
    kind, depth = (
        dice.choice((b"moov", b"trak", b"udta", b"jumb", b"uuid")),
        dice.choice((3, 50, 500, 5000)),
    )
    inner = b""
    for level in range(depth, 0, -1):
        inner = (
            b""
            if level > 400 and depth > 400
            else struct.pack(">I4s", 8 + len(inner), kind) + inner
        )
    head = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom")
    return head + struct.pack(">I4s", 8 * depth, kind) * depth + inner


def flooded(data: bytes, dice: random.Random) -> bytes:
    boxes = struct.pack(">I4s", 8, dice.choice(BOXES)) * dice.randint(10, 2500)
    return dice.choice((data + boxes, data[:32] + boxes + data[32:]))


def wrong_head(data: bytes, dice: random.Random) -> bytes:
    head = dice.choice(HEADS)
    return head + dice.choice((b"", data, data[len(head) :], dice.randbytes(200)))


def noise(_: bytes, dice: random.Random) -> bytes:
    return dice.randbytes(dice.randint(1, 30_000))


def _places(data: bytes, kind: bytes) -> list[int]:
    found, at = [], data.find(kind)
    while at >= 0:
        found.append(at)
        at = data.find(kind, at + 1)
    return found


EDGE = "not-in-any-file-8b1f"
MULTIPART = f"multipart/form-data; boundary={EDGE}"


def multipart(name: str, data: bytes) -> bytes:
    """An upload as a client may write it that is no browser: the name goes as it is."""
    named = name.replace('"', "%22").replace("\n", "%0A").encode("utf-8", "surrogateescape")
    head = b'Content-Disposition: form-data; name="file"; filename="' + named + b'"\r\n'
    kind = b"Content-Type: video/mp4\r\n\r\n"
    edge = EDGE.encode()
    return b"--" + edge + b"\r\n" + head + kind + data + b"\r\n--" + edge + b"--\r\n"


@pytest.fixture
def send(
    archive_of_the_shelf: Shelf, client: Client, settings: Settings, tmp_path: Path
) -> Callable[[str, bytes], tuple[int, dict[str, object], str]]:
    """Sends a file to the page; a 500 is raised here as what caused it."""
    settings.VERIFY_CPU_SECONDS, settings.VERIFY_WALL_SECONDS = CPU_SECONDS, WALL_SECONDS
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    settings.VERIFY_KEPT_DIR = tmp_path / "kept"
    archive_of_the_shelf.fill_ledger()

    def sent(name: str, data: bytes) -> tuple[int, dict[str, object], str]:
        answer = client.post("/verify/", multipart(name, data), content_type=MULTIPART)
        verdict = (answer.context or {}).get("verdict") or {}
        return answer.status_code, verdict, answer.content.decode()

    return sent


def test_nothing_breaks_hangs_stays_behind_or_lies(
    shelf: Shelf, tmp_path: Path,
    send: Callable[[str, bytes], tuple[int, dict[str, object], str]],
    tmp_path_factory: pytest.TempPathFactory, settings: Settings,
) -> None:  # fmt: skip
    issued = {row.sha256 for row in shelf.rows}
    dice = random.Random(SEED)
    count: Counter[str] = Counter()
    unnamed = 0
    for kind, name, data in cases(shelf.clip.data, tmp_path_factory.mktemp("markup"), dice):
        begun = time.monotonic()
        status, verdict, page = send(name, data)
        assert time.monotonic() - begun < WALL_SECONDS + 10, (kind, count[kind])
        told = (kind, count[kind], verdict.get("state"))
        assert status in {200, 422}, told
        identical = sha256_of(data) in issued
        if data and verdict:
            assert verdict["bit_identical"] is identical, told
            assert (verdict["verdict"] == "intact") is identical, told
            assert html.escape(STATES[verdict["state"]][1]) in page, told  # type: ignore[index]
        elif data:  # a file without a name is none, by the rules of forms
            assert kind == "name", told
            unnamed += 1
        for words in ("<script>alert", "<img src=x", settings.SECRET_KEY):
            assert words not in page, told
        assert list(tmp_path.iterdir()) == [], told
        count[kind] += 1
    assert count.total() >= LEAST
    assert count["name"] == len(NAMES) * 4
    assert unnamed <= 4 * 4
    assert len(children()) <= 4
    status, verdict, _ = send("clip.mp4", shelf.clip.data)
    assert (status, verdict["verdict"]) == (200, "intact")
