"""The files that visitors left with their reports: each under its report's id, and room for all.

They are there to be checked again and are shown to nobody.
"""

import os
import shutil
import time
from collections.abc import Container
from pathlib import Path

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext

from .errors import ReportRefused

_ORPHAN_SECONDS = 3600


def path_of(report_id: str) -> Path:
    """Where the file of a report lies."""
    folder: Path = settings.VERIFY_KEPT_DIR
    return folder / report_id


def keep(report_id: str, upload: Path) -> None:
    """Take an upload over, on disk when this returns; raises ReportRefused, OSError."""
    folder: Path = settings.VERIFY_KEPT_DIR
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    room = settings.VERIFY_KEPT_BYTES - sum(each.stat().st_size for each in folder.iterdir())
    if upload.stat().st_size > room:
        limit = filesizeformat(settings.VERIFY_KEPT_BYTES)
        raise ReportRefused(
            gettext(
                "The room for files that are kept (%(limit)s) is used up: check it without keeping"
                " it."
            )
            % {"limit": limit}
        )
    draft = folder / f".{report_id}"
    try:
        shutil.copyfile(upload, draft)
        draft.chmod(0o600)
        with draft.open("rb") as stream:
            os.fsync(stream.fileno())
        draft.replace(path_of(report_id))
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def drop(report_id: str) -> None:
    """Delete the file of a report, where there is one."""
    path_of(report_id).unlink(missing_ok=True)


def sweep(known: Container[str]) -> int:
    """Delete files that belong to no report and are older than an hour; returns how many."""
    folder: Path = settings.VERIFY_KEPT_DIR
    deadline, deleted = time.time() - _ORPHAN_SECONDS, 0
    for path in folder.iterdir() if folder.exists() else ():
        if path.name not in known and path.stat().st_mtime < deadline:
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted
