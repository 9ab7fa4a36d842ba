"""Are the stored files still those that were stored: each is hashed again, and nothing deleted.

What rows name and the folder lacks is missing; what has another hash is altered; what no row names
is an orphan. The result is a file for the operator and an entry of the log for everybody.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

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


def stored() -> Iterator[str]:
    """The hashes of all files that rows name: of clips, of those to be deleted, and pictures."""
    kept = Credential.objects.filter(deleted_at__isnull=True)
    yield from kept.values_list("sha256", flat=True).iterator()
    for row in Clip.objects.values_list(*Clip.PICTURES).iterator():
        yield from (name for name in row if name)


def check(progress: Callable[[int, int], None]) -> Result:
    """Hash every stored file again; `progress` is told how many are done and of how many."""
    names, missing, altered = sorted(set(stored())), [], []
    for done, name in enumerate(names, 1):
        try:
            if storage.sha256_of(storage.path_of(name)) != name:
                altered.append(name)
        except FileNotFoundError:
            missing.append(name)
        progress(done, len(names))
    now = set(stored())  # what was erased meanwhile is rightly gone
    return Result(
        len(names),
        tuple(name for name in missing if name in now),
        tuple(name for name in altered if name in now),
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


def _lying_about(named: set[str]) -> Iterator[str]:
    limit = time.time() - ORPHAN_SECONDS
    for path in settings.MEDIA_DIR.glob("??/*"):
        if path.name not in named and path.is_file() and path.stat().st_mtime < limit:
            yield path.name
