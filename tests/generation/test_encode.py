"""Frames become a file that plays everywhere, and the same frames the same file."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from generation import encode


@pytest.fixture
def frames() -> encode.Frames:
    """A blue square that walks to the right over red ground."""
    pictures = np.zeros((17, 64, 64, 3), np.uint8)
    pictures[..., 0] = 200
    for index in range(len(pictures)):
        pictures[index, 20:40, index : index + 20] = (20, 60, 200)
    return pictures


def test_the_file_has_exactly_the_frames_and_the_rate(
    frames: encode.Frames, tmp_path: Path
) -> None:
    encode.encode_mp4(frames, 8, tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.frames == 17
        assert stream.average_rate == Fraction(8)
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert float((stream.duration or 0) * (stream.time_base or 0)) == pytest.approx(17 / 8)
    assert len(encode.decode_mp4(tmp_path / "clip.mp4")) == 17


def test_the_index_comes_before_the_pictures(frames: encode.Frames, tmp_path: Path) -> None:
    encode.encode_mp4(frames, 8, tmp_path / "clip.mp4")
    data = (tmp_path / "clip.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_the_same_frames_give_the_same_bytes(frames: encode.Frames, tmp_path: Path) -> None:
    for name in ("first.mp4", "second.mp4"):
        encode.encode_mp4(frames, 8, tmp_path / name)
    assert (tmp_path / "first.mp4").read_bytes() == (tmp_path / "second.mp4").read_bytes()


def test_other_frames_give_other_bytes(frames: encode.Frames, tmp_path: Path) -> None:
    encode.encode_mp4(frames, 8, tmp_path / "first.mp4")
    encode.encode_mp4(frames[::-1], 8, tmp_path / "second.mp4")
    assert (tmp_path / "first.mp4").read_bytes() != (tmp_path / "second.mp4").read_bytes()


def test_colours_survive_the_way_through_the_file(frames: encode.Frames, tmp_path: Path) -> None:
    encode.encode_mp4(frames, 8, tmp_path / "clip.mp4")
    decoded = encode.decode_mp4(tmp_path / "clip.mp4")
    assert np.abs(decoded[8, 60, 60].astype(int) - (200, 0, 0)).max() <= 6
    assert np.abs(decoded[8, 30, 18].astype(int) - (20, 60, 200)).max() <= 6


def test_enlarging_multiplies_both_sides(frames: encode.Frames) -> None:
    assert encode.enlarge(frames, 4).shape == (17, 256, 256, 3)
    assert encode.enlarge(frames, 1) is frames


def test_poster_thumbnail_and_preview_are_pictures(frames: encode.Frames) -> None:
    poster = Image.open(io.BytesIO(encode.poster(frames)))
    assert (poster.format, poster.size) == ("WEBP", (64, 64))
    small = Image.open(io.BytesIO(encode.thumbnail(encode.enlarge(frames, 8))))
    assert (small.format, small.size) == ("JPEG", (256, 256))
    preview = Image.open(io.BytesIO(encode.preview(frames, 8)))
    assert (preview.format, getattr(preview, "n_frames", 1)) == ("WEBP", 17)
