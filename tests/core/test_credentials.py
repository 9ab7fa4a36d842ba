"""Stories about putting a credential into a file and getting it out again."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import c2pa
import pytest

from generation.encode import decode_mp4, encode_mp4
from provenance.core import credentials, manifests
from provenance.core.errors import (
    DamagedCredential,
    RemoteManifest,
    SigningFailed,
    Unreadable,
    UnsupportedKind,
)
from tests.assets import broken
from tests.core.clips import FPS, PROMPT, Archive, Signed, pictures, signing_with

JPEG = b"\xff\xd8\xff\xe0"


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive()


@pytest.fixture(scope="module")
def clip(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Signed:
    return archive.sign(tmp_path_factory.mktemp("clip"))


@pytest.fixture
def unsigned(tmp_path: Path) -> Path:
    path = tmp_path / "unsigned.mp4"
    encode_mp4(pictures(), FPS, path)
    return path


def manifest(archive: Archive) -> manifests.Manifest:
    return manifests.clip_manifest(archive.facts())


def test_a_signed_clip_is_trusted_under_the_archives_own_list(
    archive: Archive, clip: Signed
) -> None:
    raw = credentials.read(clip.path, archive.anchors)
    assert raw is not None
    assert raw.store["validation_state"] == "Trusted"
    assert raw.store["validation_results"]["trustListUri"] == archive.anchor.trust_uri
    assert raw.store["active_manifest"] == clip.embedded.manifest_id


def test_under_another_list_the_same_clip_is_not_trusted(clip: Signed) -> None:
    raw = credentials.read(clip.path, Archive("elsewhere.test").anchors)
    assert raw is not None
    assert raw.store["validation_state"] == "Valid"


def test_every_assertion_of_the_file_is_created_none_gathered(
    archive: Archive, clip: Signed
) -> None:
    raw = credentials.read(clip.path, archive.anchors)
    assert raw is not None
    (only,) = raw.crjson["manifests"]
    claim = only["claim.v2"]
    labels = {each["url"].rsplit("/", 1)[1] for each in claim["created_assertions"]}
    assert claim.get("gathered_assertions", []) == []
    assert {manifests.PROMPT, manifests.ARTIST, manifests.RECEIPT, "c2pa.ai-disclosure",
            "cawg.metadata", "cawg.training-mining", "c2pa.actions.v2",
            "c2pa.thumbnail.claim"} <= labels  # fmt: skip


def test_the_pictures_are_the_same_after_signing(clip: Signed) -> None:
    raw = clip.path.with_name("clip.raw.mp4")
    assert (decode_mp4(clip.path) == decode_mp4(raw)).all()


def test_the_prompt_stands_once_in_the_file_and_never_in_the_name(clip: Signed) -> None:
    assert clip.data.count(PROMPT.encode()) == 1
    assert PROMPT not in clip.path.name


def test_an_unsigned_clip_carries_no_credential(archive: Archive, unsigned: Path) -> None:
    assert credentials.read(unsigned, archive.anchors) is None


def test_a_stripped_clip_carries_no_credential(archive: Archive, clip: Signed) -> None:
    assert credentials.read(as_stream(broken.stripped(clip.data)), archive.anchors) is None


@pytest.mark.parametrize("defect", [broken.empty, broken.text, broken.archive_file])
def test_what_is_no_media_is_of_an_unsupported_kind(
    archive: Archive, clip: Signed, defect: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(UnsupportedKind):
        credentials.read(as_stream(defect(clip.data)), archive.anchors)


def test_a_clip_cut_off_within_its_credential_is_unreadable(archive: Archive, clip: Signed) -> None:
    with pytest.raises(Unreadable) as caught:
        credentials.read(as_stream(broken.cut_within_credential(clip.data)), archive.anchors)
    assert not isinstance(caught.value, DamagedCredential)


def test_a_damaged_claim_is_told_apart_from_a_damaged_file(archive: Archive, clip: Signed) -> None:
    with pytest.raises(DamagedCredential):
        credentials.read(as_stream(broken.damaged_credential(clip.data)), archive.anchors)


def test_a_credential_kept_elsewhere_is_named_but_never_fetched(
    archive: Archive, unsigned: Path
) -> None:
    """The address is one of this machine on which nobody listens: a fetch would fail otherwise."""
    address = "http://127.0.0.1:9/manifest.c2pa"
    identity = signing_with(archive.chain)
    target = io.BytesIO()
    signer = c2pa.Signer.from_callback(
        identity.sign, c2pa.C2paSigningAlg.ES256, identity.chain_pem.decode()
    )
    with signer, c2pa.Builder(manifest(archive)) as builder, unsigned.open("rb") as source:
        builder.set_no_embed()
        builder.set_remote_url(address)
        builder.sign(signer, "video/mp4", source, target)
    with pytest.raises(RemoteManifest) as caught:
        credentials.read(as_stream(target.getvalue()), archive.anchors)
    assert caught.value.url == address


def test_a_signer_that_refuses_leaves_nothing_behind(archive: Archive, unsigned: Path) -> None:
    def refuse(_: bytes) -> bytes:
        raise PermissionError("the token is locked")

    identity = credentials.SigningIdentity(archive.chain.chain_pem, refuse)
    target = unsigned.with_name("signed.mp4")
    with pytest.raises(SigningFailed):
        credentials.embed(unsigned, target, manifest(archive), JPEG, identity, archive.anchors)
    assert [path.name for path in unsigned.parent.iterdir()] == ["unsigned.mp4"]


def test_a_key_that_is_not_the_certificates_signs_nothing(archive: Archive, unsigned: Path) -> None:
    stranger = signing_with(Archive("elsewhere.test").chain)
    mixed = credentials.SigningIdentity(archive.chain.chain_pem, stranger.sign)
    target = unsigned.with_name("signed.mp4")
    with pytest.raises(SigningFailed):
        credentials.embed(unsigned, target, manifest(archive), JPEG, mixed, archive.anchors)
    assert not target.exists()


def test_signing_never_touches_the_source(archive: Archive, unsigned: Path) -> None:
    before = unsigned.read_bytes()
    target = unsigned.with_name("signed.mp4")
    identity = signing_with(archive.chain)
    credentials.embed(unsigned, target, manifest(archive), JPEG, identity, archive.anchors)
    assert unsigned.read_bytes() == before
    assert target.stat().st_size > len(before)


def test_after_a_fork_the_child_reads_with_a_context_of_its_own(
    archive: Archive, clip: Signed
) -> None:
    """The library's contexts die in a fork; a worker that forks must not notice."""
    assert credentials.read(clip.path, archive.anchors) is not None
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        state = "nothing"
        try:
            raw = credentials.read(clip.path, archive.anchors)
            state = raw.store["validation_state"] if raw else "None"
        finally:
            os.write(writer, state.encode())
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as pipe:
        assert pipe.read() == "Trusted"


def as_stream(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)
