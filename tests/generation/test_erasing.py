"""Ada has a prompt, her name, a whole clip forgotten: at once in every row, soon in the file."""

import json
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from generation import (
    asking,
    erasing,
    erasures,
    fixity,
    line,
    publishing,
    redacting,
    standing,
    storage,
)
from generation.errors import BadList, ErasureRefused, PublishingRefused
from generation.models import Act, By, Clip, Generation, Reason, RequestSignature, State
from provenance import vault
from provenance.core.boxes import pictures_of
from provenance.core.proofs import check_receipt
from provenance.core.records import EntryType
from provenance.core.verdicts import Verdict
from provenance.log import outbox
from provenance.log.audit import audit
from provenance.log.models import Entry
from provenance.log.receipts import receipt
from provenance.verify import child, kept, reports
from provenance.verify.models import Credential
from sora_archive.accounts.models import User
from tests import stack as stacks
from tests.generation.test_asking import PROMPT, request

pytestmark = pytest.mark.usefixtures("studio")
PROMPT_ERASED, NAME_ERASED, CLIP_ERASED = Act.ERASURES


def made(artist: User, **changes: Any) -> Clip:
    """A finished draft of the artist's, with its entry in the log."""
    generation = asking.ask(artist, request(**changes))
    line.run(generation.pk)
    generation.refresh_from_db()
    assert generation.state == State.DONE, generation.reason
    outbox.wait_for(generation.clip.credential.generated_ticket, 30)
    return again(generation.clip)


def shown(artist: User, **changes: Any) -> Clip:
    """A published clip, with its publication in the log."""
    clip = made(artist, **changes)
    publishing.publish(clip)
    clip = again(clip)
    assert clip.publication_ticket
    outbox.wait_for(clip.publication_ticket, 30)
    return clip


def again(clip: Clip) -> Clip:
    return Clip.objects.select_related("credential", "generation__artist").get(pk=clip.pk)


def erased(clip: Clip, kind: Act.Kind, by: By = By.ARTIST, why: Reason = Reason.OWN_WISH) -> Clip:
    """The clip after an erasure that the worker has carried out."""
    erasing.erase(clip.generation, kind, by, why)
    redacting.run(clip.pk)
    return again(clip)


def logged(kind: str) -> list[dict[str, Any]]:
    rows = Entry.objects.filter(kind=kind).order_by("index")
    return [json.loads(bytes(row.data)) for row in rows]


def bytes_of(clip: Clip) -> bytes:
    return storage.path_of(clip.credential.sha256).read_bytes()


def verdict(clip: Clip, data: bytes) -> Verdict:
    path = storage.work_folder() / f"{uuid.uuid4()}.mp4"
    path.write_bytes(data)
    return child.check(path)


def test_a_prompt_goes_at_once_and_its_file_is_handed_to_nobody(
    ada: User, client: Any, redactions_rung: list[str]
) -> None:
    clip = shown(ada)
    erasing.erase(clip.generation, PROMPT_ERASED, By.ARTIST, Reason.OWN_WISH)
    row = again(clip).generation
    assert (row.prompt, row.negative_prompt, row.erased) == ("", "", ["prompt"])
    assert "prompt" not in outbox.openings_of(row.attempt_ticket)
    assert redactions_rung == [str(clip.pk)] == [str(pk) for pk in erasing.unfinished()]
    response = client.get(f"/media/{clip.pk}.mp4")
    assert (response.status_code, response["Retry-After"]) == (503, "60")
    assert PROMPT not in client.get(f"/clips/{clip.pk}/").content.decode()
    assert standing.of(clip.pk) == ("sealed", storage.path_of(clip.credential.sha256))
    told = verdict(clip, bytes_of(clip))
    assert told.verdict == "intact"
    assert not any(PROMPT in claim.value for claim in told.claims)


@pytest.mark.slow
def test_the_file_gets_a_redacted_successor_and_the_old_bytes_are_gone(
    ada: User, client: Any
) -> None:
    before = shown(ada)
    old_bytes = bytes_of(before)
    salt = outbox.openings_of(before.generation.attempt_ticket)["prompt"].salt
    after = erased(before, PROMPT_ERASED)
    assert after.credential.supersedes == before.credential
    assert not storage.path_of(before.credential.sha256).exists()
    new_bytes = client.get(f"/media/{after.pk}.mp4").getvalue()
    assert new_bytes == bytes_of(after)
    for secret in (PROMPT.encode(), salt.hex().encode()):
        assert secret in old_bytes
        assert secret not in new_bytes
    assert erasing.unfinished() == []
    redacting.run(after.pk)
    assert again(after).credential == after.credential  # a second message changes nothing


