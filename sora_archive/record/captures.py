"""Captured copies of sources: kept under their hash, logged, and given out as downloads only.

Nothing of a file is ever run, unpacked or shown; it is looked at just so far as to see its form.
"""

import hashlib
import shutil
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from generation import storage
from provenance.core.records import EntryType, Opening
from provenance.log import outbox

from .errors import CaptureRefused
from .models import Capture, CaptureKind, Source

FIELD = "source"
CONTENT_TYPES = {
    CaptureKind.PDF: "application/pdf",
    CaptureKind.WARC: "application/warc",
    CaptureKind.WACZ: "application/wacz",
}
_LOOK = 64 * 1024
_MOST_MEMBERS = 100_000
_WARC = b"WARC/1."


@dataclass(frozen=True)
class Words:
    """What a curator says about a copy."""

    captured_on: date
    note: str = ""


def attach(source: Source, upload: UploadedFile, words: Words, curator_id: int) -> Capture:
    """Keep an uploaded copy of a source, with its entry in the log.

    The file comes before the row: one without a row is harmless and swept, a row without its file
    would be a lie. Raises CaptureRefused.
    """
    with tempfile.NamedTemporaryFile(dir=storage.work_folder()) as draft:
        shutil.copyfileobj(upload, draft)
        draft.flush()
        kind = kind_of(Path(draft.name))
        sha256, size = storage.sha256_of(Path(draft.name)), Path(draft.name).stat().st_size
        if Capture.objects.filter(sha256=sha256, source=source).exists():
            raise CaptureRefused(_("This very file is kept as a copy of this source already."))
        _keep(Path(draft.name), sha256)
    with transaction.atomic():
        opening = outbox.new_opening(FIELD, _origin(source, words.captured_on))
        ticket = outbox.submit(EntryType.CAPTURE, {"sha256": sha256}, [opening])
        return Capture.objects.create(
            sha256=sha256, source=source, kind=kind, size=size, captured_on=words.captured_on,
            note=words.note, kept_by_id=curator_id, kept_at=timezone.now(), ticket=ticket,
        )  # fmt: skip


def path_of(sha256: str) -> Path:
    """Where the copy with this hash lies; apart from the clips, whose sweep does not know it."""
    folder: Path = settings.MEDIA_DIR / "captures"
    return folder / sha256[:2] / sha256


def opening_of(capture: Capture) -> Opening | None:
    """What opens the log's commitment to where the copy came from; public."""
    return outbox.openings_of(capture.ticket).get(FIELD)


def kind_of(path: Path) -> CaptureKind:
    """In which form a copy is; raises CaptureRefused for anything but PDF, WARC and WACZ."""
    with path.open("rb") as opened:
        head = opened.read(_LOOK)
        if head.startswith(b"%PDF-") and b"%%EOF" in _tail(opened):
            return CaptureKind.PDF
    if head.startswith(_WARC) or _inflated(head).startswith(_WARC):
        return CaptureKind.WARC
    if head.startswith(b"PK") and _is_wacz(path):
        return CaptureKind.WACZ
    raise CaptureRefused(
        _(
            "This is no whole PDF, WARC (also .warc.gz) or WACZ file. Save the page as PDF, or "
            "capture it with a program such as ArchiveWeb.page."
        )
    )


def sweep() -> str:
    """Delete copies that no row names and that are older than a day; what was done, in words."""
    known = set(Capture.objects.values_list("sha256", flat=True))
    deadline = time.time() - storage.ORPHAN_AGE_SECONDS
    orphans = [path for path in _files() if path.name not in known]
    old = [path for path in orphans if path.stat().st_mtime < deadline]
    for path in old:
        path.unlink()
    return f"{len(old)} captured copies without a row deleted" if old else ""


def stored() -> Iterator[tuple[Path, str]]:
    """Every copy that a row names, for fixity and for backups."""
    for sha256 in Capture.objects.values_list("sha256", flat=True).distinct().iterator():
        yield path_of(sha256), sha256


def _origin(source: Source, captured_on: date) -> dict[str, str]:
    return {"source": source.slug, "url": source.url, "captured": captured_on.isoformat()}


def _keep(draft: Path, sha256: str) -> None:
    target = path_of(sha256)
    target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    if not target.exists():
        target.hardlink_to(draft)
        target.chmod(0o640)
    with target.open("rb") as opened:
        if hashlib.file_digest(opened, "sha256").hexdigest() != sha256:
            raise CaptureRefused(_("The file was not stored whole: try again."))
    storage.sync(target)


def _files() -> Iterable[Path]:
    return (settings.MEDIA_DIR / "captures").glob("*/*")


def _tail(opened: IO[bytes]) -> bytes:
    size = opened.seek(0, 2)
    opened.seek(max(0, size - 1024))
    return opened.read()


def _inflated(head: bytes) -> bytes:
    """The first bytes of what was compressed by gzip; nothing where it was not."""
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 64)
    except zlib.error:
        return b""


def _is_wacz(path: Path) -> bool:
    """A zip with the parts that WACZ 1.1.1 asks for; only its table of contents is read."""
    try:
        with zipfile.ZipFile(path) as opened:
            names = opened.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return (
        len(names) <= _MOST_MEMBERS
        and "datapackage.json" in names
        and any(name.startswith("archive/") and name != "archive/" for name in names)
    )
