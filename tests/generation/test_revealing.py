"""A hidden prompt is revealed by its artist alone, once, and everybody can check the words."""

import json
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client

from generation import asking, revealing
from generation.errors import RevealRefused
from generation.models import Act, Clip, Generation, Visibility
from provenance.core.openings import OpeningRefused, opening_text, parse_opening
from provenance.core.records import EntryType, Opening
from provenance.log import outbox
from provenance.log.models import Opening as OpeningRow
from provenance.verify import ledger
from provenance.verify.models import Credential, Revealed
from sora_archive.accounts.models import User
from tests.generation.test_asking import PROMPT, logged, request
from tests.provenance.log_cast import log_in
from tests.site.hanging import hang


@pytest.fixture
def clip(ada: User, rung: list[str]) -> Clip:
    """A published clip of ada's, whose prompt she keeps hidden."""
    asked = asking.ask(ada, request(hide_prompt=True))
    clip = hang(ada, prompt=PROMPT)
    with transaction.atomic():  # the clip is hung without the line that would have made it
        Generation.objects.filter(pk=clip.generation_id).update(
            prompt_hidden=True, negative_prompt="blue"
        )
        ticket = asked.attempt_ticket
        Generation.objects.filter(pk=asked.pk).delete()
        Generation.objects.filter(pk=clip.generation_id).update(attempt_ticket=ticket)
    clip.refresh_from_db()
    return clip


def page(clip: Clip, part: str) -> str:
    return f"/generations/{clip.generation_id}/{part}"


def test_what_was_revealed_opens_the_commitment_in_the_log(
    clip: Clip, as_ada: Client, client: Client
) -> None:
    [attempt] = logged(EntryType.ATTEMPT)
    public = f"/media/{clip.pk}/prompt.json"
    assert client.get(public).status_code == 404
    assert "public for good" in as_ada.get(page(clip, "")).content.decode()
    assert PROMPT in as_ada.get(page(clip, "reveal/")).content.decode()
    assert as_ada.post(page(clip, "reveal/")).status_code == 302
    told = parse_opening(client.get(public).content.decode())
    assert told.value == {"prompt": PROMPT, "negative_prompt": "blue"}
    assert told.commitment == attempt["prompt"]
    shown = client.get(f"/clips/{clip.pk}/").content.decode()
    assert PROMPT in shown
    assert public in shown
    assert "You have revealed it" in as_ada.get(page(clip, "")).content.decode()


def test_the_check_tells_a_revealed_prompt_and_none_that_is_hidden_or_erased(
    clip: Clip, tmp_path: Path
) -> None:
    [attempt] = logged(EntryType.ATTEMPT)
    sequencer = log_in(tmp_path)
    sequencer.open()
    sequencer.drain()
    Credential.objects.filter(pk=clip.credential_id).update(
        attempt=attempt["attempt"], clip_id=clip.pk
    )
    clip.credential.refresh_from_db()
    assert ledger.issued(clip.credential).revealed == ()
    revealing.reveal(clip.generation)
    [opening] = ledger.issued(clip.credential).revealed
    assert opening.value == {"prompt": PROMPT, "negative_prompt": "blue"}
    OpeningRow.objects.all().delete()
    assert ledger.issued(clip.credential).revealed == ()


def test_revealing_twice_is_revealing_once(clip: Clip) -> None:
    revealing.reveal(clip.generation)
    first = Generation.objects.get(pk=clip.generation_id).prompt_revealed_at
    revealing.reveal(clip.generation)
    assert Generation.objects.get(pk=clip.generation_id).prompt_revealed_at == first
    assert Revealed.objects.count() == 1


def test_the_artist_can_show_the_proof_to_one_person_alone(
    clip: Clip, as_ada: Client, client: Client
) -> None:
    proof = as_ada.get(page(clip, "prompt.json"))
    assert parse_opening(proof.content.decode()).value == {
        "prompt": PROMPT, "negative_prompt": "blue",
    }  # fmt: skip
    assert client.get(f"/media/{clip.pk}/prompt.json").status_code == 404


@pytest.mark.parametrize("part", ["reveal/", "prompt.json"])
def test_nobody_else_reaches_it(clip: Clip, as_ben: Client, client: Client, part: str) -> None:
    assert as_ben.get(page(clip, part)).status_code == 404
    assert as_ben.post(page(clip, "reveal/")).status_code == 404
    assert client.get(page(clip, part)).status_code == 302
    assert not Revealed.objects.exists()


def test_an_erased_prompt_cannot_be_revealed(clip: Clip, as_ada: Client) -> None:
    OpeningRow.objects.all().delete()
    answer = as_ada.post(page(clip, "reveal/"))
    assert answer.status_code == 422
    assert "erased" in answer.content.decode()
    assert as_ada.get(page(clip, "prompt.json")).status_code == 404
    with pytest.raises(RevealRefused):
        revealing.reveal(clip.generation)


def test_what_is_not_public_reveals_nothing(clip: Clip, client: Client) -> None:
    revealing.reveal(clip.generation)
    for change in ({"visibility": Visibility.ERASED},):
        Clip.objects.filter(pk=clip.pk).update(**change)
        assert client.get(f"/media/{clip.pk}/prompt.json").status_code == 404
    assert Act.objects.count() == 0


def test_a_prompt_that_was_never_hidden_has_no_such_page(ada: User, as_ada: Client) -> None:
    open_clip = hang(ada)
    assert as_ada.get(page(open_clip, "reveal/")).status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": 2}, "schema 1"), ({"value": {"prompt": "other"}}, "does not open"),
        ({"salt": "00"}, "missing"), ({"salt": "zz"}, "missing"), ({"commitment": ""}, "not open"),
        ({"field": "artist"}, "does not open"), ({"field": ""}, "missing"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_open_its_own_commitment_is_refused(
    change: dict[str, object], words: str
) -> None:
    document = json.loads(opening_text(outbox.new_opening("prompt", {"prompt": "a kite"})))
    with pytest.raises(OpeningRefused, match=words):
        parse_opening(json.dumps(document | change))


def test_a_file_that_is_none_is_refused() -> None:
    for text in ("", "[]", "{}", "null", "x" * 70_000, "[" * 60_000):
        with pytest.raises(OpeningRefused):
            parse_opening(text)
    opening = Opening("prompt", bytes(32), {"prompt": "ä"})
    assert parse_opening(opening_text(opening)) == opening
