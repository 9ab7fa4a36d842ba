"""A stranger reports, mo decides with reasons, ada appeals; the log has every decision."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from generation import erasing, line, publishing, storage
from generation.errors import ErasureRefused, PublishingRefused
from generation.models import Act, By, Clip, Reason, State, Visibility
from provenance.log import outbox
from provenance.log.models import Entry
from sora_archive.accounts.models import User
from sora_archive.moderation import deciding, reporting
from sora_archive.moderation.models import (
    About,
    Appeal,
    BlockedFile,
    Decision,
    Grounds,
    Held,
    Outcome,
)
from sora_archive.moderation.reporting import Subject
from tests.generation.test_asking import PROMPT, request
from tests.generation.test_erasing import again, made, shown
from tests.signing_in import signed_in

pytestmark = [pytest.mark.usefixtures("studio"), pytest.mark.slow]

WHY = "The clip shows a neighbour of the reporter."


@pytest.fixture
def clip(studio: None, ada: User) -> Clip:
    """A published clip of ada's."""
    return shown(ada)


def decide(as_mo: Client, clip: Clip, outcome: str, **more: Any) -> Any:
    sent = {"outcome": outcome, "grounds": "real_person", "statement": WHY, **more}
    return as_mo.post(f"/moderation/queue/clip/{clip.pk}/", sent)


def settled(clip: Clip) -> None:
    """All that was done to a clip is in the log."""
    for act in clip.generation.acts.all():
        assert act.ticket
        outbox.wait_for(act.ticket, 30)


def test_mo_withdraws_a_reported_clip_and_everybody_concerned_reads_why(
    client: Client, as_mo: Client, as_ada: Client, clip: Clip
) -> None:
    _, token = reporting.report(Subject(About.CLIP, clip), Grounds.REAL_PERSON, "It is me.")
    assert again(clip).published  # not one of the gravest
    assert "It is me." in as_mo.get(f"/moderation/queue/clip/{clip.pk}/").content.decode()
    assert decide(as_mo, clip, "withdrawn").status_code == 302
    for gone in (f"/media/{clip.pk}.mp4", f"/clips/{clip.pk}/", f"/api/v1/clips/{clip.pk}"):
        assert client.get(gone).status_code == 410
    decision = Decision.objects.get()
    entry = json.loads(bytes(Entry.objects.get(index=outbox.wait_for(decision.ticket, 30)).data))
    assert (entry["type"], entry["decision"], entry["by"]) == ("decision", "withdrawn", "curator")
    assert WHY not in json.dumps(entry)
    told = as_ada.get("/generations/").content.decode()
    assert "The clip is withdrawn." in told
    assert f'href="/moderation/reasons/{clip.pk}/"' in told
    for page in (
        client.get(f"/moderation/report/status/{token}/"),
        client.get(f"/moderation/decisions/?clip={clip.pk}"),
        client.get(decision.get_absolute_url()),
        as_ada.get(f"/moderation/reasons/{clip.pk}/"),
    ):
        text = page.content.decode()
        assert WHY in text
        assert "<bdi>Mo</bdi>, curator" in text
    entry_page = client.get(decision.get_absolute_url()).content.decode()
    assert f"/log/entry/{outbox.index_of(decision.ticket)}" in entry_page
    tombstone = client.get(f"/clips/{clip.pk}/").content.decode()
    assert WHY in tombstone
    assert "By <bdi>Mo</bdi>, curator." in tombstone
    assert f"/log/entry/{outbox.index_of(decision.ticket)}" in tombstone
    assert PROMPT not in tombstone


def test_ada_appeals_once_and_the_clip_comes_back(
    client: Client, as_mo: Client, as_ada: Client, clip: Clip
) -> None:
    decide(as_mo, clip, "withdrawn")
    settled(clip)
    address = f"/moderation/reasons/{clip.pk}/"
    assert as_ada.post(address, {"words": ""}).status_code == 422
    as_ada.post(address, {"words": "It is a circle."})
    as_ada.post(address, {"words": "It is still a circle."})
    assert "It is a circle." in as_mo.get(f"/moderation/queue/clip/{clip.pk}/").content.decode()
    assert clip.title in as_mo.get("/moderation/queue/").content.decode()
    assert decide(as_mo, clip, "restored", statement="It is a circle indeed.").status_code == 302
    assert client.get(f"/media/{clip.pk}.mp4").status_code == 200
    page = as_ada.get(address).content.decode()
    assert "It is a circle indeed." in page
    assert "still a circle" not in page
    assert as_ada.get(f"/moderation/reasons/{clip.pk}/").status_code == 200


