"""Frames to files: the only caller of the encoder.

The same frames give the same bytes: one thread, bit-exact flags, time stamps counted in frames.
Across FFmpeg versions the bytes may differ, so a file is always known by its own hash.
"""

import io
import os
from collections import deque
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

Frames = npt.NDArray[np.uint8]  # (count, height, width, 3), RGB

# The same picture for every browser: AVIF where it is known, JPEG where nothing else is, which
# goes for most programs that show a link's picture.
POSTERS = {
    "webp": ("WEBP", {"quality": 90, "method": 6}),
    "avif": ("AVIF", {"quality": 75, "speed": 6}),
    "jpeg": ("JPEG", {"quality": 88}),
}
PREVIEW_QUALITY = 75
THUMBNAIL_EDGE = 256
# AVColorRange, AVColorPrimaries, AVColorTransferCharacteristic and AVColorSpace numbers of H.273.
LIMITED_RANGE, BT709 = 1, 1
RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def enlarge(frames: Frames, factor: int, resampling: str = "lanczos") -> Frames:
    """Frames (count, height, width, 3) enlarged `factor` times in both directions."""
    if factor == 1:
        return frames
    height, width = frames.shape[1] * factor, frames.shape[2] * factor
    method = RESAMPLING[resampling]
    return np.stack(
        [np.asarray(Image.fromarray(frame).resize((width, height), method)) for frame in frames]
    )


def encode_mp4(frames: Frames, fps: int, target: Path) -> None:
    """Write frames (count, height, width, 3; even sizes) as H.264 yuv420p MP4, moov box first.

    The file has exactly `len(frames)` frames at exactly `fps` frames per second and is on disk
    (fsync) when this returns. FFmpeg reopens the output by name to move the moov box forward,
    so `target` must be a real path.
    """
    _, height, width, _ = frames.shape
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(target), "w", format="mp4", options=options) as container:
        stream = container.add_stream(
            "libx264", rate=fps, options={"crf": "18", "preset": "medium"}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, fps)
        context = stream.codec_context
        context.thread_count = 1
        context.flags |= av.codec.context.Flags.bitexact
        context.color_range = LIMITED_RANGE
        context.color_primaries = context.color_trc = context.colorspace = BT709
        for index, pixels in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
                format="yuv420p", dst_colorspace=BT709, dst_color_range=LIMITED_RANGE
            )
            picture.pts, picture.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    with target.open("rb") as written:
        os.fsync(written.fileno())


def decode_mp4(source: Path) -> Frames:
    """All frames of a video file as (count, height, width, 3) RGB."""
    with av.open(str(source)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def frame_of(source: Path, which: str) -> npt.NDArray[np.uint8]:
    """The "first" or the "last" frame (height, width, 3) of a video file, RGB."""
    with av.open(str(source)) as container:
        frames = container.decode(video=0)
        found = next(frames) if which == "first" else deque(frames, maxlen=1).pop()
        return np.asarray(found.to_ndarray(format="rgb24"), dtype=np.uint8)


def poster(frames: Frames, kind: str = "webp") -> bytes:
    """One frame, from the middle of the clip where the motion is under way; a kind of POSTERS."""
    form, options = POSTERS[kind]
    return _image(frames[len(frames) // 2], form, **options)


def thumbnail(frames: Frames) -> bytes:
    """A small JPEG of the poster frame, for the inside of the credential."""
    picture = Image.fromarray(frames[len(frames) // 2])
    picture.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE))
    return _image(np.asarray(picture), "JPEG", quality=85)


def preview(frames: Frames, fps: int, edge: int = 256) -> bytes:
    """The whole clip as a looping WebP animation, at most `edge` pixels wide and high."""
    pictures = [Image.fromarray(frame) for frame in frames]
    for picture in pictures:
        picture.thumbnail((edge, edge))
    sink = io.BytesIO()
    pictures[0].save(
        sink, "WEBP", save_all=True, append_images=pictures[1:], duration=round(1000 / fps),
        loop=0, quality=PREVIEW_QUALITY, method=4,
    )  # fmt: skip
    return sink.getvalue()


def _image(pixels: npt.NDArray[np.uint8], kind: str, **options: int) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, kind, **options)
    return sink.getvalue()
