"""Ada takes things back, Mo does so with a reason, and strangers learn only that it happened."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from generation import publishing, redacting
from generation.errors import PublishingRefused
from generation.models import Act, By, Clip, Generation, Reason
from provenance.log import outbox
from provenance.log.models import Entry
from sora_archive.accounts.models import User
from tests.generation.test_asking import PROMPT
from tests.generation.test_erasing import again, bytes_of, shown

pytestmark = [pytest.mark.usefixtures("studio"), pytest.mark.slow]


@pytest.fixture
def clip(studio: None, ada: User) -> Clip:
    """A published clip of ada's."""
    return shown(ada)


def address(clip: Clip, act: str) -> str:
    return f"/generations/{clip.generation_id}/{act}/"


def entry(clip: Clip, kind: Act.Kind) -> dict[str, Any]:
    """The log's entry of the clip's last act of a kind."""
    ticket = clip.generation.acts.filter(kind=kind).last().ticket  # type: ignore[union-attr]
    assert ticket
    index = outbox.wait_for(ticket, 30)
    value = json.loads(bytes(Entry.objects.get(index=index).data))
    assert isinstance(value, dict)
    return value


def test_ada_withdraws_and_restores_her_clip(as_ada: Client, client: Client, clip: Clip) -> None:
    asked = as_ada.get(address(clip, "withdraw")).content.decode()
    assert "Nothing is deleted" in asked
    assert again(clip).published  # a page that asks does nothing
    assert as_ada.post(address(clip, "withdraw")).status_code == 302
    for gone in (f"/media/{clip.pk}.mp4", f"/clips/{clip.pk}/", f"/api/v1/clips/{clip.pk}"):
        assert client.get(gone).status_code == 410
    logged = entry(clip, Act.Kind.WITHDRAWAL)
    assert {key: logged[key] for key in ("clip", "by", "reason")} == {
        "clip": str(clip.pk), "by": "artist", "reason": "own_wish",
    }  # fmt: skip
    assert Entry.objects.get(index=logged["publication"]).kind == "publication"
    assert as_ada.post(address(clip, "restore")).status_code == 302
    assert client.get(f"/media/{clip.pk}.mp4").status_code == 200
    assert entry(clip, Act.Kind.RESTORATION)["by"] == "artist"
    assert "Restored" not in client.get(f"/clips/{clip.pk}/").content.decode()
    assert "The restoration, entry" in client.get(f"/clips/{clip.pk}/").content.decode()


def test_a_tombstone_tells_who_when_and_why_with_proof(
    as_ada: Client, client: Client, mo: User, clip: Clip
) -> None:
    publishing.withdraw(clip, By.CURATOR, Reason.REAL_PERSON, mo.pk)
    entry(clip, Act.Kind.WITHDRAWAL)
    page = client.get(f"/clips/{clip.pk}/").content.decode()
    for told in ("This clip was withdrawn", "It portrays a real person.", "<time",
                 "By <bdi>Mo</bdi>, curator."):  # fmt: skip
        assert told in page
    for secret in (PROMPT, "Ada", clip.title, "Restore"):
        assert secret not in page
    proofs = re.findall(r'href="(/log/entry/\d+/proof)"', page)
    assert len(proofs) == 2
    assert all(client.get(proof).status_code == 200 for proof in proofs)
    assert ">Mo</span>" in as_ada.get(f"/generations/{clip.generation_id}/").content.decode()


def test_a_curator_is_led_to_a_decision_with_words_and_acts_in_no_other_way(
    as_mo: Client, clip: Clip, mo: User
) -> None:
    case = f"/moderation/queue/clip/{clip.pk}/"
    assert as_mo.get(address(clip, "withdraw"))["Location"] == case
    assert as_mo.post(address(clip, "withdraw"), {"code": "privacy"})["Location"] == case
    assert again(clip).published
    publishing.withdraw(clip, By.CURATOR, Reason.PRIVACY, mo.pk)
    assert as_mo.post(address(clip, "restore"))["Location"] == case
    assert not again(clip).published


def test_an_artist_cannot_undo_a_curator_and_everybody_reads_who_restored_the_clip(
    as_ada: Client, client: Client, clip: Clip, mo: User
) -> None:
    publishing.withdraw(clip, By.CURATOR, Reason.PRIVACY, mo.pk)
    entry(clip, Act.Kind.WITHDRAWAL)
    as_ada.post(address(clip, "restore"))
    assert not again(clip).published
    with pytest.raises(PublishingRefused):
        publishing.restore(clip, By.ARTIST)
    publishing.restore(clip, By.CURATOR, Reason.MISTAKE, mo.pk)
    page = client.get(f"/clips/{clip.pk}/").content.decode()
    assert page.count("By <bdi>Mo</bdi>, curator.") == 2
    assert "It tells something private." in page
    assert "It was a mistake." in page


