"""A file to a verdict on behalf of this archive: its trust list, its limits, its ledger."""

import hashlib
import os
from pathlib import Path

from django.conf import settings

from provenance import vault
from provenance.core.readings import Reading
from provenance.core.verdicts import FileFacts, Trouble, Verdict, judge

from . import ledger
from .readers import READERS, Answer, Limits, Terms


def check(path: Path) -> Verdict:
    """Check one file against the archive's trust list, ledger and log.

    Raises OSError where the file itself cannot be opened; everything else is part of the verdict.
    """
    with path.open("rb") as stream:
        facts = FileFacts(
            hashlib.file_digest(stream, "sha256").hexdigest(), os.fstat(stream.fileno()).st_size
        )
        answer = ask(stream.fileno())
    trust = vault.trust_list(settings.KEYS_DIR).trust
    known = ledger.consult(facts.sha256, _manifests(answer.found))
    return judge(facts, answer.found, trust, known, answer.validator)


def ask(descriptor: int) -> Answer:
    """Let a reader look at the file behind an open descriptor, within the site's limits."""
    limits = Limits(
        settings.VERIFY_CPU_SECONDS, settings.VERIFY_WALL_SECONDS, settings.VERIFY_MEMORY_BYTES
    )
    return READERS.ask(descriptor, Terms(vault.trust_list(settings.KEYS_DIR).anchors, limits))


def _manifests(found: Reading | Trouble | None) -> tuple[str, ...]:
    if isinstance(found, Reading):
        return (found.manifest_id,)
    return found.named if found else ()