def test_somebody_else_cannot_appeal(as_ben: Client, as_mo: Client, clip: Clip) -> None:
    decide(as_mo, clip, "withdrawn")
    assert "From the curators" not in as_ben.get("/generations/").content.decode()
    assert as_ben.get(f"/moderation/reasons/{clip.pk}/").status_code == 404


def test_a_grave_report_hides_the_clip_until_it_is_decided_and_only_once(
    client: Client, as_mo: Client, clip: Clip
) -> None:
    reporting.report(Subject(About.CLIP, clip), Grounds.DANGER, "")
    assert client.get(f"/media/{clip.pk}.mp4").status_code == 410
    assert again(clip).visibility == Visibility.WITHDRAWN
    tombstone = client.get(f"/clips/{clip.pk}/").content.decode()
    assert "By the archive itself, because of a report." in tombstone
    mine = signed_in(clip.generation.artist).get("/generations/").content.decode()
    assert "hidden after a report on one of the gravest grounds" in mine
    film = f"/moderation/queue/{clip.pk}/file"
    assert client.get(film).status_code == 302
    assert as_mo.get(film).status_code == 200  # whoever decides can see it
    settled(clip)
    assert decide(as_mo, clip, "restored", grounds="danger").status_code == 302
    assert client.get(f"/media/{clip.pk}.mp4").status_code == 200
    assert as_mo.get(film).status_code == 404
    settled(clip)
    reporting.report(Subject(About.CLIP, clip), Grounds.DANGER, "again")
    assert again(clip).published


def test_a_withdrawn_clip_is_deleted_when_its_time_is_over_unless_it_is_held(
    as_mo: Client, ada: User, clip: Clip
) -> None:
    held = shown(ada)
    decide(as_mo, clip, "withdrawn")
    decide(as_mo, held, "withdrawn", hold_days="400")
    settled(clip)
    settled(held)
    assert deciding.delete_what_is_due() == 0
    over = timezone.now() - timedelta(seconds=1)
    Decision.objects.filter(clip=clip).update(keep_until=over)
    assert deciding.delete_what_is_due() == 1
    assert again(clip).visibility == Visibility.ERASED
    assert again(held).visibility == Visibility.WITHDRAWN
    kept = Decision.objects.get(clip=held)
    assert kept.legal_hold
    assert kept.keep_until
    assert kept.keep_until > timezone.now() + timedelta(days=399)


def test_an_appeal_keeps_the_files_until_it_is_answered(
    as_mo: Client, as_ada: Client, clip: Clip
) -> None:
    decide(as_mo, clip, "withdrawn")
    settled(clip)
    as_ada.post(f"/moderation/reasons/{clip.pk}/", {"words": "It is a circle."})
    Decision.objects.update(keep_until=timezone.now() - timedelta(seconds=1))
    assert deciding.delete_what_is_due() == 0
    assert decide(as_mo, clip, "upheld").status_code == 302
    assert deciding.delete_what_is_due() == 1


def test_a_blocked_video_is_not_made_again(as_mo: Client, ada: User, clip: Clip) -> None:
    decide(as_mo, clip, "withdrawn", block="on")
    assert BlockedFile.objects.count() == 2  # the signed file and the pictures themselves
    from generation import asking

    same = asking.ask(ada, request(seed=clip.generation.seed))
    line.run(same.pk)
    same.refresh_from_db()
    assert (same.state, same.reason_code) == (State.REFUSED, "blocked_file")
    assert "taken down here before" in same.reason
    other = asking.ask(ada, request(seed=clip.generation.seed + 1))
    line.run(other.pk)
    other.refresh_from_db()
    assert other.state == State.DONE


def test_what_is_shown_again_is_blocked_no_longer(as_mo: Client, mo: User, clip: Clip) -> None:
    decide(as_mo, clip, "withdrawn", block="on")
    settled(clip)
    decide(as_mo, clip, "restored", statement="It is a circle indeed.")
    assert again(clip).published
    ended = BlockedFile.objects.filter(ended_at__isnull=False)
    assert [(rule.ended_by, rule.ended_note) for rule in ended] == [
        (mo, "It is a circle indeed.")
    ] * 2


