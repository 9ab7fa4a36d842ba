"""Builds evidence bundles: of a report, with what was said and whom it believed, and of a clip."""

import json
import tempfile
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import IO

from django.conf import settings
from django.utils.module_loading import import_string

from provenance.core import bundles
from provenance.core.boxes import manifest_of
from provenance.core.proofs import parse_proof, with_entry

from . import ledger, presenting
from .belief import site_list
from .models import Credential, Report, TrustSnapshot

_README = """\
Evidence for a report of {archive}
{page}

report.json              what was said of the file, when, by which validator
trust.json               whom that check believed; its SHA-256 is in report.json
clip.mp4                 the file itself, where this archive issued it and shows it to everybody
original.mp4             the file it comes from, where it was changed
manifest.c2pa            the content credential of that clip, as it lies in it
generated.tlog-proof     the log's proof of the finished file, with the entry that it proves
checkpoint               the log's signed checkpoint that the proof rests on
signature.json           the artist's own signature over the request, where the artist shares it

To check it without the archive, with its program but neither its site nor its database:

    python -m provenance.offline THIS.zip
    python -m provenance.offline FILE --bundle THIS.zip     where the file is not inside

Whoever made this bundle could have made trust.json as well. Compare its SHA-256 with a copy that
reached you another way, or give that copy: --trust trust.json.
"""

_README_OF_CLIP = """\
Evidence for a clip of {archive}
{page}

clip.mp4                 the signed file, byte for byte
manifest.c2pa            its content credential, as it lies in it
generated.tlog-proof     the log's proof of the file, with the entry that it proves
checkpoint               the log's signed checkpoint that the proof rests on
trust.json               whom a check by this archive believes
signature.json           the artist's own signature over the request, where the artist shares it

To check it without the archive, with its program but neither its site nor its database:

    python -m provenance.offline clip.mp4 --trust trust.json --proof generated.tlog-proof

Whoever made this bundle could have made trust.json as well. Compare it with a copy that reached you
another way.
"""


def of_clip(clip_id: uuid.UUID, page: str) -> IO[bytes] | None:
    """What proves a clip, as an open file without a name; None unless everybody may have the clip.

    Raises KeysRefused where the archive has no keys.
    """
    credential = Credential.objects.filter(clip_id=clip_id, retired_at=None).first()
    path = ledger.public_file(credential) if credential else None
    if credential is None or path is None:
        return None
    readme = _README_OF_CLIP.format(archive=settings.SITE_NAME, page=page)
    parts = {bundles.README: readme.encode(), bundles.TRUST: site_list().text.encode()}
    with path.open("rb") as stream:
        parts |= {bundles.MANIFEST: manifest_of(stream)} | _proof(credential) | _signed(credential)
        stream.seek(0)
        return _written(parts, {bundles.CLIP: stream}, credential.created_at)


def build(report: Report) -> IO[bytes]:
    """The bundle as an open file without a name, at its beginning."""
    said = presenting.as_json(report)
    finding = report.findings.all()[0]
    parts = {
        bundles.README: _readme(said["report"]["page"]),
        bundles.REPORT: _json({"bundle": bundles.SCHEMA, **said}),
        bundles.TRUST: TrustSnapshot.objects.get(pk=finding.trust_id).text.encode(),
    }
    original = said["original"]
    credential = _issued(original["manifest"]) if original else None
    parts |= _proof(credential) | _signed(credential)
    with ExitStack() as opened:
        files: dict[str, IO[bytes]] = {}
        if credential and (path := ledger.public_file(credential)):
            stream = opened.enter_context(path.open("rb"))
            parts[bundles.MANIFEST] = manifest_of(stream)
            stream.seek(0)
            files[bundles.CLIP if said["bit_identical"] else bundles.ORIGINAL] = stream
        return _written(parts, files, finding.at)


def _written(parts: dict[str, bytes], files: dict[str, IO[bytes]], at: datetime) -> IO[bytes]:
    target = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it once it is sent
    bundles.write(target, parts, files, at)
    target.seek(0)
    return target


def _issued(manifest_id: str) -> Credential | None:
    return Credential.objects.filter(manifest_id=manifest_id).first()


def _proof(credential: Credential | None) -> dict[str, bytes]:
    """The receipt of the finished file; none where no checkpoint covers its entry yet."""
    receipt = ledger.issued(credential).generated if credential else None
    if receipt is None:
        return {}
    checkpoint = parse_proof(receipt.proof).checkpoint
    return {
        bundles.PROOF: with_entry(receipt).encode(),
        bundles.CHECKPOINT: checkpoint.encode(),
    }


def _signed(credential: Credential | None) -> dict[str, bytes]:
    """The artist's signature over the request, where there is one that the artist shares."""
    find: Callable[[str], dict[str, object] | None] = import_string(settings.REQUEST_SIGNATURES)
    found = find(credential.attempt) if credential else None
    return {bundles.SIGNATURE: _json(found)} if found else {}


def _readme(page: str) -> bytes:
    return _README.format(archive=settings.SITE_NAME, page=page).encode()


def _json(body: dict[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, indent=2).encode()
