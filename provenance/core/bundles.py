"""An evidence bundle: one ZIP with what a stranger needs to check a report without the archive.

Nothing in it is compressed, so that reading one can never take more room than the file itself.
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from .errors import ProvenanceError

SCHEMA = "sora-archive/evidence-bundle/v1"
REPORT, TRUST, PROOF = "report.json", "trust.json", "generated.tlog-proof"
CHECKPOINT, MANIFEST = "checkpoint", "manifest.c2pa"
CLIP, ORIGINAL, README = "clip.mp4", "original.mp4", "README.txt"
SIGNATURE = "signature.json"
_TEXT_LIMIT = 16 * 1024 * 1024  # bytes of any part but the clip
_CHUNK = 1024 * 1024
_BEGINNING = b"PK\x03\x04"  # the first part's header, APPNOTE 4.3.7


class BundleRefused(ProvenanceError):
    """This is no evidence bundle; the text says what is wrong."""


@dataclass(frozen=True)
class Bundle:
    """What a bundle says; `clip` tells whether the file itself is inside.

    `signature` is the evidence of the artist's own signature as JSON; empty where none is inside.
    """

    report: Mapping[str, Any]
    trust: str
    proof: str
    clip: bool
    signature: str = ""


def write(
    target: IO[bytes], parts: Mapping[str, bytes], files: Mapping[str, IO[bytes]], at: datetime
) -> None:
    """Write a bundle: small parts and whole files by their names; `at` is the report's time."""
    stamp = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, stamp), data)
        for name, stream in files.items():
            with archive.open(zipfile.ZipInfo(name, stamp), "w", force_zip64=True) as member:
                while chunk := stream.read(_CHUNK):
                    member.write(chunk)


def is_bundle(stream: IO[bytes]) -> bool:
    """Whether a file is a ZIP that holds a report of ours; the stream is left at its beginning.

    A ZIP is read from its end, so one can be appended to a video: such a file is a video, and what
    is inside the appended bundle says nothing of it.
    """
    if stream.read(len(_BEGINNING)) != _BEGINNING:
        stream.seek(0)
        return False
    try:
        with zipfile.ZipFile(stream) as archive:
            return _report(archive) is not None
    except (zipfile.BadZipFile, BundleRefused, NotImplementedError, OSError, ValueError):
        return False
    finally:
        stream.seek(0)


def read(stream: IO[bytes]) -> Bundle:
    """Read a bundle; raises BundleRefused."""
    try:
        with zipfile.ZipFile(stream) as archive:
            report = _report(archive)
            if report is None:
                raise BundleRefused("This is no evidence bundle of an archive.")
            names = archive.namelist()
            return Bundle(
                report=report,
                trust=_part(archive, TRUST).decode(),
                proof=_part(archive, PROOF).decode() if PROOF in names else "",
                clip=CLIP in names,
                signature=_part(archive, SIGNATURE).decode() if SIGNATURE in names else "",
            )
    except (zipfile.BadZipFile, NotImplementedError, KeyError, ValueError) as error:
        raise BundleRefused("The evidence bundle is damaged or not whole.") from error


def extract_clip(stream: IO[bytes], target: IO[bytes]) -> None:
    """Write the clip inside a bundle to a file; raises BundleRefused."""
    try:
        with zipfile.ZipFile(stream) as archive, archive.open(_stored(archive, CLIP)) as member:
            while chunk := member.read(_CHUNK):
                target.write(chunk)
    except (zipfile.BadZipFile, NotImplementedError, KeyError, ValueError) as error:
        raise BundleRefused("The clip inside the evidence bundle is damaged.") from error


def _report(archive: zipfile.ZipFile) -> Mapping[str, Any] | None:
    if REPORT not in archive.namelist():
        return None
    try:
        report = json.loads(_part(archive, REPORT))
    except RecursionError as error:
        raise BundleRefused("The report in the bundle cannot be read.") from error
    known = isinstance(report, dict) and report.get("bundle") == SCHEMA
    return report if known else None


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    found = _stored(archive, name)
    if found.file_size > _TEXT_LIMIT:
        raise BundleRefused(f"{name} is too long.")
    return archive.read(found)


def _stored(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    found = archive.getinfo(name)
    if found.compress_type != zipfile.ZIP_STORED:
        raise BundleRefused(f"{name} is compressed, which no part of such a bundle is.")
    return found
