"""Are the stored files still those that were stored: each is hashed again, and nothing deleted.

What rows name and the folder lacks is missing; what has another hash is altered; what no row names
is an orphan. The result is a file for the operator and an entry of the log for everybody.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from provenance.core.records import EntryType
from provenance.log import outbox
from provenance.log.files import write_whole
from provenance.verify.models import Credential

from . import storage
from .models import Clip

# A file lies in its place before the transaction that names it: younger ones are no orphans yet.
ORPHAN_SECONDS = 60


@dataclass(frozen=True)
class Result:
    """Hashes of files by what is wrong with them; `altered` are the names they still bear."""

    checked: int
    missing: tuple[str, ...]
    altered: tuple[str, ...]
    orphans: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether every file that a row names is there and unchanged; an orphan harms nobody."""
        return not self.missing and not self.altered


def of_clips() -> Iterator[tuple[Path, str]]:
    """The files of clips that rows name, those that are still to be deleted among them."""
    kept = Credential.objects.filter(deleted_at__isnull=True)
    names = set(kept.values_list("sha256", flat=True))
    for row in Clip.objects.values_list(*Clip.PICTURES).iterator():
        names |= {name for name in row if name}
    for name in sorted(names):
        yield storage.path_of(name), name


def stored() -> dict[Path, str]:
    """Every file that should lie in the media folder, with its SHA-256; the settings name who
    knows.
    """
    known: dict[Path, str] = {}
    for name in settings.STORED_FILES:
        files: Callable[[], Iterable[tuple[Path, str]]] = import_string(name)
        known |= dict(files())
    return known


def check(progress: Callable[[int, int], None]) -> Result:
    """Hash every stored file again; `progress` is told how many are done and of how many."""
    files, missing, altered = stored(), [], []
    for done, (path, sha256) in enumerate(files.items(), 1):
        try:
            if storage.sha256_of(path) != sha256:
                altered.append(path)
        except FileNotFoundError:
            missing.append(path)
        progress(done, len(files))
    now = stored()  # what was erased meanwhile is rightly gone
    return Result(
        len(files),
        tuple(path.name for path in missing if path in now),
        tuple(path.name for path in altered if path in now),
        tuple(sorted(_lying_about(now))),
    )


def record(result: Result) -> Path:
    """Keep the result under DATA/fixity and leave its entry for the log; returns the file."""
    at = timezone.now()
    document = {"at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), **asdict(result)}
    text = json.dumps(document, indent=2) + "\n"
    folder: Path = settings.DATA / "fixity"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{at:%Y%m%dT%H%M%S%f}.json"
    write_whole(path, text.encode())
    with transaction.atomic():
        outbox.submit(
            EntryType.FIXITY,
            {
                "checked": result.checked,
                "missing": len(result.missing),
                "altered": len(result.altered),
                "orphans": len(result.orphans),
                "sha256": storage.sha256_of(path),
            },
        )
    return path


def _lying_about(named: Mapping[Path, str]) -> Iterator[str]:
    limit, drafts = time.time() - ORPHAN_SECONDS, storage.work_folder()
    for path in settings.MEDIA_DIR.rglob("*"):
        draft = path.is_relative_to(drafts)
        if not draft and path not in named and path.is_file() and path.stat().st_mtime < limit:
            yield path.name