def test_an_open_appeal_is_answered_and_not_sidestepped(
    as_mo: Client, as_ada: Client, clip: Clip
) -> None:
    decide(as_mo, clip, "withdrawn")
    settled(clip)
    as_ada.post(f"/moderation/reasons/{clip.pk}/", {"words": "It is a circle."})
    assert decide(as_mo, clip, "withdrawn").status_code == 422
    assert decide(as_mo, clip, "upheld").status_code == 302


def test_the_first_clips_of_an_artist_wait_for_mo(
    client: Client, as_ada: Client, as_mo: Client, ada: User, settings: Any
) -> None:
    settings.MODERATION_FIRST_PUBLICATIONS = 1
    first, second = made(ada), made(ada)
    publish = f"/generations/{first.generation_id}/publish/"
    page = as_ada.post(publish, follow=True).content.decode()
    assert "A curator looks at" in page
    assert client.get(f"/clips/{first.pk}/").status_code == 404
    assert Held.objects.get().clip == first
    assert first.title in as_mo.get("/moderation/queue/").content.decode()
    assert decide(as_mo, first, "approved").status_code == 302
    assert client.get(f"/clips/{first.pk}/").status_code == 200
    publishing.publish(second)  # the second does not wait
    assert again(second).published


def test_a_declined_clip_stays_a_draft_and_its_artist_reads_why(
    as_ada: Client, as_mo: Client, ada: User, settings: Any
) -> None:
    settings.MODERATION_FIRST_PUBLICATIONS = 3
    draft = made(ada)
    with pytest.raises(PublishingRefused, match="waits"):
        publishing.publish(draft)
    assert decide(as_mo, draft, "declined").status_code == 302
    with pytest.raises(PublishingRefused, match="decided not to show"):
        publishing.publish(draft)
    assert WHY in as_ada.get(f"/moderation/reasons/{draft.pk}/").content.decode()
    assert again(draft).visibility == Visibility.DRAFT


def test_mo_erases_a_reported_name(client: Client, as_mo: Client, clip: Clip) -> None:
    reporting.report(Subject(About.NAME, clip), Grounds.NAME, "")
    sent = {"outcome": "name_erased", "grounds": "name", "statement": "It is somebody else's name."}
    assert as_mo.post(f"/moderation/queue/name/{clip.pk}/", sent).status_code == 302
    assert again(clip).generation.name_erased_at
    assert Decision.objects.get().outcome == Outcome.NAME_ERASED
    assert "Ada" not in client.get("/moderation/decisions/").content.decode()


def test_two_curators_cannot_decide_against_each_other_unknowingly(
    as_mo: Client, clip: Clip
) -> None:
    page = as_mo.get(f"/moderation/queue/clip/{clip.pk}/").content.decode()
    assert 'value="kept"' in page
    decide(as_mo, clip, "withdrawn")
    settled(clip)
    answer = decide(as_mo, clip, "kept")
    assert answer.status_code == 422
    assert Decision.objects.count() == 1


def own_withdrawal(clip: Clip) -> None:
    publishing.withdraw(clip, By.ARTIST, Reason.OWN_WISH, clip.generation.artist_id)
    settled(clip)


def test_what_ada_has_withdrawn_herself_nobody_else_shows_again(as_mo: Client, clip: Clip) -> None:
    reporting.report(Subject(About.CLIP, clip), Grounds.REAL_PERSON, "It is me.")
    own_withdrawal(clip)
    assert decide(as_mo, clip, "restored").status_code == 422
    with pytest.raises(PublishingRefused, match="nobody else can show it"):
        publishing.restore(clip, By.CURATOR)
    assert again(clip).visibility == Visibility.WITHDRAWN
    assert decide(as_mo, clip, "kept").status_code == 302  # nothing is wrong with it
    publishing.restore(clip, By.ARTIST)
    assert again(clip).published


def test_what_was_blocked_meanwhile_ada_does_not_show_again(as_mo: Client, clip: Clip) -> None:
    own_withdrawal(clip)
    file = {"sha256": clip.credential.sha256, "grounds": "rights", "note": "A court said so."}
    assert as_mo.post("/moderation/rules/files/", file).status_code == 302
    with pytest.raises(PublishingRefused, match="taken down here before"):
        publishing.restore(clip, By.ARTIST)
    assert again(clip).visibility == Visibility.WITHDRAWN


