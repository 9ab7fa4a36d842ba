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
from provenance.core.verdicts import FileFacts, Ledger, Trouble, Verdict, judge

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
        shape = shape_of(stream)
        known = _issued_here(stream, sha256, shape, manifests)
        if known.by_sha256 is not None:
            shape = None  # of a file that is as it was issued nothing more is asked
        facts = FileFacts(sha256, os.fstat(stream.fileno()).st_size, shape)
    return judge(facts, answer.found, trust.trust, known, answer.validator, at=timezone.now())


def _issued_here(
    stream: IO[bytes], sha256: str, shape: Shape | None, manifests: Sequence[str]
) -> Ledger:
    size = 0 if shape is None else shape.size
    if not ledger.knows(sha256, manifests, size):
        return Ledger()
    known = ledger.consult(sha256, manifests)
    if known.by_sha256 is not None or shape is None:
        return known
    pictures = ledger.with_pictures(size, lambda: shape.pictures(stream), manifests)
    return replace(known, by_pictures=pictures)


def site_limits() -> Limits:
    """What one file may cost here."""
    return Limits(
        settings.VERIFY_CPU_SECONDS, settings.VERIFY_WALL_SECONDS, settings.VERIFY_MEMORY_BYTES
    )


def _manifests(found: Reading | Trouble | None) -> tuple[str, ...]:
    if isinstance(found, Reading):
        return (found.manifest_id,)
    return found.named if found else ()
