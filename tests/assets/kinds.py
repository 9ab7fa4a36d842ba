"""One small file of every kind that the verify page takes, signed by an archive."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import av
import c2pa
from PIL import Image

from provenance.core import manifests
from tests.core.clips import FPS, Archive, pictures

SVG = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- a square -->
<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="20" height="20"/></svg>
"""


def _picture(kind: str) -> Callable[[], bytes]:
    def made() -> bytes:
        file = io.BytesIO()
        Image.fromarray(pictures()[0]).save(file, kind)
        return file.getvalue()

    return made


def _video(container: str, codec: str) -> Callable[[], bytes]:
    def made() -> bytes:
        file = io.BytesIO()
        with av.open(file, "w", format=container) as output:
            stream = output.add_stream(codec, rate=FPS)
            assert isinstance(stream, av.VideoStream)
            stream.width = stream.height = 64
            stream.pix_fmt = "yuv420p"
            for frame in pictures():
                for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
                    output.mux(packet)
            for packet in stream.encode(None):
                output.mux(packet)
        return file.getvalue()

    return made


# By the ending of the file's name: its media type, and how to make one.
KINDS: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "mp4": ("video/mp4", _video("mp4", "libx264")),
    "mov": ("video/quicktime", _video("mov", "mpeg4")),
    "m4v": ("video/x-m4v", _video("mp4", "mpeg4")),
    "avi": ("video/avi", _video("avi", "mpeg4")),
    "avif": ("image/avif", _picture("AVIF")),
    "png": ("image/png", _picture("PNG")),
    "jpg": ("image/jpeg", _picture("JPEG")),
    "webp": ("image/webp", _picture("WEBP")),
    "gif": ("image/gif", _picture("GIF")),
    "tiff": ("image/tiff", _picture("TIFF")),
    "svg": ("image/svg+xml", lambda: SVG),
}


def signed(ending: str, archive: Archive) -> bytes:
    """A file of a kind with a credential of the archive, which did not issue it."""
    media_type, make = KINDS[ending]
    return _signed(_definition(ending), media_type, make(), archive)


def verbose(archive: Archive, statements: int, letters: int) -> bytes:
    """An MP4 whose credential, signed by the archive's key, says a great deal."""
    definition = _definition("t" * letters)
    definition["assertions"] += [
        {"label": f"org.example.statement{n}", "data": {"text": "x" * letters}}
        for n in range(statements)
    ]
    return _signed(definition, "video/mp4", KINDS["mp4"][1](), archive)


def _definition(title: str) -> dict[str, Any]:
    created = {"action": "c2pa.created", "digitalSourceType": manifests.FULLY_GENERATED}
    return {
        "claim_version": 2,
        "claim_generator_info": [{"name": "other software", "version": "1"}],
        "title": title,
        "assertions": [
            {"label": manifests.ACTIONS, "data": {"actions": [created]}, "created": True}
        ],
    }


def _signed(definition: dict[str, Any], media_type: str, plain: bytes, archive: Archive) -> bytes:
    settings = {
        "trust": {"trust_config": "1.3.6.1.4.1.62558.2.1\n1.3.6.1.5.5.7.3.4\n"},
        "builder": {"thumbnail": {"enabled": False}},
    }
    identity, target = archive.identity, io.BytesIO()
    signer = c2pa.Signer.from_callback(
        identity.sign, c2pa.C2paSigningAlg.ES256, identity.chain_pem.decode(), None
    )
    with c2pa.Context.from_dict(settings) as context, signer:
        builder = c2pa.Builder(definition, context=context)
        builder.sign(signer, media_type, io.BytesIO(plain), target)
    return target.getvalue()
