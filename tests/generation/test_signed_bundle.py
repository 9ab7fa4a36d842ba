"""ada's own signature travels with her clip where she wishes, and a stranger checks it offline."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from generation import line, proposals, publishing, storage
from generation.models import Clip, RequestSignature
from provenance import offline
from provenance.core import bundles
from provenance.log import outbox
from sora_archive.accounts import keys
from sora_archive.accounts.models import User
from tests.core.clips import NOW
from tests.core.signers import soft_passkey
from tests.generation.test_asking import request
from tests.signing_in import give_passkey

pytestmark = [pytest.mark.usefixtures("studio"), pytest.mark.slow]


@pytest.fixture
def clip(ada: User, settings: Any, tmp_path: Path) -> Clip:
    """A published clip whose request ada signed."""
    settings.SITE_URL = "http://localhost:8000"
    settings.VERIFY_KEPT_DIR = tmp_path / "kept"
    soft = soft_passkey()
    keys.enrol(ada, give_passkey(ada, soft))
    proposal = proposals.propose(ada, request())
    signed = soft.sign(bytes(proposal.data), site="localhost", origin="http://localhost:8000")
    generation = proposals.accept(ada, proposal, signed.as_json())
    line.run(generation.pk)
    made = Clip.objects.select_related("credential").get(generation=generation)
    publishing.publish(made)
    made.refresh_from_db()
    assert made.publication_ticket
    outbox.wait_for(made.publication_ticket, 30)
    return made


def bundle_of(clip: Clip, folder: Path) -> Path:
    """A stranger checks the file and takes the evidence along."""
    stranger = Client()
    upload = SimpleUploadedFile("clip.mp4", storage.path_of(clip.credential.sha256).read_bytes())
    said = stranger.post("/api/v1/verify", {"file": upload}).json()
    address = said["report"]["bundle"].removeprefix("http://localhost:8000")
    path = folder / "bundle.zip"
    path.write_bytes(stranger.get(address).getvalue())
    return path


def told(path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    assert offline.main([str(path), "--json"]) == 0
    return json.loads(capsys.readouterr().out)["bundle"]


def test_a_signature_that_ada_shares_is_checked_by_a_stranger_offline(
    clip: Clip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bundles.SIGNATURE not in zipfile.ZipFile(bundle_of(clip, tmp_path)).namelist()
    RequestSignature.objects.update(shared=True)
    path = bundle_of(clip, tmp_path)
    signed = told(path, capsys)["artist_signature"]
    assert signed["holds"] is True
    assert signed["text"].startswith("Ada signed the request")
    assert offline.main([str(path)]) == 0
    assert "The artist's signature holds. Ada signed" in capsys.readouterr().out
    shown = Client().get(f"/accounts/signatures/{clip.generation_id}.json")
    assert shown.status_code == 200, "a stranger can have it by itself, too"


def test_a_signature_that_was_put_into_the_bundle_is_found_out(
    clip: Clip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    RequestSignature.objects.update(shared=True)
    path = bundle_of(clip, tmp_path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    evidence = json.loads(parts[bundles.SIGNATURE])
    other = soft_passkey().sign(b"another entry").as_json()
    evidence["openings"]["signed"]["value"] = dict(other)
    for forged in (json.dumps(evidence), "{", "[]", "[" * 100_000):
        parts[bundles.SIGNATURE] = forged.encode()
        with path.open("wb") as target:
            bundles.write(target, parts, {}, NOW)
        assert told(path, capsys)["artist_signature"]["holds"] is False