@pytest.mark.slow
def test_the_log_names_kind_role_and_reason_and_the_file_in_the_old_ones_place(ada: User) -> None:
    before = shown(ada)
    after = erased(before, PROMPT_ERASED, By.CURATOR, Reason.PRIVACY)
    index = outbox.wait_for(after.credential.generated_ticket, 30)
    decided, replaced = logged("erasure")
    [attempt] = Entry.objects.filter(kind="attempt")
    [generated] = Entry.objects.filter(kind="generated")
    assert {key: decided[key] for key in ("target", "field", "by", "reason")} == {
        "target": attempt.index, "field": "prompt", "by": "curator", "reason": "privacy",
    }  # fmt: skip
    assert {key: replaced[key] for key in ("target", "field", "manifest", "sha256", "clip")} == {
        "target": generated.index, "field": "file", "manifest": after.credential.manifest_id,
        "sha256": after.credential.sha256, "clip": str(after.pk),
    }  # fmt: skip
    assert Entry.objects.get(ticket=after.credential.generated_ticket).index == index
    assert audit().problems == []


@pytest.mark.slow
def test_a_draft_keeps_its_new_hash_to_itself(ada: User) -> None:
    after = erased(made(ada), PROMPT_ERASED)
    outbox.wait_for(after.credential.generated_ticket, 30)
    replaced = logged("erasure")[-1]
    opening = outbox.openings_of(after.credential.generated_ticket)["file"]
    assert opening.value == {"sha256": after.credential.sha256}
    assert replaced["file"] == opening.commitment
    assert not {"sha256", "clip"} & replaced.keys()


@pytest.mark.slow
def test_every_old_proof_still_holds(ada: User) -> None:
    clip = shown(ada)
    vkey = vault.log_vkey(settings.KEYS_DIR)
    before = {row.index: receipt(row.index) for row in Entry.objects.all()}
    erased(clip, CLIP_ERASED)
    for index, old in before.items():
        assert check_receipt(old, vkey).entry == check_receipt(receipt(index), vkey).entry


@pytest.mark.slow
def test_old_and_new_file_are_judged_for_what_they_are(ada: User) -> None:
    clip = shown(ada)
    old_bytes = bytes_of(clip)
    after = erased(clip, PROMPT_ERASED)
    outbox.wait_for(after.credential.generated_ticket, 30)
    new = verdict(after, bytes_of(after))
    assert (new.verdict, new.bit_identical, new.failures) == ("intact", True, ())
    assert "the prompt was erased on purpose" in new.text
    old = verdict(after, old_bytes)
    assert (old.verdict, old.bit_identical) == ("intact", True)
    assert "replaced this file by one from which something was erased" in old.text
    assert not any(PROMPT in claim.value for claim in old.claims)
    gone = verdict(erased(after, CLIP_ERASED), old_bytes)
    assert "erased this clip since" in gone.text


@pytest.mark.slow
def test_reports_and_files_left_with_them_forget_it_too(ada: User) -> None:
    clip = shown(ada)
    path = storage.work_folder() / "upload.mp4"
    path.write_bytes(bytes_of(clip))
    _, made_report = reports.check(path, keep=True)
    assert PROMPT in json.dumps(made_report.finding.document)
    erased(clip, PROMPT_ERASED)
    made_report.finding.refresh_from_db()
    assert PROMPT not in json.dumps(made_report.finding.document)
    assert "Ada" in json.dumps(made_report.finding.document)
    assert not kept.path_of(made_report.report.pk).exists()
    _, later = reports.check(path)
    assert PROMPT not in json.dumps(later.finding.document)


@pytest.mark.slow
def test_a_copy_without_its_credential_is_known_as_before(ada: User) -> None:
    clip = shown(ada)
    after = erased(clip, PROMPT_ERASED)
    with storage.path_of(after.credential.sha256).open("rb") as stream:
        pictures, _ = pictures_of(stream)
    assert pictures == clip.credential.pictures_sha256 == after.credential.pictures_sha256


@pytest.mark.slow
def test_both_can_be_erased_one_after_the_other(ada: User) -> None:
    clip = shown(ada)
    after = erased(erased(clip, PROMPT_ERASED), NAME_ERASED)
    data = bytes_of(after)
    assert PROMPT.encode() not in data
    assert not any(claim.value == "Ada" for claim in verdict(after, data).claims)
    assert after.generation.shown_artist == "Unnamed artist"
    assert Credential.objects.filter(deleted_at__isnull=False).count() == 2
    files = [path for path in settings.MEDIA_DIR.glob("??/*") if path.is_file()]
    assert len(files) == 1 + len({getattr(after, name) for name in Clip.PICTURES})


