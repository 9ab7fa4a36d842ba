"""Every state of a file has words of its own on the page, and an asset named after it."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from provenance import vault
from provenance.verify import readers
from provenance.verify.models import Credential
from tests.assets import broken, strangers
from tests.core.clips import NOW, Archive, Signed, sha256_of


@dataclass(frozen=True)
class Shelf:
    """The archive, one clip that it issued, and a folder for what others make of it."""

    archive: Archive
    clip: Signed
    folder: Path


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("shelf")
    vault.ensure_keys(folder / "keys", "archive.test/log", datetime.now(UTC))
    archive = Archive.of_vault(folder / "keys")
    yield Shelf(archive, archive.sign(folder), folder)
    readers.READERS.close()


def issue(data: bytes, manifest_id: str) -> None:
    Credential.objects.create(
        sha256=sha256_of(data), size=len(data), manifest_id=manifest_id, signer_serial="1",
        attempt=uuid.uuid4().hex, rendered_index=1, generated_ticket=uuid.uuid4(),
        clip_id=uuid.uuid4(),
    )  # fmt: skip


Drop = Callable[[bytes], tuple[int, str, str]]


@pytest.fixture
def drop(db: None, shelf: Shelf, settings: Settings, client: Client) -> Drop:
    """Drops a file on the page: status, verdict, and the page's text."""
    settings.KEYS_DIR = shelf.folder / "keys"
    issue(shelf.clip.data, shelf.clip.embedded.manifest_id)

    def dropped(data: bytes) -> tuple[int, str, str]:
        answer = client.post("/verify/", {"file": SimpleUploadedFile("clip.mp4", data)})
        verdict = answer.context.get("verdict") if answer.context else None
        text = unescape(answer.content.decode())
        return answer.status_code, verdict.verdict if verdict else "", text

    return dropped


def _of(recipe: broken.Recipe) -> Callable[[Shelf], bytes]:
    return lambda shelf: recipe(shelf.clip.data)


def other_prompt(shelf: Shelf) -> bytes:
    return broken.other_prompt(
        shelf.clip.data, b"a red circle moving left on white", b"a sad circle moving left on white"
    )


def transplanted(shelf: Shelf) -> bytes:
    other = shelf.archive.sign(shelf.folder, name="other", shift=7)
    return broken.transplanted(shelf.clip.data, other.data)


def unknown_signer(shelf: Shelf) -> bytes:
    folder = shelf.folder / "stranger"
    folder.mkdir(exist_ok=True)
    return Archive("elsewhere.test").sign(folder).data


def self_signed(shelf: Shelf) -> bytes:
    return strangers.self_signed(shelf.folder).read_bytes()


def kept_elsewhere(shelf: Shelf) -> bytes:
    return strangers.kept_elsewhere(shelf.folder, shelf.archive).read_bytes()


def two_parents(shelf: Shelf) -> bytes:
    parents = (shelf.clip.data, shelf.archive.sign(shelf.folder, name="second", shift=3).data)
    return strangers.derived(shelf.folder, "two_parents", shelf.archive, *parents).read_bytes()


STATES: tuple[tuple[str, Callable[[Shelf], bytes], int, str, str], ...] = (
    ("ours intact", _of(bytes), 200, "intact", "This is an intact clip of this archive."),
    ("media changed", _of(broken.media_byte_flipped), 200, "changed", "its bytes changed"),
    ("manifest changed", other_prompt, 200, "changed", "A statement inside the credential was"),
    ("manifest damaged", _of(broken.damaged_credential), 200, "changed", "too damaged to read"),
    ("box appended", _of(broken.free_box_appended), 200, "changed", "not byte for byte the one"),
    ("bytes appended", _of(broken.bytes_appended), 200, "changed", "its bytes changed"),
    ("transplanted", transplanted, 200, "changed", "comes from a clip of this archive, but it was"),
    ("stripped", _of(broken.stripped), 200, "no_credential", "proves nothing either way"),
    ("re-encoded", _of(broken.reencoded), 200, "no_credential", "proves nothing either way"),
    ("kept elsewhere", kept_elsewhere, 200, "no_credential", "that address was not asked"),
    ("unknown signer", unknown_signer, 200, "foreign", "does not vouch for who signed it"),
    ("self-signed", self_signed, 200, "foreign", "does not vouch for who signed it"),
    ("two parents", two_parents, 200, "changed", "names more than one parent"),
    ("cut within credential", _of(broken.cut_within_credential), 422, "unreadable", "cut off"),
    ("webm", _of(broken.webm), 422, "unreadable", "no kind of file that can carry"),
    ("matroska", _of(broken.matroska), 422, "unreadable", "no kind of file that can carry"),
    ("text", _of(broken.text), 422, "unreadable", "no kind of file that can carry"),
    ("zip", _of(broken.archive_file), 422, "unreadable", "no kind of file that can carry"),
    ("empty", _of(broken.empty), 422, "", "This file is empty"),
)


@pytest.mark.parametrize(
    ("asset", "status", "verdict", "words"),
    [state[1:] for state in STATES],
    ids=[state[0] for state in STATES],
)
def test_the_page_has_words_for(
    shelf: Shelf, drop: Drop, asset: Callable[[Shelf], bytes], status: int, verdict: str, words: str
) -> None:
    found = drop(asset(shelf))
    assert found[:2] == (status, verdict)
    assert words in found[2]


def test_a_clip_made_from_a_tampered_one_is_intact_and_says_so(shelf: Shelf, drop: Drop) -> None:
    """At the top such a credential reads as trusted; the failure sits with the parent."""
    parent = broken.media_byte_flipped(shelf.clip.data)
    path = strangers.derived(shelf.folder, "tampered_parent", shelf.archive, parent)
    issue(path.read_bytes(), shelf.archive.read(path).manifest_id)
    _, verdict, text = drop(path.read_bytes())
    assert verdict == "intact"
    assert "a file that it was made from does not hold" in text
    assert "in the ingredient “parent 1”" in text


def test_a_clip_made_from_a_sound_one_says_nothing_of_the_kind(shelf: Shelf, drop: Drop) -> None:
    path = strangers.derived(shelf.folder, "sound_parent", shelf.archive, shelf.clip.data)
    issue(path.read_bytes(), shelf.archive.read(path).manifest_id)
    _, verdict, text = drop(path.read_bytes())
    assert verdict == "intact"
    assert "a file that it was made from" not in text


def test_a_signer_on_the_c2pa_list_has_words(shelf: Shelf, drop: Drop) -> None:
    authority = Archive("authority.test")
    folder = shelf.folder / "authority"
    folder.mkdir()
    vault.add_list(shelf.folder / "keys", "authority", authority.anchor.pem, "c2pa", NOW)
    status, verdict, text = drop(authority.sign(folder).data)
    assert (status, verdict) == (200, "foreign")
    assert "Somebody on the C2PA trust list" in text


def test_a_file_cut_off_anywhere_is_never_intact(shelf: Shelf, drop: Drop) -> None:
    data = shelf.clip.data
    for part in range(1, 40):
        status, verdict, _ = drop(data[: len(data) * part // 40])
        assert status in {200, 422}
        assert verdict in {"changed", "unreadable"}, part
