"""Stories of who signed the files that a file was made from: told apart like its own signer."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from provenance.core import credentials
from provenance.core.ancestry import Ancestor
from provenance.core.credentials import Anchor, RawReport
from provenance.core.readings import reading
from provenance.core.verdicts import FileFacts, Ledger, Revocation, Trust, judge
from provenance.core.wording import ANCESTOR_WORDS
from tests.core.clips import Archive, Signed

THEN = datetime(2026, 11, 23, tzinfo=UTC)


class Believing(Archive):
    """An archive that believes another one when it signs."""

    def __init__(self, name: str, other: Archive) -> None:
        super().__init__(name)
        self.other = other

    @property
    def anchors(self) -> list[Anchor]:
        """Its own list and the other's."""
        return [self.anchor, self.other.anchor]


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive()


@pytest.fixture(scope="module")
def stranger(archive: Archive) -> Believing:
    return Believing("elsewhere.test", archive)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="module")
def parent(archive: Archive, folder: Path) -> Signed:
    return archive.sign(folder)


def derived(by: Archive, folder: Path, parent: Signed, name: str) -> Signed:
    """A remix of a clip, signed by an archive."""
    facts = by.facts(parent=parent.facts.title)
    return by.sign(folder, facts, name=name, shift=3, parent=parent.path)


@pytest.fixture(scope="module")
def remix(archive: Archive, folder: Path, parent: Signed) -> Signed:
    return derived(archive, folder, parent, "remix")


def raw_of(clip: Signed, anchors: Sequence[Anchor]) -> RawReport:
    raw = credentials.read(clip.path, anchors)
    assert raw is not None
    return raw


def history(raw: RawReport, trust: Trust) -> tuple[Ancestor, ...]:
    """The history as a verdict tells it."""
    return judge(FileFacts("0" * 64, 1), reading(raw), trust, None).history


def test_the_parent_of_a_remix_made_here_is_known_to_be_ours(
    archive: Archive, parent: Signed, remix: Signed
) -> None:
    (found,) = history(raw_of(remix, archive.anchors), archive.trust)
    assert (found.manifest_id, found.who) == (parent.embedded.manifest_id, "archive")
    assert found.trust_uri == archive.anchor.trust_uri
    assert found.signer_text == ANCESTOR_WORDS["archive"]
    assert not found.broken


def test_whoever_believes_others_is_told_that_it_is_not_theirs(
    stranger: Archive, remix: Signed
) -> None:
    raw = raw_of(remix, [stranger.anchor])
    (found,) = history(raw, stranger.trust)
    assert (found.who, found.trusted, found.trust_uri) == ("unknown", False, "")
    assert [each.code for each in found.failures] == ["signingCredential.untrusted"]
    assert not found.broken  # who signed it says nothing about its bytes


def test_a_revoked_key_is_named_in_the_history_too(archive: Archive, remix: Signed) -> None:
    serial = str(archive.chain.leaf.certificate.serial_number)
    trust = replace(archive.trust, revocations=(Revocation(serial, THEN),))
    (found,) = history(raw_of(remix, archive.anchors), trust)
    assert (found.who, found.serial) == ("revoked", serial)


def test_on_which_list_a_signer_is_nobody_elses_word_tells(
    archive: Archive, stranger: Believing, folder: Path, parent: Signed
) -> None:
    """A stranger notes that our list vouched; only that some list does is checked here."""
    theirs = derived(stranger, folder, parent, "theirs")
    raw = raw_of(theirs, stranger.anchors)
    trust = replace(archive.trust, others={stranger.anchor.trust_uri: "c2pa"})
    (found,) = history(raw, trust)
    assert (found.trusted, found.trust_uri, found.who) == (True, "", None)
    again = derived(stranger, folder, theirs, "again")
    first, second = history(raw_of(again, stranger.anchors), trust)
    assert (first.who, second.who) == ("c2pa", None)


def test_whoever_works_with_our_clip_does_not_pass_for_us(
    archive: Archive, stranger: Believing, folder: Path, parent: Signed
) -> None:
    """The library names one list for a file: that of the parent, which it looks at last."""
    theirs = derived(stranger, folder, parent, "not ours")
    raw = raw_of(theirs, stranger.anchors)
    assert raw.store["validation_results"]["trustListUri"] == archive.anchor.trust_uri
    assert reading(raw).trust_uri == stranger.anchor.trust_uri
    trust = replace(archive.trust, others={stranger.anchor.trust_uri: "interim"})
    for ledger in (None, Ledger()):
        verdict = judge(FileFacts("0" * 64, 1), reading(raw), trust, ledger)
        assert verdict.signer is not None
        assert (verdict.signer["who"], verdict.state) == ("interim", "on_interim_list")


def test_a_list_of_time_stamps_vouches_for_nobody(
    archive: Archive, stranger: Believing, folder: Path, parent: Signed
) -> None:
    theirs = derived(stranger, folder, parent, "stamps")
    again = derived(stranger, folder, theirs, "stamps again")
    first, _ = history(raw_of(again, stranger.anchors), archive.trust)
    assert first.trust_uri == stranger.anchor.trust_uri
    assert first.who == "unknown"


def test_a_record_that_says_both_is_not_believed(archive: Archive, remix: Signed) -> None:
    """The validator repeats nothing that a file says already, so a forger could say both."""
    raw = raw_of(remix, archive.anchors)
    store = json.loads(json.dumps(raw.store))
    (ingredient,) = store["manifests"][store["active_manifest"]]["ingredients"]
    recorded = ingredient["validation_results"]["activeManifest"]
    recorded["failure"] = [{"code": "signingCredential.untrusted", "url": ""}]
    (found,) = history(replace(raw, store=store), archive.trust)
    assert (found.trusted, found.who) == (False, "unknown")


def test_a_record_about_another_file_is_not_believed(archive: Archive, remix: Signed) -> None:
    raw = raw_of(remix, archive.anchors)
    store = json.loads(json.dumps(raw.store))
    (ingredient,) = store["manifests"][store["active_manifest"]]["ingredients"]
    for each in ingredient["validation_results"]["activeManifest"]["success"]:
        each["url"] = each["url"].replace("urn:c2pa:", "urn:c2pa:0")
    (found,) = history(replace(raw, store=store), archive.trust)
    assert (found.trusted, found.who) == (False, "unknown")


def test_what_a_file_writes_down_of_its_history_has_an_end(archive: Archive, remix: Signed) -> None:
    """And it does not push out what the validator finds now."""
    raw = raw_of(remix, archive.anchors)
    store = json.loads(json.dumps(raw.store))
    (ingredient,) = store["manifests"][store["active_manifest"]]["ingredients"]
    ingredient["title"] = "t" * 5000
    recorded = ingredient["validation_results"]["activeManifest"]
    recorded["failure"] = [{"code": "timeStamp." + "c" * 5000, "url": "/" + "u" * 5000}] * 900
    where = f"self#jumbf=/c2pa/{ingredient['active_manifest']}/c2pa.assertions/c2pa.hash.bmff.v3"
    found_now = {"code": "assertion.bmffHash.mismatch", "url": where}
    delta = {"validationDeltas": {"failure": [found_now]}}
    store["validation_results"]["ingredientDeltas"] = [delta]
    (found,) = history(replace(raw, store=store), archive.trust)
    assert found.failures[-1].code == "assertion.bmffHash.mismatch"
    assert found.broken
    assert len(json.dumps(asdict(found))) < 50_000
