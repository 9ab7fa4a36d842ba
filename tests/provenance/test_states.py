"""Every state of a file has a named asset and words of its own: on the page, and offline alike."""

from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from provenance import offline, vault
from provenance.core.readings import Failure
from provenance.core.verdicts import Verdict
from provenance.core.wording import STATES
from provenance.verify import child
from provenance.verify.words import in_words
from tests.provenance import shelf as shelves
from tests.provenance.shelf import ASSETS, EMPTY, FLOOD, Asset, Shelf

Drop = Callable[[bytes], tuple[int, dict[str, Any], str]]
# In the quick lane a state has one file; one waits for a certificate's end.
SLOW = {
    "ours_expired_but_stamped", "ours_expired_but_logged", "tampered_grandparent", "remuxed",
    "another_video", "our_pictures_signed_by_a_stranger", "signer_on_the_interim_list",
    "stranger_not_yet_valid", "matroska", "text", "zip", "ours_withdrawn", "sound_parent",
    "made_from_ours_by_a_listed_signer",
}  # fmt: skip


def all_assets() -> list[Any]:
    """Every named file; one that has to wait for a certificate's end is in the slow lane."""
    return [
        pytest.param(each, id=each.name, marks=[pytest.mark.slow] if each.name in SLOW else [])
        for each in ASSETS
    ]


@pytest.fixture
def drop(archive_of_the_shelf: Shelf, client: Client) -> Drop:
    """Drops a file on the page: status, the report's verdict, and the page's text."""

    def dropped(data: bytes) -> tuple[int, dict[str, Any], str]:
        archive_of_the_shelf.fill_ledger()
        answer = client.post("/verify/", {"file": SimpleUploadedFile("clip.mp4", data)})
        verdict = (answer.context or {}).get("verdict") or {}
        return answer.status_code, verdict, unescape(answer.content.decode())

    return dropped


@pytest.mark.parametrize("asset", all_assets())
def test_the_page_has_words_for(asset: Asset, shelf: Shelf, drop: Drop) -> None:
    status, verdict, text = drop(shelf.get(asset))
    assert (status, verdict["verdict"], verdict["state"]) == (
        asset.status, asset.verdict, asset.state,
    )  # fmt: skip
    assert STATES[verdict["state"]][1] in text
    assert asset.words in text


def test_an_empty_file_is_no_file(drop: Drop) -> None:
    status, verdict, text = drop(b"")
    assert (status, verdict) == (422, {})
    assert EMPTY.words in text


def test_a_file_that_is_too_large_has_words(drop: Drop, settings: Settings) -> None:
    settings.VERIFY_MAX_BYTES = 1000
    status, verdict, text = drop(b"x" * 1001)
    assert (status, verdict) == (422, {})
    assert "This file is too large" in text


@pytest.mark.slow
def test_a_flood_of_boxes_has_words(shelf: Shelf, drop: Drop, settings: Settings) -> None:
    settings.VERIFY_CPU_SECONDS = 1
    status, verdict, text = drop(shelf.get(FLOOD))
    assert (status, verdict["state"]) == (422, "over_limits")
    assert FLOOD.words in text


def test_every_state_but_three_has_a_named_file() -> None:
    """No file makes a reader fail or a validator err, and one state is for checks offline."""
    named = {each.state for each in (*ASSETS, EMPTY, FLOOD)}
    assert set(STATES) - named == {"disputed", "reader_failed", "intact_as_signed"}


