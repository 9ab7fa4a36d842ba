"""A file to a verdict on behalf of this archive: its trust list, its limits, its ledger."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils import timezone

from provenance.core.boxes import Shape, shape_of
from provenance.core.readings import Reading
from provenance.core.trustlists import TrustList
from provenance.core.verdicts import FileFacts, Issued, Trouble, Verdict, judge

from . import ledger
from .belief import site_list
from .readers import READERS, Limits, Terms


def check(path: Path, trust: TrustList | None = None) -> Verdict:
    """Check one file against a trust list (the archive's own), the ledger and the log.

    Raises OSError where the file itself cannot be opened; everything else is part of the verdict.
    """
    trust = trust or site_list()
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        answer = READERS.ask(stream.fileno(), Terms(trust.anchors, site_limits()))
        manifests = _manifests(answer.found)
        known, shape = ledger.consult(sha256, manifests), None
        if known.by_sha256 is None:
            shape = shape_of(stream)
            known = replace(known, by_pictures=_with_pictures(stream, shape, manifests))
        facts = FileFacts(sha256, os.fstat(stream.fileno()).st_size, shape)
    return judge(facts, answer.found, trust.trust, known, answer.validator, at=timezone.now())


def _with_pictures(
    stream: IO[bytes], shape: Shape | None, manifests: Sequence[str]
) -> Issued | None:
    if shape is None:
        return None
    return ledger.with_pictures(shape.size, lambda: shape.pictures(stream), manifests)


def site_limits() -> Limits:
    """What one file may cost here."""
    return Limits(
        settings.VERIFY_CPU_SECONDS, settings.VERIFY_WALL_SECONDS, settings.VERIFY_MEMORY_BYTES
    )


def _manifests(found: Reading | Trouble | None) -> tuple[str, ...]:
    if isinstance(found, Reading):
        return (found.manifest_id,)
    return found.named if found else ()