@pytest.mark.slow
def test_an_erasure_while_a_worker_signs_is_seen_to_by_the_next(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = shown(ada)
    erasing.erase(clip.generation, PROMPT_ERASED, By.ARTIST, Reason.OWN_WISH)
    sign = redacting._sign

    def meanwhile(*given: Any) -> redacting.Successor | None:
        signed = sign(*given)
        erasing.erase(clip.generation, NAME_ERASED, By.ARTIST, Reason.OWN_WISH)
        return signed

    monkeypatch.setattr(redacting, "_sign", meanwhile)
    redacting.run(clip.pk)
    assert again(clip).credential.sealed
    monkeypatch.undo()
    redacting.run(clip.pk)
    assert not again(clip).credential.sealed
    assert set(again(clip).credential.redacted) == {"prompt", "artist"}


@pytest.mark.slow
def test_a_whole_clip_leaves_nothing_in_the_media_folder(ada: User, client: Any) -> None:
    clip = shown(ada)
    erasing.erase(clip.generation, CLIP_ERASED, By.ARTIST, Reason.OWN_WISH)
    for name in (".mp4", "/poster.webp", "/poster.avif", "/preview.webp"):
        assert client.get(f"/media/{clip.pk}{name}").status_code == 410  # before the worker came
    assert client.get(f"/clips/{clip.pk}/").status_code == 410
    redacting.run(clip.pk)
    assert [path for path in settings.MEDIA_DIR.rglob("*") if path.is_file()] == []
    gone = again(clip)
    assert (gone.visibility, gone.generation.erased) == ("erased", ["prompt", "artist"])
    fields = [(entry["field"], "clip" in entry) for entry in logged("erasure")]
    assert sorted(fields) == [
        ("artist", False),
        ("file", True),
        ("media", False),
        ("prompt", False),
    ]
    assert outbox.openings_of(gone.credential.generated_ticket) == {}


@pytest.mark.slow
def test_pictures_that_another_clip_shows_stay(ada: User) -> None:
    first, second = shown(ada), shown(ada)
    assert first.poster_sha256 == second.poster_sha256
    erased(first, CLIP_ERASED)
    assert storage.path_of(second.poster_sha256).exists()
    erased(second, CLIP_ERASED)
    assert not storage.path_of(second.poster_sha256).exists()


@pytest.mark.slow
def test_a_remix_does_not_keep_what_its_parent_forgot(ada: User, ben: User) -> None:
    parent = shown(ada)
    remix = made(ben, prompt="a green star", parent=parent)
    assert bytes_of(remix).count(PROMPT.encode()) == 1
    erasing.erase(parent.generation, PROMPT_ERASED, By.ARTIST, Reason.OWN_WISH)
    assert again(remix).credential.sealed
    for clip in (parent, remix):
        redacting.run(clip.pk)
    data = bytes_of(again(remix))
    assert PROMPT.encode() not in data
    assert b"a green star" in data
    assert again(remix).generation.prompt == "a green star"
    outbox.wait_for(again(remix).credential.generated_ticket, 30)
    assert verdict(remix, data).verdict == "intact"


@pytest.mark.slow
def test_a_remix_finished_after_the_erasure_is_sealed_as_well(
    ada: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = shown(ada)
    keep = storage.keep

    def meanwhile(draft: Any) -> storage.StoredFile:
        if not again(parent).generation.erased:
            erasing.erase(parent.generation, PROMPT_ERASED, By.ARTIST, Reason.OWN_WISH)
        return keep(draft)

    monkeypatch.setattr(storage, "keep", meanwhile)
    remix = made(ben, prompt="a green star", parent=parent)
    monkeypatch.undo()
    assert again(remix).credential.sealed
    redacting.run(remix.pk)
    assert PROMPT.encode() not in bytes_of(again(remix))


@pytest.mark.slow
def test_a_redacted_clip_can_be_remixed(ada: User, ben: User) -> None:
    parent = erased(shown(ada), PROMPT_ERASED)
    outbox.wait_for(parent.credential.generated_ticket, 30)
    remix = made(ben, prompt="a green star", parent=parent)
    assert PROMPT.encode() not in bytes_of(remix)
    redacting.run(remix.pk)  # there is nothing to take out of it
    assert again(remix).credential == remix.credential
    assert not again(remix).credential.sealed


@pytest.mark.slow
def test_a_sealed_draft_is_not_published_and_a_redacted_one_is(ada: User) -> None:
    clip = made(ada)
    erasing.erase(clip.generation, PROMPT_ERASED, By.ARTIST, Reason.OWN_WISH)
    with pytest.raises(PublishingRefused, match="taken out"):
        publishing.publish(again(clip))
    redacting.run(clip.pk)
    publishing.publish(again(clip))
    assert again(clip).published


@pytest.mark.slow
def test_what_is_under_way_is_not_erased_before_it_is_cancelled(ada: User) -> None:
    generation = asking.ask(ada, request())
    with pytest.raises(ErasureRefused, match="cancel it first"):
        erasing.erase(generation, PROMPT_ERASED, By.ARTIST, Reason.OWN_WISH)
    with pytest.raises(ErasureRefused):
        erasing.erase(generation, CLIP_ERASED, By.ARTIST, Reason.OWN_WISH)
    asking.cancel(generation)
    outbox.wait_for(generation.attempt_ticket, 30)
    erasing.erase(generation, PROMPT_ERASED, By.ARTIST, Reason.OWN_WISH)
    assert Generation.objects.get().prompt == ""


@pytest.mark.slow
def test_a_damaged_file_is_not_signed_anew(ada: User, caplog: pytest.LogCaptureFixture) -> None:
    clip = shown(ada)
    path = storage.path_of(clip.credential.sha256)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    after = erased(clip, PROMPT_ERASED)
    assert after.credential == clip.credential
    assert after.credential.sealed
    assert "missing or damaged" in caplog.text
    assert PROMPT not in caplog.text


@pytest.mark.slow
def test_an_account_s_name_goes_from_all_it_asked_for(ada: User, ben: User) -> None:
    clips = [shown(ada), made(ada)]
    waiting = asking.ask(ada, request())
    other = shown(ben)
    assert erasing.erase_name_everywhere(ada, By.ARTIST, Reason.ACCOUNT) == 3
    for clip in clips:
        redacting.run(clip.pk)
        assert b"Ada" not in bytes_of(again(clip))
    waiting.refresh_from_db()
    assert waiting.state == State.CANCELLED
    assert User.objects.get(pk=ada.pk).pseudonym.startswith("unnamed-")
    assert erasing.erase_name_everywhere(ada, By.ARTIST, Reason.ACCOUNT) == 0
    assert again(other).generation.shown_artist == "Ben"


@pytest.mark.slow
def test_fixity_names_what_is_wrong_logs_it_and_deletes_nothing(ada: User, ben: User) -> None:
    sound, lost, altered = made(ada), made(ada, seed=8), made(ben, seed=9)
    storage.path_of(lost.credential.sha256).unlink()
    damaged = storage.path_of(altered.preview_sha256)
    damaged.write_bytes(b"not a picture")
    orphan = storage.keep_bytes(b"nobody's").path
    os.utime(orphan, (0, 0))
    told: list[tuple[int, int]] = []
    result = fixity.check(lambda done, total: told.append((done, total)))
    assert result.missing == (lost.credential.sha256,)
    assert result.altered == (altered.preview_sha256,)
    assert result.orphans == (orphan.name,)
    assert not result.sound
    assert told[-1] == (result.checked, result.checked)
    report = fixity.record(result)
    assert json.loads(report.read_text())["missing"] == [lost.credential.sha256]
    assert damaged.exists()
    assert orphan.exists()
    assert sound.credential.sha256 not in report.read_text()
    stacks.wait_until(lambda: logged("fixity"), "the result is in the log", 30)
    [entry] = logged("fixity")
    assert (entry["missing"], entry["altered"], entry["orphans"]) == (1, 1, 1)
    assert entry["sha256"] == storage.sha256_of(report)


@pytest.mark.slow
def test_what_was_erased_is_listed_outside_the_database_and_erased_again_from_it(
    ada: User, tmp_path: Path, settings: Any
) -> None:
    settings.DATA = tmp_path
    clip = shown(ada)
    erased(clip, PROMPT_ERASED)
    [line] = erasures.read(erasures.place())
    assert (line.attempt, line.kind, line.by) == (clip.generation.attempt, "prompt", "artist")
    assert PROMPT not in erasures.place().read_text()
    other = shown(ada, seed=8)
    newer = json.dumps({"attempt": other.generation.attempt, "kind": "clip", "by": "curator",
                        "reason": "law"})  # fmt: skip
    (tmp_path / "newer").write_text(newer + "\n")
    erasures.merge(tmp_path / "newer")
    erasures.note()
    assert erasing.erase_again() == 1
    assert again(other).visibility == "erased"
    assert erasing.erase_again() == 0
    (tmp_path / "broken").write_text("[")
    with pytest.raises(BadList):
        list(erasures.read(tmp_path / "broken"))


@pytest.mark.slow
def test_with_a_name_goes_whose_passkey_signed(ada: User) -> None:
    clip = shown(ada)
    with transaction.atomic():
        ticket = outbox.submit(
            EntryType.ATTEMPT_SIGNED,
            {"attempt": clip.generation.attempt},
            [outbox.new_opening("signed", {"credential": "ada's key"})],
        )
        RequestSignature.objects.create(
            generation=clip.generation, ticket=ticket, credential="ada's key"
        )
    outbox.wait_for(ticket, 30)
    erasing.erase(clip.generation, NAME_ERASED, By.ARTIST, Reason.OWN_WISH)
    assert outbox.openings_of(ticket) == {}
    assert not RequestSignature.objects.exists()
