"""The files that visitors left with their reports: each under its report's id, and room for all.

They are there to be checked again and are shown to nobody.
"""

import logging
import os
import shutil
import time
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext

from .errors import ReportRefused

log = logging.getLogger(__name__)

_ORPHAN_SECONDS = 3600


def path_of(report_id: str) -> Path:
    """Where the file of a report lies."""
    folder: Path = settings.VERIFY_KEPT_DIR
    return folder / report_id


def keep(report_id: str, upload: Path) -> None:
    """Take an upload over, on disk when this returns; raises ReportRefused."""
    folder: Path = settings.VERIFY_KEPT_DIR
    try:
        _keep(folder, report_id, upload)
    except OSError as error:
        log.warning("a file cannot be kept: %s", error.strerror)  # its path tells the report
        words = gettext("The file cannot be kept here now: check it without keeping it.")
        raise ReportRefused(words) from error


def _keep(folder: Path, report_id: str, upload: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if upload.stat().st_size > settings.VERIFY_KEPT_BYTES - _used(folder):
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


def _used(folder: Path) -> int:
    """Bytes of the files that lie there; others come and go meanwhile."""
    used = 0
    for each in folder.iterdir():
        with suppress(FileNotFoundError):
            used += each.stat().st_size
    return used


def drop(report_id: str) -> None:
    """Delete the file of a report, where there is one."""
    path_of(report_id).unlink(missing_ok=True)


def sweep(known: Container[str]) -> int:
    """Delete files that belong to no report and are older than an hour; returns how many."""
    folder: Path = settings.VERIFY_KEPT_DIR
    deadline, deleted = time.time() - _ORPHAN_SECONDS, 0
    for path in folder.iterdir() if folder.exists() else ():
        with suppress(FileNotFoundError):  # dropped by another process meanwhile
            if path.name not in known and path.stat().st_mtime < deadline:
                path.unlink()
                deleted += 1
    return deleted
