"""Strangers report, prompts are refused, curators keep the lists; the log is not needed for it."""

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from generation import asking
from generation.engines.catalog import cards
from generation.models import Clip, State, Visibility
from provenance.core.records import EntryType
from sora_archive.accounts.models import User
from sora_archive.moderation import deciding, reporting, rules
from sora_archive.moderation.models import (
    About,
    BlockedFile,
    Decision,
    Grounds,
    Outcome,
    RefusedWord,
    Report,
)
from sora_archive.moderation.reporting import Subject
from sora_archive.moderation.skeletons import first_of, skeleton
from tests.site.hanging import hang
from tests.site.signatories import make_version, signed, started_log

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip(ada: User) -> Clip:
    return hang(ada)


@pytest.fixture
def refused(mo: User) -> RefusedWord:
    """mo has put a phrase on the list."""
    return RefusedWord.objects.create(
        shown="Golden Gate", skeleton=skeleton("Golden Gate"), grounds=Grounds.RIGHTS,
        note="a trade mark", curator=mo,
    )  # fmt: skip


def address(clip: Clip) -> str:
    return f"/moderation/report/{clip.pk}/"


def test_a_stranger_reports_a_clip_and_keeps_the_link(client: Client, clip: Clip) -> None:
    assert "Report this clip" in client.get(f"/clips/{clip.pk}/").content.decode()
    answer = client.post(
        address(clip), {"about": "clip", "grounds": "real_person", "words": "It is my neighbour."}
    )
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "It waits for a curator" in page
    assert "It is my neighbour." in page
    made = Report.objects.get()
    assert (made.clip, made.about, made.grounds) == (clip, About.CLIP, Grounds.REAL_PERSON)
    assert answer["Location"].split("/")[-2] not in str(vars(made))  # only the hash is kept
    assert client.get("/moderation/report/status/somebody-else/").status_code == 404


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"about": "clip", "grounds": ""}, "This field is required"),
        ({"about": "clip", "grounds": "dull"}, "Choose one of the reasons of the list"),
        ({"about": "clip", "grounds": "name"}, "does not fit"),
        ({"about": "clip", "grounds": "rules", "words": "a\x00b"}, "Null characters"),
        ({"about": "clip", "grounds": "rules", "words": "a‮b"}, "invisible control"),
        ({"about": "clip", "grounds": "rules", "words": "a" * 2001}, "at most 2000"),
        ({"about": "moon", "grounds": "rules"}, "moon is not one of the available choices"),
    ],
)
def test_a_report_that_cannot_be_taken_says_why(
    sent: dict[str, str], words: str, client: Client, clip: Clip
) -> None:
    answer = client.post(address(clip), sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Report.objects.exists()


def test_only_what_the_public_sees_can_be_reported(client: Client, clip: Clip) -> None:
    assert client.get(f"/moderation/report/{uuid.uuid4()}/").status_code == 404


def test_the_sixth_report_in_a_minute_from_one_network_has_to_wait(
    client: Client, clip: Clip
) -> None:
    sent = [
        client.post(address(clip), {"about": "clip", "grounds": "hate"}).status_code
        for _ in range(6)
    ]
    assert sent == [302] * 5 + [429]


def test_the_lists_and_the_queue_are_for_curators(
    client: Client, as_ada: Client, as_mo: Client, clip: Clip
) -> None:
    reporting.report(Subject(About.SIGNATURE, signature="7"), Grounds.NAME, "")
    pages = ["queue/", "rules/", f"queue/clip/{clip.pk}/", "queue/signature/7/"]
    for page in pages:
        assert client.get(f"/moderation/{page}").status_code == 302
        assert as_ada.get(f"/moderation/{page}").status_code == 403
        assert as_mo.get(f"/moderation/{page}").status_code == 200
    assert as_ada.post("/moderation/rules/words/", {"shown": "x"}).status_code == 403
    assert not RefusedWord.objects.exists()


def test_the_gravest_report_stands_first(as_mo: Client, clip: Clip, ada: User) -> None:
    other = hang(ada, "Clip 2", minute=1)
    reporting.report(Subject(About.CLIP, other), Grounds.RULES, "")
    Report.objects.create(token_sha256="a" * 64, about="clip", clip=clip, grounds="child")
    page = as_mo.get("/moderation/queue/").content.decode()
    assert page.index("It sexualises a child") < page.index("against the rules of the archive")


def test_the_gravest_report_stands_first_however_many_came_before(
    as_mo: Client, clip: Clip
) -> None:
    Report.objects.bulk_create(
        Report(token_sha256=f"{number:064x}", about="clip", clip=clip, grounds="rules")
        for number in range(600)
    )
    Report.objects.create(token_sha256="a" * 64, about="clip", clip=clip, grounds="child")
    page = as_mo.get("/moderation/queue/").content.decode()
    assert page.index("It sexualises a child") < page.index("against the rules of the archive")
    assert "Page 1 of 13" in page
    assert page.count("against the rules of the archive") == 49
    assert "It sexualises a child" not in as_mo.get("/moderation/queue/?page=13").content.decode()


def test_only_a_signature_of_the_log_can_be_reported_as_one(client: Client, tmp_path: Path) -> None:
    log = started_log(tmp_path)
    made = make_version(log)
    signed(made)
    log.take_up()
    [entry] = log.bodies(EntryType.SIGNATURE)
    sent = {"about": "signature", "grounds": "name"}
    page = f"/moderation/report/signature/{entry['at']}/"
    assert client.post(page, sent).status_code == 302
    for number in (f"{int(str(entry['at'])) - 1}", "999", f"{9**40}", "x", "9" * 300):
        assert client.post(f"/moderation/report/signature/{number}/", sent).status_code == 404
    assert Report.objects.get().signature == str(entry["at"])


def test_the_case_of_a_name_leads_to_it_and_is_there_once_somebody_reported_it(
    as_mo: Client,
) -> None:
    case = "/moderation/queue/signature/7/"
    sent = {"outcome": "kept", "grounds": "name", "statement": "It is her own."}
    for number in ("7", "8" * 60, "9" * 5000, "seven"):
        unknown = f"/moderation/queue/signature/{number}/"
        assert as_mo.post(unknown, sent).status_code == 404
    reporting.report(Subject(About.SIGNATURE, signature="7"), Grounds.NAME, "")
    page = as_mo.get(case).content.decode()
    assert 'href="/statement/curate/signatures/?q=7"' in page
    assert 'href="/log/entry/7"' in page
    assert 'href="/log/entry/7"' in as_mo.post(case, sent, follow=True).content.decode()


def test_mo_puts_a_word_on_the_list_and_takes_it_off(as_mo: Client) -> None:
    word = {"shown": "Golden Gate", "grounds": "rights", "note": "a trade mark"}
    as_mo.post("/moderation/rules/words/", word)
    as_mo.post("/moderation/rules/words/", {**word, "shown": "GOLDEN  gâte"})  # looks the same
    [rule] = RefusedWord.objects.all()
    page = as_mo.get("/moderation/rules/").content.decode()
    assert "Golden Gate" in page
    assert "<bdi>Mo</bdi>, curator" in page
    end = f"/moderation/rules/words/{rule.pk}/remove/"
    assert as_mo.post(end, {"note": ""}).status_code == 422
    assert rules.refusal_of_prompt("the golden gate", "")
    assert as_mo.post(end, {"note": "It is a name of a place too."}).status_code == 302
    assert rules.refusal_of_prompt("the golden gate", "") is None
    assert as_mo.post("/moderation/rules/words/", {**word, "shown": "..."}).status_code == 422


def test_who_ended_a_rule_when_and_why_stays_to_be_read_and_the_word_can_come_back(
    as_mo: Client, mo: User, refused: RefusedWord
) -> None:
    end = f"/moderation/rules/words/{refused.pk}/remove/"
    assert "Take it off the list?" in as_mo.get(end).content.decode()
    as_mo.post(end, {"note": "It is a name of a place too."})
    page = as_mo.get("/moderation/rules/").content.decode()
    ended = page.partition("Taken off the lists")[2]
    assert "It is a name of a place too." in ended
    assert ended.count("<bdi>Mo</bdi>, curator") == 2  # who put it there, and who took it off
    assert as_mo.get(end).status_code == 404
    word = {"shown": "Golden Gate", "grounds": "rights", "note": "again"}
    assert as_mo.post("/moderation/rules/words/", word).status_code == 302
    assert RefusedWord.objects.filter(ended_at=None).count() == 1
    assert RefusedWord.objects.count() == 2


def test_a_hidden_clip_s_page_says_that_nothing_is_judged_until_something_is(
    client: Client, ada: User, mo: User
) -> None:
    hidden = hang(ada, visibility=Visibility.WITHDRAWN)
    Report.objects.create(token_sha256="a" * 64, about="clip", clip=hidden, grounds="danger")
    page = f"/clips/{hidden.pk}/"
    assert "Hidden, and not judged yet" in client.get(page).content.decode()
    ruling = deciding.Ruling(Outcome.WITHDRAWN, Grounds.DANGER, "It names a street and a day.")
    deciding.decide(mo, Subject(About.CLIP, hidden), ruling)
    judged = client.get(page).content.decode()
    assert "not judged yet" not in judged
    assert "It names a street and a day." in judged


def test_each_field_of_the_two_forms_has_a_label_of_its_own(as_mo: Client) -> None:
    page = as_mo.get("/moderation/rules/").content.decode()
    ids = re.findall(r'<(?:input|select|textarea)[^>]* id="([^"]+)"', page)
    assert {"word_note", "file_note", "word_grounds", "file_grounds"} <= set(ids)
    assert len(ids) == len(set(ids))
    assert set(ids) <= set(re.findall(r'<label for="([^"]+)"', page))


def test_a_file_is_blocked_by_its_hash_alone(as_mo: Client) -> None:
    file = {"sha256": "AB" * 32, "grounds": "law", "note": "a court said so"}
    assert as_mo.post("/moderation/rules/files/", file).status_code == 422
    assert as_mo.post("/moderation/rules/files/", {**file, "grounds": "rights"}).status_code == 302
    assert BlockedFile.objects.get().sha256 == "ab" * 32
    bad = {**file, "grounds": "rights", "sha256": "no"}
    assert as_mo.post("/moderation/rules/files/", bad).status_code == 422
    assert rules.refusal_of_file("ab" * 32)
    assert rules.refusal_of_file("cd" * 32) is None


@pytest.mark.parametrize(
    "prompt",
    [
        "a golden gate at night",
        "GOLDEN GATE",
        "a gоlden gаte",  # Cyrillic о and а
        "a ｇｏｌｄｅｎ gate",  # full width
        "a gölden gâte",
        "a gol\u200bden g\u00adate",  # zero width, soft hyphen
        "a g0lden gate",
        "a g o l d e n gate",
        "a g.o.l.d.e.n g-a-t-e",
        "a 𝗴𝗼𝗹𝗱𝗲𝗻 𝗴𝗮𝘁𝗲",
        "a ɢᴏʟᴅᴇɴ ɢᴀᴛᴇ",  # small capitals
        "a 🅶🅾🅻🅳🅴🅽 🅶🅰🆃🅴",
        "a 🇬🇴🇱🇩🇪🇳 gate",  # the letters of flags
        "a ɠøłđen ɠaŧe",  # hooks and strokes that are no accents to Unicode
        "A GO1DEN GATE",
    ],
)
def test_a_refused_word_is_found_whatever_it_is_written_with(
    prompt: str, refused: RefusedWord
) -> None:
    assert rules.refusal_of_prompt(prompt, "")
    assert rules.refusal_of_prompt("a bridge", prompt)


@pytest.mark.parametrize(
    "prompt", ["a golden gateway", "the gate is golden", "marigolden gate", "gol den gate"]
)
def test_a_word_within_another_is_no_such_word(prompt: str, refused: RefusedWord) -> None:
    assert rules.refusal_of_prompt(prompt, "") is None


@pytest.mark.parametrize("prompt", ["K1LL", "k1ll", "kil1", "k|ll", "KlLL", "they K1LL him"])
def test_a_stroke_is_read_as_an_l_and_as_an_i(prompt: str) -> None:
    assert first_of(prompt, [skeleton("kill")]) == "kill"


@pytest.mark.parametrize("prompt", ["klan", "a kin of 11", "Al Kiln"])
def test_a_letter_is_no_stroke(prompt: str) -> None:
    assert first_of(prompt, [skeleton("kill"), skeleton("kian"), skeleton("ai")]) is None


def test_a_sign_that_stands_for_a_sentence_is_refused_in_words(as_mo: Client) -> None:
    word = {"shown": "\ufdfa" * 100, "grounds": "hate", "note": "Too long."}
    page = as_mo.post("/moderation/rules/words/", word)
    assert page.status_code == 422
    assert "Written out in letters it is too long." in page.content.decode()


@given(st.text(max_size=60))
def test_a_text_is_always_found_in_itself(text: str) -> None:
    own = skeleton(text)
    assert skeleton(own) == own
    if own:
        assert first_of(f"before, {text}, after", [own]) == own
        assert first_of(text, [own]) == own


def test_ada_is_told_why_her_prompt_is_refused_and_the_log_has_the_outcome(
    ada: User,
    refused: RefusedWord,
    model_card: Any,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    card = cards()[0]
    request = asking.Request("a Gоlden gate", "", card, 7, card.frames, uuid.uuid4())
    generation = asking.ask(ada, request)
    assert (generation.state, generation.reason_code) == (State.REFUSED, "word_rights")
    assert "Golden Gate" in generation.reason
    assert "somebody else" in generation.reason
    assert generation.outcome_ticket


def test_a_wrong_row_is_impossible(clip: Clip, mo: User) -> None:
    fits: dict[str, Any] = {
        "about": About.CLIP, "clip": clip, "curator": mo, "role": "curator",
        "outcome": Outcome.KEPT, "grounds": Grounds.RULES, "statement": "It is a circle.",
    }  # fmt: skip
    Decision.objects.create(**fits, ticket=uuid.uuid4())
    for wrong in (
        {"statement": ""}, {"outcome": "moon"}, {"grounds": "moon"}, {"clip": None},
        {"about": About.SIGNATURE}, {"outcome": Outcome.WITHDRAWN}, {"legal_hold": True},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Decision.objects.create(**{**fits, **wrong}, ticket=uuid.uuid4())
    assert connection.is_usable()
