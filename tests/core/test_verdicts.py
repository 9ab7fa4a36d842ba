"""Stories about the verdict: ours, ours but changed, somebody else's, none, unreadable."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from provenance.core.boxes import shape_of
from provenance.core.errors import Unreadable
from provenance.core.proofs import Receipt
from provenance.core.readings import Evidence, Failure, Reading
from provenance.core.records import EntryType, Opening
from provenance.core.verdicts import (
    DAMAGED,
    ELSEWHERE,
    FileFacts,
    Ledger,
    Trouble,
    Verdict,
    judge,
)
from tests.assets import broken
from tests.core.clips import ATTEMPT, NOW, ORIGIN, PROMPT, Archive, Signed, salt

NOTHING_ISSUED = Ledger()


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive()


@pytest.fixture(scope="module")
def clip(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Signed:
    return archive.sign(tmp_path_factory.mktemp("clip"))


class Desk:
    """A check as the archive makes it, over bytes in memory."""

    def __init__(self, archive: Archive, clip: Signed, folder: Path) -> None:
        self.archive, self.clip, self.path = archive, clip, folder / "upload.mp4"

    def ledger(self, data: bytes, manifest_id: str) -> Ledger:
        issued = self.clip.issued
        return Ledger(
            issued if hashlib.sha256(data).hexdigest() == issued.sha256 else None,
            issued if manifest_id == issued.manifest_id else None,
        )

    def check(self, data: bytes, archive: Archive | None = None) -> Verdict:
        self.path.write_bytes(data)
        found = (archive or self.archive).read(self.path)
        return self.judge(data, found, self.ledger(data, found.manifest_id))

    def judge(self, data: bytes, found: Reading, ledger: Ledger | None) -> Verdict:
        facts = FileFacts(hashlib.sha256(data).hexdigest(), len(data))
        return judge(facts, found, self.archive.trust, ledger)


@pytest.fixture
def desk(archive: Archive, clip: Signed, tmp_path: Path) -> Desk:
    return Desk(archive, clip, tmp_path)


def codes(verdict: Verdict) -> set[str]:
    return {failure.code for failure in verdict.failures}


def test_the_very_file_is_intact_on_all_three_counts(desk: Desk, clip: Signed) -> None:
    verdict = desk.check(clip.data)
    assert (verdict.verdict, verdict.bit_identical, verdict.integrity) == ("intact", True, "holds")
    assert verdict.signer is not None
    assert verdict.signer["who"] == "archive"
    assert verdict.log is not None
    assert (verdict.log["index"], verdict.log["entry_type"]) == (2, "generated")
    assert (verdict.log["origin"], verdict.log["checked"]) == (ORIGIN, True)
    assert verdict.failures == ()


def test_the_json_has_exactly_the_promised_keys(desk: Desk, clip: Signed) -> None:
    assert list(desk.check(clip.data).as_json()) == [
        "verdict", "bit_identical", "integrity", "signer", "log", "claims", "failures",
        "validator",
    ]  # fmt: skip


def test_without_the_ledger_bit_identity_is_not_known(desk: Desk, clip: Signed) -> None:
    verdict = desk.judge(clip.data, desk.archive.read(clip.path), None)
    assert (verdict.verdict, verdict.bit_identical) == ("intact", None)
    assert verdict.log is not None
    assert (verdict.log["entry_type"], verdict.log["checked"]) == ("rendered", True)


@pytest.mark.parametrize(
    ("defect", "code"),
    [
        (broken.media_byte_flipped, "assertion.bmffHash.mismatch"),
        (broken.bytes_appended, "assertion.bmffHash.mismatch"),
        (broken.cut_in_half, "assertion.bmffHash.mismatch"),
    ],
    ids=["flipped", "appended", "cut"],
)
def test_one_change_to_the_media_makes_it_changed(
    desk: Desk, clip: Signed, defect: Callable[[bytes], bytes], code: str
) -> None:
    verdict = desk.check(defect(clip.data))
    assert (verdict.verdict, verdict.bit_identical) == ("changed", False)
    assert verdict.integrity == "broken"
    assert code in codes(verdict)


def test_a_box_that_the_standard_leaves_uncovered_is_still_a_change(
    desk: Desk, clip: Signed
) -> None:
    verdict = desk.check(broken.free_box_appended(clip.data))
    assert (verdict.verdict, verdict.bit_identical) == ("changed", False)
    assert verdict.integrity == "holds"
    assert "archive.ledger.bytes" in codes(verdict)
    assert verdict.log is not None
    assert not verdict.log["checked"]  # the log committed to other bytes


def test_another_prompt_in_the_credential_is_changed(desk: Desk, clip: Signed) -> None:
    other = PROMPT.replace("red", "sad").encode()
    verdict = desk.check(broken.other_prompt(clip.data, PROMPT.encode(), other))
    assert verdict.verdict == "changed"
    assert {"assertion.hashedURI.mismatch", "archive.commitment.mismatch"} <= codes(verdict)


def test_our_credential_on_other_pictures_is_changed(
    desk: Desk, clip: Signed, archive: Archive, tmp_path: Path
) -> None:
    other = archive.sign(tmp_path, name="other", shift=7)
    verdict = desk.check(broken.transplanted(clip.data, other.data))
    assert (verdict.verdict, verdict.integrity) == ("changed", "broken")


def test_a_strangers_sound_credential_is_foreign(desk: Desk, tmp_path: Path) -> None:
    stranger = Archive("elsewhere.test").sign(tmp_path)
    verdict = desk.check(stranger.data)
    assert (verdict.verdict, verdict.integrity, verdict.bit_identical) == (
        "foreign", "holds", False,
    )  # fmt: skip
    assert verdict.signer is not None
    assert verdict.signer["who"] == "unknown"
    assert verdict.log is None


def test_a_stranger_who_takes_our_name_is_still_a_stranger(desk: Desk, tmp_path: Path) -> None:
    """The certificate's subject is the signer's own choice and decides nothing."""
    impostor = Archive("archive.test").sign(tmp_path)
    verdict = desk.check(impostor.data)
    assert verdict.signer is not None
    assert verdict.signer["organization"] == "archive.test"
    assert (verdict.verdict, verdict.signer["who"]) == ("foreign", "unknown")


def test_a_strangers_broken_credential_is_foreign_and_broken(desk: Desk, tmp_path: Path) -> None:
    stranger = Archive("elsewhere.test").sign(tmp_path)
    verdict = desk.check(broken.media_byte_flipped(stranger.data))
    assert (verdict.verdict, verdict.integrity) == ("foreign", "broken")


def test_trusted_by_a_list_that_is_not_ours_does_not_count(desk: Desk, clip: Signed) -> None:
    found = replace(desk.archive.read(clip.path), trust_uri="urn:some:time-stamp-list")
    verdict = desk.judge(clip.data, found, None)
    assert verdict.verdict == "foreign"


def test_our_signature_on_a_file_we_never_issued_is_not_called_intact(
    desk: Desk, clip: Signed
) -> None:
    """A stolen key can sign; it cannot write into the ledger."""
    found = desk.archive.read(clip.path)
    verdict = desk.judge(clip.data, found, NOTHING_ISSUED)
    assert verdict.verdict == "foreign"
    assert "archive.ledger.unknown" in codes(verdict)


def test_a_strangers_file_under_the_name_of_our_manifest_is_not_intact(
    desk: Desk, clip: Signed
) -> None:
    found = replace(desk.archive.read(clip.path), trust_uri="")
    verdict = desk.judge(b"other", found, Ledger(by_manifest=clip.issued))
    assert verdict.verdict == "changed"
    assert "made to look like it" in verdict.text


def test_the_very_file_stays_ours_when_its_certificate_has_lapsed(desk: Desk, clip: Signed) -> None:
    """Without a time-stamp other tools call an expired credential invalid; the ledger knows."""
    found = desk.archive.read(clip.path)
    expired = found.failures + tuple(
        desk_failure(code) for code in ("signingCredential.untrusted", "signingCredential.expired")
    )
    lapsed = replace(found, state="invalid", trust_uri="", failures=expired)
    verdict = desk.judge(clip.data, lapsed, desk.ledger(clip.data, found.manifest_id))
    assert (verdict.verdict, verdict.bit_identical, verdict.integrity) == ("intact", True, "holds")
    assert verdict.signer is not None
    assert "expired since" in verdict.signer["text"]


def desk_failure(code: str) -> Failure:
    return Failure(code, "", "c2pa.signature")


def test_a_failed_ingredient_is_told_but_does_not_break_the_file(desk: Desk, clip: Signed) -> None:
    parent = replace(desk_failure("assertion.bmffHash.mismatch"), in_ingredient=True)
    found = replace(desk.archive.read(clip.path), failures=(parent,))
    verdict = desk.judge(clip.data, found, desk.ledger(clip.data, found.manifest_id))
    assert verdict.integrity == "holds"
    assert parent in verdict.failures


def test_no_credential_proves_nothing_and_says_so() -> None:
    verdict = trouble(None)
    assert (verdict.verdict, verdict.bit_identical) == ("no_credential", False)
    assert "proves nothing" in verdict.text


def test_a_credential_kept_elsewhere_is_none_here() -> None:
    verdict = trouble(Trouble(ELSEWHERE, where="https://example.org/a.c2pa"))
    assert verdict.verdict == "no_credential"
    assert "was not asked" in verdict.text
    assert verdict.failures[0].where == "https://example.org/a.c2pa"


def test_a_damaged_credential_of_ours_is_changed(clip: Signed) -> None:
    verdict = trouble(Trouble(DAMAGED), Ledger(by_manifest=clip.issued))
    assert (verdict.verdict, verdict.integrity) == ("changed", "broken")
    assert verdict.manifest_id == clip.embedded.manifest_id


def test_a_damaged_credential_of_nobody_we_know_is_unreadable() -> None:
    assert trouble(Trouble(DAMAGED)).verdict == "unreadable"


def test_a_file_cut_off_between_two_boxes_is_cut_off_too(
    desk: Desk, clip: Signed, tmp_path: Path
) -> None:
    for kind, _, end in broken.boxes(clip.data):
        if kind in {b"uuid", b"moov"}:
            path = tmp_path / kind.decode()
            path.write_bytes(clip.data[:end])
            with path.open("rb") as stream:
                facts = FileFacts("0" * 64, end, shape_of(stream))
            ledger = Ledger(by_manifest=clip.issued)
            verdict = judge(facts, desk.archive.read(path), desk.archive.trust, ledger)
            assert verdict.state == "cut_off", kind


def test_a_file_cut_off_early_is_unreadable_but_what_it_names_is_told(clip: Signed) -> None:
    verdict = trouble(Trouble("archive.file.malformed"), Ledger(by_manifest=clip.issued))
    assert verdict.verdict == "unreadable"
    assert "name a credential that this archive issued" in verdict.text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("archive.file.limits", "within the limits"),
        ("archive.file.kind", "no kind of file"),
        ("archive.file.empty", "empty"),
        ("archive.file.malformed", "cut off"),
    ],
)
def test_every_unreadable_file_is_told_why(code: str, words: str) -> None:
    verdict = trouble(Trouble(code))
    assert (verdict.verdict, verdict.integrity) == ("unreadable", None)
    assert words in verdict.text


def trouble(found: Trouble | None, ledger: Ledger = NOTHING_ISSUED) -> Verdict:
    return judge(FileFacts("0" * 64, 1), found, Archive().trust, ledger, "c2pa-rs 0")


# The log's side.


def with_evidence(found: Reading, **changes: object) -> Reading:
    assert found.evidence is not None
    evidence: Evidence = replace(found.evidence, **changes)  # type: ignore[arg-type]
    return replace(found, evidence=evidence)


def asked(desk: Desk, found: Reading, generated: Receipt | None = None) -> Verdict:
    issued = replace(desk.clip.issued, generated=generated)
    return desk.judge(desk.clip.data, found, Ledger(issued, issued))


def test_until_it_is_logged_the_finished_file_rests_on_its_rendering(desk: Desk) -> None:
    verdict = asked(desk, desk.archive.read(desk.clip.path))
    assert verdict.log is not None
    assert (verdict.log["index"], verdict.log["entry_type"]) == (1, "rendered")


def test_a_receipt_of_another_log_is_refused(desk: Desk) -> None:
    other = Archive("elsewhere.test").facts().receipts
    verdict = asked(desk, with_evidence(desk.archive.read(desk.clip.path), receipts=tuple(other)))
    assert {"archive.receipt.refused", "archive.receipt.missing"} <= codes(verdict)
    assert verdict.log is not None
    assert (verdict.log["checked"], verdict.log["index"]) == (False, None)


def test_a_missing_receipt_is_missed(desk: Desk) -> None:
    found = desk.archive.read(desk.clip.path)
    assert found.evidence is not None
    alone = with_evidence(found, receipts=found.evidence.receipts[:1])
    verdict = asked(desk, alone)
    assert codes(verdict) == {"archive.receipt.missing"}
    assert codes(asked(desk, replace(found, evidence=None))) == {"archive.receipt.missing"}


def test_a_prompt_that_was_not_the_logged_one_is_found_out(desk: Desk) -> None:
    other = Opening("prompt", salt(1), {"prompt": "something else", "negative_prompt": ""})
    verdict = asked(desk, with_evidence(desk.archive.read(desk.clip.path), openings=(other,)))
    (failure,) = verdict.failures
    assert (failure.code, failure.where) == ("archive.commitment.mismatch", "prompt")


def test_a_value_without_canonical_form_is_a_mismatch_not_a_crash(desk: Desk) -> None:
    hostile = Opening("prompt", salt(1), {"prompt": 2**60})
    verdict = asked(desk, with_evidence(desk.archive.read(desk.clip.path), openings=(hostile,)))
    assert codes(verdict) == {"archive.commitment.mismatch"}


def test_a_redacted_value_is_not_asked_for(desk: Desk) -> None:
    verdict = asked(desk, with_evidence(desk.archive.read(desk.clip.path), openings=()))
    assert verdict.failures == ()


@pytest.mark.parametrize("file_salt", ["", "zz", salt(9).hex()])
def test_a_wrong_salt_does_not_open_the_logs_commitment_to_the_file(
    desk: Desk, file_salt: str
) -> None:
    found = with_evidence(desk.archive.read(desk.clip.path), file_salt=file_salt)
    (failure,) = asked(desk, found, desk.clip.generated).failures
    assert (failure.code, failure.where) == ("archive.commitment.mismatch", "file")


def test_an_entry_of_another_attempt_does_not_speak_for_this_clip(desk: Desk) -> None:
    log = desk.archive.log
    index = log.append(EntryType.GENERATED, NOW, {
        "attempt": "6a" * 16, "rendered": 1, "manifest": "urn:c2pa:other", "file": "0" * 64,
    })  # fmt: skip
    assert ATTEMPT not in log.entries[index].decode()
    verdict = asked(desk, desk.archive.read(desk.clip.path), log.receipt(index))
    assert codes(verdict) == {"archive.receipt.mismatch", "archive.commitment.mismatch"}


def test_the_steps_are_numbered_and_each_says_something(desk: Desk, clip: Signed) -> None:
    steps = desk.check(clip.data).steps
    assert [step.number for step in steps] == list(range(1, 8))
    assert all(step.title and step.outcome and step.text for step in steps)


# Every byte counts.


@pytest.mark.slow
def test_no_flipped_bit_of_the_credential_is_ever_called_intact(desk: Desk, clip: Signed) -> None:
    """The library lets a third of these bytes change unseen; the ledger does not."""
    start, end = broken.credential_box(clip.data)
    seen: set[str] = set()
    for at in range(start, end, 97):
        try:
            seen.add(desk.check(broken.flipped(clip.data, at)).verdict)
        except (Unreadable, AssertionError):
            seen.add("no reading")
    assert "intact" not in seen
    assert "changed" in seen