def test_who_withdraws_a_clip_before_the_decision_does_not_escape_it(
    as_mo: Client, as_ada: Client, client: Client, clip: Clip
) -> None:
    reporting.report(Subject(About.CLIP, clip), Grounds.REAL_PERSON, "It is me.")
    own_withdrawal(clip)
    assert decide(as_mo, clip, "withdrawn").status_code == 302
    settled(clip)
    as_ada.post(f"/generations/{clip.generation_id}/restore/")
    assert again(clip).visibility == Visibility.WITHDRAWN
    assert client.get(f"/media/{clip.pk}.mp4").status_code == 410
    as_ada.post(f"/moderation/reasons/{clip.pk}/", {"words": "It is a circle."})
    assert decide(as_mo, clip, "restored").status_code == 302  # a curator's own, so it can be
    assert again(clip).published


def test_what_is_under_a_legal_hold_is_erased_by_nobody_before_its_time(
    as_mo: Client, as_ada: Client, clip: Clip
) -> None:
    decide(as_mo, clip, "withdrawn", hold_days="400")
    settled(clip)
    for kind in ("clip", "prompt"):
        page = as_ada.post(
            f"/generations/{clip.generation_id}/erase/{kind}/", {"reason": Reason.OWN_WISH}
        )
        assert page.status_code == 422
        assert "under a legal hold until" in page.content.decode()
    with pytest.raises(CommandError, match="legal hold"):
        call_command("erase", clip=clip.pk, what="clip")
    assert storage.path_of(again(clip).credential.sha256).exists()
    decide(as_mo, clip, "withdrawn")  # decided anew, without a hold
    settled(clip)
    erasing.erase(clip.generation, Act.Kind.CLIP_ERASED, By.ARTIST, Reason.OWN_WISH)
    assert again(clip).visibility == Visibility.ERASED
    reasons = as_ada.get(f"/moderation/reasons/{clip.pk}/").content.decode()
    assert "Send the appeal" not in reasons, "there is nothing left to show again"
    as_ada.post(f"/moderation/reasons/{clip.pk}/", {"words": "It was a circle."})
    assert not Appeal.objects.exists()


def test_a_hold_ends_with_the_decision_that_shows_the_clip_again(as_mo: Client, clip: Clip) -> None:
    decide(as_mo, clip, "withdrawn", hold_days="400")
    settled(clip)
    decide(as_mo, clip, "restored")
    settled(clip)
    erasing.erase(clip.generation, Act.Kind.CLIP_ERASED, By.ARTIST, Reason.OWN_WISH)
    assert again(clip).visibility == Visibility.ERASED


def test_a_clip_that_is_hidden_for_the_gravest_reasons_is_erased_after_the_decision_only(
    as_mo: Client, clip: Clip
) -> None:
    reporting.report(Subject(About.CLIP, clip), Grounds.DANGER, "")
    settled(clip)
    with pytest.raises(ErasureRefused, match="once a curator has decided"):
        erasing.erase(clip.generation, Act.Kind.CLIP_ERASED, By.ARTIST, Reason.OWN_WISH)
    erasing.erase(clip.generation, Act.Kind.NAME_ERASED, By.ARTIST, Reason.OWN_WISH)
    decide(as_mo, clip, "withdrawn", grounds="danger")
    settled(clip)
    erasing.erase(clip.generation, Act.Kind.CLIP_ERASED, By.ARTIST, Reason.OWN_WISH)
    assert again(clip).visibility == Visibility.ERASED


def test_an_appeal_against_a_declined_publication_can_be_granted(
    as_ada: Client, as_mo: Client, client: Client, ada: User, settings: Any
) -> None:
    settings.MODERATION_FIRST_PUBLICATIONS = 3
    draft = made(ada)
    with pytest.raises(PublishingRefused, match="waits"):
        publishing.publish(draft)
    decide(as_mo, draft, "declined")
    as_ada.post(f"/moderation/reasons/{draft.pk}/", {"words": "It is a circle."})
    assert decide(as_mo, draft, "approved", statement="A circle indeed.").status_code == 302
    assert client.get(f"/clips/{draft.pk}/").status_code == 200
    answer = Appeal.objects.get().answer
    assert answer
    assert answer.outcome == Outcome.APPROVED
    assert Held.objects.get().decision == answer
