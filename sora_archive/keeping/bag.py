"""The public archive as a BagIt bag (RFC 8493) that another archive can keep and check.

Clips with their credentials and proofs, the log's files, the statement, the record, and whom to
believe: everything a stranger needs, and nothing that is not public. It is a copy like any other:
what is erased later stays in it.
"""

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bagit
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils import timezone

from generation import storage
from generation.models import Clip, Visibility
from provenance import vault
from provenance.core import credentials
from provenance.core.proofs import with_entry
from provenance.log import export, outbox, receipts
from sora_archive.record import book
from sora_archive.record.models import Citation, Question, Source, Version
from sora_archive.statement import listing
from sora_archive.statement.models import Translation
from sora_archive.statement.models import Version as Wording

from .backup import copy_file
from .errors import BagRefused

logging.getLogger("bagit").setLevel(logging.WARNING)  # a line a file else

READ_ME = """\
{name}, as it was public on {at} UTC.

clips/ID/clip.mp4             the very file, with its content credential (C2PA)
clips/ID/clip.tlog-proof      the proof that its entry stands in the log
clips/ID/publication.tlog-proof
clips/ID/manifests.json       what its credential says, as the validator reports it
clips/ID/about.json           title, artist, prompt where it is public, model, settings
clips/ID/poster.webp
log/                          the whole log as files (C2SP tlog-tiles)
statement/                    every wording, its translations, and the names with their openings
record/record.json            the record of the protest with its sources
trust.json                    whom the archive tells others to believe

To check that nothing was lost:     bagit.py --validate FOLDER
To check a clip without the site:   python -m provenance.offline data/clips/ID/clip.mp4 \\
    --trust data/trust.json --proof data/clips/ID/clip.tlog-proof
To check the log:                   manage.py auditlog --dir data/log
The programs are those of the archive's source code; docs/log-format.md and docs/verify.md there
say how to write others. A trust.json that comes with the files proves only that all of this
belongs together: compare the key in it with one that you have from elsewhere.
"""

Progress = Callable[[int, int], None]


def make(folder: Path, progress: Progress) -> int:
    """Write the bag into a new or empty folder; returns how many clips are in it.

    `progress` is told how many clips are done and of how many. Raises BagRefused where the folder
    holds anything or a file of a clip is missing, LogUnavailable where nothing was signed yet.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BagRefused(f"{folder} holds something already: give a new or empty folder.")
    folder.mkdir(parents=True, exist_ok=True)
    at = timezone.now()
    export.export(folder / "log", lambda done, total: None)
    clips = Clip.objects.filter(visibility=Visibility.PUBLISHED).order_by("published_at", "id")
    total, count = clips.count(), 0
    for clip in clips.select_related("credential", "generation__artist").iterator(chunk_size=200):
        if not clip.credential.sealed:
            _put_clip(folder / "clips" / str(clip.pk), clip)
            count += 1
        progress(count, total)
    _put_statement(folder / "statement")
    _put_record(folder / "record")
    (folder / "trust.json").write_text(vault.trust_list(settings.KEYS_DIR).text)
    text = READ_ME.format(name=settings.SITE_NAME, at=at.strftime("%Y-%m-%d %H:%M"))
    (folder / "README.txt").write_text(text)
    about = {"Source-Organization": settings.SITE_NAME, "External-Identifier": settings.SITE_URL,
             "External-Description": "AI video clips with content credentials and their log",
             "Bagging-Date": at.strftime("%Y-%m-%d")}  # fmt: skip
    bagit.make_bag(str(folder), about, checksums=["sha256", "sha512"])
    return count


def _put_clip(folder: Path, clip: Clip) -> None:
    folder.mkdir(parents=True)
    credential = clip.credential
    if not copy_file(storage.path_of(credential.sha256), folder / "clip.mp4", credential.sha256):
        raise BagRefused(
            f"The file of clip {clip.pk} is missing or damaged: manage.py fixity says which. "
            f"Put it back from a backup, empty {folder.parent.parent}, and try again."
        )
    shutil.copyfile(storage.path_of(clip.poster_sha256), folder / "poster.webp")
    tickets = {"clip": credential.generated_ticket, "publication": clip.publication_ticket}
    places = outbox.indexes_of([ticket for ticket in tickets.values() if ticket])
    for name, ticket in tickets.items():
        if ticket in places:
            proof = with_entry(receipts.receipt(places[ticket]))
            (folder / f"{name}.tlog-proof").write_text(proof)
    raw = credentials.read(folder / "clip.mp4", vault.anchors(settings.KEYS_DIR))
    _write(folder / "manifests.json", raw.crjson if raw else None)
    _write(folder / "about.json", _about(clip))


def _about(clip: Clip) -> dict[str, object]:
    generation = clip.generation
    return {
        "id": clip.pk,
        "title": clip.title,
        "description": clip.description,
        "artist": "" if generation.name_erased_at else generation.shown_artist,
        "prompt": generation.shown_prompt,
        "negative_prompt": generation.shown_negative_prompt,
        "erased": generation.erased,
        "licence": generation.licence,
        "model": clip.model_title,
        "seed": str(generation.seed),
        "steps": generation.steps,
        "guidance": generation.guidance,
        "published_at": clip.published_at,
        "sha256": clip.credential.sha256,
        "manifest": clip.credential.manifest_id,
        "attempt": generation.attempt,
    }


def _put_statement(folder: Path) -> None:
    folder.mkdir()
    for version in Wording.objects.order_by("number"):
        (folder / f"{version.number}.txt").write_bytes(version.text.encode())
        lines = "".join(listing.openings(version))
        (folder / f"{version.number}-names.jsonl").write_text(lines)
    for each in Translation.objects.order_by("version_id", "language", "revision"):
        name = f"{each.version_id}-{each.language}-{each.revision}.txt"
        (folder / name).write_bytes(each.text.encode())
    _write(
        folder / "versions.json",
        list(Wording.objects.order_by("number").values("number", "sha256", "reason", "made_at")),
    )


def _put_record(folder: Path) -> None:
    folder.mkdir()
    facts, documents = book.facts(), book.documents()
    cited = Citation.objects.filter(fact__in=facts) | Citation.objects.filter(
        version__document__in=documents
    )
    tables: dict[str, QuerySet[Any]] = {
        "facts": facts, "documents": documents, "citations": cited,
        "versions": Version.objects.filter(document__in=documents),
        "questions": Question.objects.all(), "sources": Source.objects.all(),
    }  # fmt: skip
    _write(folder / "record.json", {name: list(_plain(rows)) for name, rows in tables.items()})


def _plain(rows: QuerySet[Any]) -> Iterator[dict[str, Any]]:
    """The columns of rows, but for what loading keeps for itself."""
    for row in rows.values():
        yield {name: value for name, value in row.items() if name != "loaded_digest"}


def _write(path: Path, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder)
    path.write_text(f"{text}\n")