def test_what_is_done_already_is_not_done_again(clip: Clip) -> None:
    publishing.restore(clip, By.ARTIST)
    for _twice in range(2):
        publishing.withdraw(clip, By.ARTIST, Reason.OWN_WISH)
    assert [act.by for act in Act.objects.all()] == ["artist"]
    for _twice in range(2):  # after the artist it is a decision of its own, and made once
        publishing.withdraw(clip, By.CURATOR, Reason.LAW)
    assert [act.by for act in Act.objects.order_by("pk")] == ["artist", "curator"]


def test_the_confirm_page_says_what_goes_what_stays_and_what_nobody_can(
    as_ada: Client, clip: Clip
) -> None:
    choice = as_ada.get(address(clip, "erase")).content.decode()
    for kind in ("prompt", "artist", "clip"):
        assert f'href="{address(clip, f"erase/{kind}")}"' in choice
        page = as_ada.get(address(clip, f"erase/{kind}")).content.decode()
        for told in ("What goes", "What stays", "Call back copies", "at most 30 days"):
            assert told in page
        assert "<select" not in page
    assert not Act.objects.exists()


def test_ada_erases_her_prompt_from_the_page(as_ada: Client, client: Client, clip: Clip) -> None:
    sent = as_ada.post(address(clip, "erase/prompt"), follow=True)
    page = sent.content.decode()
    assert "Erased. The log says that it happened." in page
    assert PROMPT not in page
    assert "being taken out of the file" in page
    assert "being taken out of the file" in client.get(f"/clips/{clip.pk}/").content.decode()
    redacting.run(clip.pk)
    page = client.get(f"/clips/{clip.pk}/").content.decode()
    assert "The words were erased." in page
    assert "being taken out" not in page
    assert again(clip).credential.sha256 in page
    logged = entry(clip, Act.Kind.PROMPT_ERASED)
    assert (logged["by"], logged["reason"], logged["field"]) == ("artist", "own_wish", "prompt")


def test_mo_erases_a_name_with_a_reason(as_mo: Client, client: Client, clip: Clip) -> None:
    assert as_mo.post(address(clip, "erase/artist"), {}).status_code == 422
    as_mo.post(address(clip, "erase/artist"), {"code": "privacy"})
    redacting.run(clip.pk)
    page = client.get(f"/clips/{clip.pk}/").content.decode()
    assert "Unnamed artist" in page
    assert "Ada" not in page
    assert client.get("/clips/", {"artist": "Ada"}).content.decode().count("No published clip") == 1
    told = client.get(f"/api/v1/clips/{clip.pk}").json()
    assert (told["artist"], told["erased"]) == ("", ["artist"])
    logged = entry(clip, Act.Kind.NAME_ERASED)
    assert (logged["by"], logged["reason"]) == ("curator", "privacy")


def test_an_erased_clip_has_a_tombstone(as_ada: Client, client: Client, clip: Clip) -> None:
    as_ada.post(address(clip, "erase/clip"))
    redacting.run(clip.pk)
    entry(clip, Act.Kind.CLIP_ERASED)
    response = client.get(f"/clips/{clip.pk}/")
    page = response.content.decode()
    assert response.status_code == 410
    assert "This clip was erased" in page
    assert "The artist wished it." in page
    for address_gone in (f"/media/{clip.pk}.mp4", f"/media/{clip.pk}/poster.webp"):
        assert client.get(address_gone).status_code == 410
    own = as_ada.get(f"/generations/{clip.generation_id}/").content.decode()
    assert "The clip was erased." in own
    assert "<video" not in own
    assert as_ada.get("/generations/").status_code == 200


@pytest.mark.parametrize("act", ["withdraw", "erase", "erase/prompt", "erase/clip"])
def test_somebody_else_s_attempt_looks_as_if_it_did_not_exist(
    as_ben: Client, client: Client, clip: Clip, act: str
) -> None:
    assert as_ben.get(address(clip, act)).status_code == 404
    assert as_ben.post(address(clip, act)).status_code in {404, 405}
    assert client.get(address(clip, act))["Location"].startswith("/accounts/login/")
    assert Generation.objects.get().prompt == PROMPT
    assert bytes_of(again(clip))


def test_nothing_else_can_be_erased(as_ada: Client, clip: Clip) -> None:
    assert as_ada.post(address(clip, "erase/everything")).status_code == 404