@pytest.mark.slow
def test_a_file_cut_off_anywhere_is_never_intact(shelf: Shelf, drop: Drop) -> None:
    data = shelf.clip.data
    for part in range(1, 40):
        status, verdict, _ = drop(data[: len(data) * part // 40])
        assert status in {200, 422}
        assert verdict["verdict"] in {"changed", "unreadable"}, part
        assert verdict["bit_identical"] is False


def test_a_failure_deep_in_the_history_stands_at_its_own_ancestor(shelf: Shelf, drop: Drop) -> None:
    _, verdict, text = drop(shelf.get(shelves.asset("tampered_grandparent")))
    parent, grandparent = verdict["history"]
    assert (parent["depth"], parent["failures"]) == (1, [])
    assert parent["trust_uri"] == shelf.archive.anchor.trust_uri
    assert grandparent["depth"] == 2
    assert [each["code"] for each in grandparent["failures"]] == ["assertion.bmffHash.mismatch"]
    assert "2 steps back" in text


def test_what_others_make_of_our_clip_is_theirs_and_the_clip_stays_ours(
    shelf: Shelf, drop: Drop
) -> None:
    _, verdict, text = drop(shelf.get(shelves.asset("made_from_ours_by_a_listed_signer")))
    assert verdict["signer"]["who"] == "c2pa"
    (parent,) = verdict["history"]
    assert (parent["who"], parent["manifest_id"]) == (
        "archive", shelf.clip.embedded.manifest_id,
    )  # fmt: skip
    assert "This archive signed it." in text


def test_a_redaction_is_shown_with_its_reason(shelf: Shelf, drop: Drop) -> None:
    _, verdict, text = drop(shelf.get(shelves.asset("ours_redacted")))
    (taken,) = verdict["redactions"]
    assert (taken["label"], taken["reason"]) == (
        "org.sora-archive.prompt",
        "org.sora-archive.erased",
    )
    assert "erased from the archive on request" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ours_intact", "None: when it was signed, only the signer says."),
        ("ours_expired_but_stamped", "A list that is believed here vouches for the authority"),
    ],
)
def test_the_page_tells_of_certificate_and_stamp(
    shelf: Shelf, drop: Drop, name: str, words: str, tmp_path: Path
) -> None:
    data = shelf.get(shelves.asset(name))
    _, verdict, text = drop(data)
    signer = verdict["signer"]
    assert signer["serial"] in text
    assert "Clips of archive.test/log Issuer, Sora Archive" in text
    assert words in text
    (tmp_path / "clip.mp4").write_bytes(data)
    lines = in_words(child.check(tmp_path / "clip.mp4"))
    assert f"Certificate: {signer['serial']}, issued by {signer['issuer_common_name']}" in lines
    stamp = f"{signer['time_stamp']}, of an authority on a list" if signer["time_stamp"] else "none"
    assert f"Time-stamp: {stamp}" in lines


# The offline check and the page.

QUESTIONS = ("verdict", "state", "bit_identical", "integrity", "signer", "log", "claims")


def failures(verdict: Verdict, open_questions: set[str]) -> list[Failure]:
    """What failed; what only ledger and log can tell is left out where they were not asked."""
    unasked = bool(open_questions & {"log", "verdict", "state"})
    codes = ("archive.ledger", "archive.commitment", "archive.receipt", "archive.key")
    return [each for each in verdict.failures if not (unasked and each.code.startswith(codes))]


@pytest.mark.slow
@pytest.mark.parametrize("proof", [True, False], ids=["with_the_proof", "without"])
@pytest.mark.parametrize("asset", all_assets())
def test_offline_every_question_is_answered_as_on_the_page_or_left_open(
    asset: Asset, proof: bool, shelf: Shelf, archive_of_the_shelf: Shelf, tmp_path: Path
) -> None:
    path = tmp_path / "received.mp4"
    path.write_bytes(shelf.get(asset))
    archive_of_the_shelf.fill_ledger()
    page = child.check(path)
    receipt = shelf.receipt_of(path.read_bytes()) if proof else None
    found = offline.check(path, vault.trust_list(shelf.keys_dir), receipt)
    said, expected = found.in_full(), page.in_full()
    open_questions = set(found.undecided)
    for question in QUESTIONS:
        if question not in open_questions:
            assert said[question] == expected[question], question
    assert failures(found, open_questions) == failures(page, open_questions)
    assert page.undecided == ()
    if receipt and page.signer:
        assert "bit_identical" not in open_questions
    assert found.withdrawn is False
    assert page.withdrawn is (asset.name == "ours_withdrawn")
    assert "withdrawn" in open_questions or page.bit_identical is None
