"""Ada has a prompt taken out of a finished file: what is left holds, and says that it was done."""

from dataclasses import replace
from pathlib import Path

import encypher_c2pa
import pytest

from provenance.core import credentials, redactions, wording
from provenance.core.errors import ManifestRefused
from provenance.core.records import Opening
from provenance.core.redactions import Redaction, SuccessorFacts, disclosing
from provenance.core.verdicts import FileFacts, Issued, Ledger, Verdict, judge
from tests.core import clips
from tests.core.clips import NOW, ORIGIN, Archive, Signed, salt, sha256_of


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive()


@pytest.fixture(scope="module")
def clip(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Signed:
    return archive.sign(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def without_prompt(archive: Archive, clip: Signed) -> Signed:
    return archive.redact(clip, "prompt")


@pytest.fixture(scope="module")
def without_both(archive: Archive, without_prompt: Signed) -> Signed:
    return archive.redact(without_prompt, "artist")


WISH = Redaction("prompt", "artist", "own_wish", frozenset())


def checked(archive: Archive, clip: Signed, *, ledger: Ledger | None = None) -> Verdict:
    facts = FileFacts(sha256_of(clip.data), len(clip.data))
    asked = ledger or Ledger(clip.issued, clip.issued)
    return judge(facts, archive.read(clip.path), archive.trust, asked)


def traces(clip: Signed, data: bytes) -> dict[str, int]:
    """How often a file holds the value and the salt of what it disclosed."""
    return {
        "prompt": data.count(clips.PROMPT.encode()) + data.count(salt(1).hex().encode()),
        "artist": data.count(b'"Ada"') + data.count(b"cAda") + data.count(salt(2).hex().encode()),
    }


def test_value_and_salt_are_out_of_the_file_and_it_is_trusted(
    archive: Archive, clip: Signed, without_prompt: Signed
) -> None:
    assert traces(clip, clip.data)["prompt"] == 2
    assert traces(clip, without_prompt.data)["prompt"] == 0
    assert traces(clip, without_prompt.data)["artist"] > 0
    found = archive.read(without_prompt.path)
    assert (found.state, found.failures) == ("trusted", ())
    assert found.redacted == ("prompt",)


def test_a_second_erasure_reaches_every_manifest_that_the_file_carries(
    archive: Archive, clip: Signed, without_both: Signed
) -> None:
    assert traces(clip, without_both.data) == {"prompt": 0, "artist": 0}
    found = archive.read(without_both.path)
    assert (found.state, found.failures) == ("trusted", ())
    assert found.redacted == ("prompt", "artist")
    raw = credentials.read(without_both.path, archive.anchors)
    assert raw is not None
    everywhere = frozenset(raw.store["manifests"])
    for field in ("prompt", "artist"):
        assert disclosing(raw.store, Redaction(field, "artist", "own_wish", everywhere)) == []


def test_the_redacted_file_is_an_intact_clip_and_says_what_was_erased(
    archive: Archive, without_both: Signed
) -> None:
    verdict = checked(archive, without_both)
    assert (verdict.verdict, verdict.bit_identical, verdict.failures) == ("intact", True, ())
    assert "the prompt and the artist's name were erased on purpose" in verdict.text
    assert verdict.log is not None
    assert verdict.log["entry_type"] == "erasure"
    said = {claim.text: claim.value for claim in verdict.claims}
    assert said["Redacted"] == "The artist was erased by the artist: own_wish."
    assert said["Model"] == "Untrained"
    assert not {"Prompt", "Artist"} & said.keys()


def test_offline_its_own_receipt_proves_that_it_is_the_very_file(
    archive: Archive, without_prompt: Signed
) -> None:
    facts = FileFacts(sha256_of(without_prompt.data), len(without_prompt.data))
    found = archive.read(without_prompt.path)
    told = judge(facts, found, archive.trust, None, generated=without_prompt.generated)
    assert (told.verdict, told.bit_identical) == ("intact", True)
    other = replace(facts, sha256="00" * 32)
    assert judge(other, found, archive.trust, None, generated=without_prompt.generated).failures


def test_a_second_engine_agrees_on_all_but_what_it_does_not_know_of_redaction(
    archive: Archive, without_both: Signed
) -> None:
    """encypher-c2pa 1.7.1 looks for redacted assertions in the wrong place; its 1.10 says so."""
    report = encypher_c2pa.verify(
        without_both.data, "video/mp4", trust_pem=archive.anchor.pem, no_default_trust=True,
        telemetry=False, online=False,
    )  # fmt: skip
    results = report["validation_results"]
    assert report["hard_binding"] == "match"
    assert {each["code"] for each in results["failure"]} == {"assertion.action.redactionMismatch"}
    passed = {each["code"] for each in results["success"]}
    assert {"claimSignature.validated", "signingCredential.trusted"} <= passed
    assert {"assertion.hashedURI.match", "assertion.bmffHash.match"} <= passed


@pytest.mark.parametrize(
    ("superseded", "words"),
    [("redacted", "replaced this file by one from which"), ("erased", "erased this clip since")],
)
def test_the_old_file_is_still_what_it_was_but_what_was_erased_is_not_repeated(
    archive: Archive, clip: Signed, superseded: wording.Superseded, words: str
) -> None:
    issued = Issued(clip.issued.sha256, clip.embedded.manifest_id, clip.generated,
                    erased=("prompt",), superseded=superseded)  # fmt: skip
    verdict = checked(archive, clip, ledger=Ledger(issued, issued))
    assert (verdict.verdict, verdict.bit_identical, verdict.failures) == ("intact", True, ())
    assert words in verdict.text
    told = [claim.value for claim in verdict.claims]
    assert not any(clips.PROMPT in value for value in told)
    assert told.count(wording.WITHHELD) == 2  # what the prompt asks for, and what to keep away from
    assert any(words in value for value in told)


def test_a_changed_copy_of_the_old_file_does_not_tell_it_either(
    archive: Archive, clip: Signed
) -> None:
    issued = Issued(clip.issued.sha256, clip.embedded.manifest_id, clip.generated, ("prompt",))
    verdict = checked(archive, clip, ledger=Ledger(None, issued))
    assert verdict.verdict == "changed"
    assert not any(clips.PROMPT in claim.value for claim in verdict.claims)


def test_of_a_remix_only_what_its_parent_disclosed_is_taken_out(
    archive: Archive, clip: Signed, tmp_path: Path
) -> None:
    own = Opening("prompt", salt(9), {"prompt": "a green star", "negative_prompt": ""})
    facts = replace(archive.facts(prompt=own), parent="Clip 5f5f5f5f")
    remix = archive.sign(tmp_path, facts, "remix", parent=clip.path)
    assert traces(clip, remix.data)["prompt"] == 2
    raw = credentials.read(remix.path, archive.anchors)
    assert raw is not None
    asked = Redaction("prompt", "artist", "own_wish", frozenset({clip.embedded.manifest_id}))
    facts_anew = SuccessorFacts(
        "Clip", NOW, facts.generator, [asked], facts.receipts, salt(6), ORIGIN
    )
    target = tmp_path / "redacted.mp4"
    credentials.embed(
        remix.path, target, redactions.successor_manifest(raw.store, facts_anew),
        credentials.thumbnail_of(remix.path, archive.anchors), archive.identity, archive.anchors,
        credentials.Ingredient(remix.path, redactions.PARENT, "Clip", "parentOf"),
    )  # fmt: skip
    found = archive.read(target)
    assert (found.state, found.failures, found.redacted) == ("trusted", (), ())
    assert traces(clip, target.read_bytes())["prompt"] == 0
    assert {claim.value for claim in found.claims if claim.text == "Prompt"} == {"a green star"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"redactions": []},
        {"redactions": [Redaction("media", "artist", "own_wish", frozenset())]},
        {"title": " "},
        {"receipts": []},
        {"file_salt": b"short"},
        {"at": NOW.replace(tzinfo=None)},
    ],
)
def test_facts_that_make_no_successor_are_refused(
    archive: Archive, wrong: dict[str, object]
) -> None:
    right = SuccessorFacts(
        "Clip", NOW, Archive().facts().generator, [WISH],
        [archive.log.receipt(0)] if archive.log.entries else [], salt(6), ORIGIN,
    )  # fmt: skip
    with pytest.raises(ManifestRefused):
        replace(right, **wrong)  # type: ignore[arg-type]


def test_a_file_that_brings_no_receipt_gets_no_successor_of_ours(
    archive: Archive, clip: Signed
) -> None:
    raw = credentials.read(clip.path, archive.anchors)
    assert raw is not None
    active = raw.store["active_manifest"]
    stripped = {**raw.store, "manifests": {active: {"assertions": []}}}
    facts = SuccessorFacts("Clip", NOW, clip.facts.generator,
                           [WISH],
                           clip.facts.receipts, salt(6), ORIGIN)  # fmt: skip
    with pytest.raises(ManifestRefused, match="no clip of ours"):
        redactions.successor_manifest(stripped, facts)
