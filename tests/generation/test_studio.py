"""ada at work: variations, presets, a queue that says where things stand, and trying again."""

import json
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from generation import asking, estimates, leases, pausing, presets, progress, queueing, retrying
from generation.engines.catalog import cards
from generation.errors import Cancelled, LeaseLost, Paused, PresetRefused, RetryRefused
from generation.models import Generation, Look, Pause, Preset, State
from generation.settings_form import reshaped, size_words
from provenance.core.records import EntryType
from sora_archive.accounts.models import User
from tests.generation.test_asking import logged, request
from tests.generation.test_forms import asked

pytestmark = pytest.mark.django_db
FORM = {"prompt": "a red circle", "model": "untrained-test", "seed": "7"}


def form(**changes: Any) -> dict[str, Any]:
    """What ada's browser sends."""
    return {**FORM, "request_id": str(uuid.uuid4()), **changes}


def finished(artist: User, seconds: float) -> Generation:
    """One that took a worker so long."""
    row = asking.ask(artist, request())
    now = timezone.now()
    Generation.objects.filter(pk=row.pk).update(
        state=State.DONE, finished_at=now, started_at=now - timedelta(seconds=seconds),
        outcome_ticket=uuid.uuid4(),
    )  # fmt: skip
    return row


def running(artist: User, step: int = 0) -> Generation:
    """One that a worker has."""
    row = asking.ask(artist, request())
    claimed = leases.claim(row.pk, owner := uuid.uuid4())
    assert claimed is not None
    leases.report_step(row.pk, owner, step)
    claimed.lease_owner = owner
    return claimed


# Asking


def test_a_batch_counts_up_from_a_fixed_seed_and_draws_others(rung: list[str]) -> None:
    fixed, drawn = asked(seed="7", count="3"), asked(seed="", count="3")
    assert fixed.is_valid()
    assert drawn.is_valid()
    assert [each.seed for each in fixed.requests()] == [7, 8, 9]
    assert len({each.seed for each in drawn.requests()}) == 3
    assert len({each.key for each in fixed.requests()}) == 3


def test_what_is_left_empty_is_what_the_card_says() -> None:
    card, plain = cards()[0], asked(length="", steps="", guidance="", count="", size="", fps="")
    assert plain.is_valid(), plain.errors
    [made] = plain.requests()
    assert (made.size, made.frames, made.fps) == ((card.width, card.height), card.frames, card.fps)
    assert (made.steps, made.guidance) == (card.steps.default, card.guidance.default)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("size", "832x480", "cannot be made"),
        ("size", "64", "cannot be made"),
        ("fps", "7", "cannot be made"),
        ("steps", "0", "takes 1 to 2000"),
        ("steps", "2001", "takes 1 to 2000"),
        ("steps", "9" * 5000, "takes 1 to 2000"),
        ("guidance", "0.9", "takes 1 to 10"),
        ("guidance", "nan", "takes 1 to 10"),
        ("guidance", "1e400", "takes 1 to 10"),
        ("count", "9", "Between 1 and 8"),
        ("title", "a \u202eb", "U+202E"),
        ("title", "x" * 121, "at most 120"),
        ("description", "x" * 2001, "at most 2000"),
        ("description", "a\x1bb", "U+001B"),
    ],
)
def test_what_the_card_refuses_is_refused_in_words(field: str, value: str, words: str) -> None:
    refused = asked(**{field: value})
    assert not refused.is_valid()
    assert words in " ".join(map(str, refused.errors[field]))


def test_a_damaged_model_is_refused_before_the_queue(
    as_ada: Client, model_card: Path, tmp_path: Path, settings: Any
) -> None:
    values = json.loads((model_card / "card.json").read_text())
    values["weights"] = {"files": {"vae/weights.safetensors": 7}, "sha256": "ab" * 32}
    (tmp_path / "card.json").write_text(json.dumps(values))
    (tmp_path / "model_index.json").write_text("{}")
    settings.GENERATION_MODELS = [tmp_path]
    answer = as_ada.post("/ask/", form(prompt="a red circle on blue"))
    assert answer.status_code == 422
    assert "cannot be read" in answer.text or "not those its card" in answer.text
    assert "a red circle on blue</textarea>" in answer.text
    assert not Generation.objects.exists()


def test_without_any_model_the_page_says_so(as_ada: Client, tmp_path: Path, settings: Any) -> None:
    settings.GENERATION_MODELS = [tmp_path]
    answer = as_ada.get("/ask/")
    assert (answer.status_code, "no card.json" in answer.text) == (503, True)


def test_the_page_says_what_is_recorded_and_what_a_model_is(as_ada: Client) -> None:
    page = as_ada.get("/ask/").text
    for words in ("Recorded at once", "Written into the file", "Public only if you publish",
                  "CC0-1.0", "seed-20241126", "Not measured here", "200 more clips"):  # fmt: skip
        assert words in page, words


@pytest.mark.parametrize("press", ["shuffle", "switch", "keep"])
def test_a_press_that_asks_for_nothing_loses_nothing(as_ada: Client, press: str) -> None:
    typed = {
        "prompt": "a <b>red</b> circle", "negative_prompt": "blue", "steps": "5",
        "title": "Evening",
        "licence": "cc0-1.0", "allowed_uses": ["data_mining"], "hide_prompt": "on", "seed": "77",
        "preset_name": "Mine",
    }  # fmt: skip
    page = as_ada.post("/ask/", form(**typed, **{press: "1"}))
    assert page.status_code == 200
    for kept in ("a &lt;b&gt;red&lt;/b&gt; circle</textarea>", ">\nblue</textarea>",
                 'name="steps" value="5"', 'value="Evening"', 'value="cc0-1.0" selected',
                 'value="data_mining" id="id_allowed_uses_3" checked'):  # fmt: skip
        assert kept in page.text, kept
    assert ('name="seed" value="77"' in page.text) == (press != "shuffle")
    assert not Generation.objects.exists()


def test_another_models_form_keeps_what_fits_and_takes_its_defaults() -> None:
    before = cards()[0]
    after = replace(
        before, id="other", sizes=((96, 64), (64, 64)), width=96, fps=24, fps_choices=(8, 24),
        steps=replace(before.steps, default=50),
    )  # fmt: skip
    typed = {"size": "64x64", "fps": "8", "steps": "8", "guidance": "4.5", "prompt": "x"}
    shown = reshaped(typed, before, after)
    assert shown["guidance"] == "4.5", "what was chosen stays"
    assert (shown["size"], shown["fps"], shown["steps"]) == ("96x64", 24, 50), "defaults change"
    assert shown["prompt"] == "x"


def test_sizes_are_said_as_they_will_be_seen() -> None:
    assert size_words((64, 64), 4) == "Square, 256 × 256"
    assert size_words((832, 480), 1) == "Wide, 16:9, 832 × 480"
    assert size_words((96, 64), 1) == "Wide, 3:2, 96 × 64"


def test_a_batch_goes_to_the_queue_and_counts(
    as_ada: Client, rung: list[str], settings: Any
) -> None:
    settings.GENERATION_MAX_IN_FLIGHT = 2
    answer = as_ada.post("/ask/", form(count="3"))
    assert answer["Location"] == "/queue/"
    states = list(Generation.objects.order_by("created_at").values_list("state", flat=True))
    assert states == ["queued", "queued", "refused"]
    assert len(logged(EntryType.ATTEMPT)) == 3


def test_a_passkey_signs_one_at_a_time(as_ada: Client) -> None:
    answer = as_ada.post("/ask/", form(count="2", sign="1"))
    assert answer.status_code == 422
    assert "signs one clip at a time" in answer.text


# Quotas and the switch


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_daily_quota_holds_when_batches_race(ada: User, rung: list[str], settings: Any) -> None:
    settings.GENERATION_MAX_PER_DAY = 5
    old = asking.ask(ada, request())
    Generation.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=25))

    def press(_: int) -> list[str]:
        try:
            three = asking.variations(request(), [1, 2, 3])
            return [each.state for each in asking.ask_all(ada, three)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        states = [state for states in pool.map(press, range(4)) for state in states]
    assert sorted(states) == ["queued"] * 5 + ["refused"] * 7
    refused = Generation.objects.filter(state=State.REFUSED).values_list("reason_code", flat=True)
    assert set(refused) == {"quota_a_day"}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_once_a_pause_is_there_no_request_comes_through(
    ada: User, ben: User, mo: User, rung: list[str]
) -> None:
    def ask(number: int) -> object:
        artist = ada if number % 2 else ben
        try:
            return asking.ask(artist, request()).created_at
        except Paused:
            return None
        finally:
            connection.close()

    def pause(_: int) -> object:
        try:
            pausing.begin(mo, "The disk is full.")
            return timezone.now(), set(Generation.objects.values_list("pk", flat=True))
        finally:
            connection.close()

    with ThreadPoolExecutor(9) as pool:
        asks = [pool.submit(ask, number) for number in range(4)]
        pauses = [pool.submit(pause, number) for number in range(2)]
        asks += [pool.submit(ask, number) for number in range(4, 16)]
        seen = [each.result() for each in pauses]
        answers = [each.result() for each in asks]
    assert Pause.objects.count() == 1
    assert Generation.objects.count() == len([each for each in answers if each])
    final = set(Generation.objects.values_list("pk", flat=True))
    assert all(isinstance(each, tuple) and each[1] == final for each in seen)


def test_there_is_one_pause_at_a_time(mo: User) -> None:
    Pause.objects.create(notice="One.", begun_by=mo)
    with pytest.raises(IntegrityError, match="pause_one_at_a_time"):
        Pause.objects.create(notice="Two.", begun_by=mo)


def test_the_ask_page_shows_the_notice_and_loses_nothing(
    as_ada: Client, as_mo: Client, mo: User
) -> None:
    answer = as_mo.post("/pause/", {"notice": "We move <house> until noon."})
    assert answer.status_code == 302
    refused = as_ada.post("/ask/", form(prompt="a red circle on blue"))
    assert (refused.status_code, refused["Retry-After"]) == (503, "600")
    assert "We move &lt;house&gt; until noon." in refused.text
    assert "a red circle on blue</textarea>" in refused.text
    assert not Generation.objects.exists()
    assert "Mo" in as_mo.get("/pause/").text
    as_mo.post("/pause/", {"act": "open"})
    pause = Pause.objects.get()
    assert (pause.begun_by, pause.ended_by) == (mo, mo)
    assert as_ada.post("/ask/", form()).status_code == 302


def test_only_who_looks_after_the_archive_can_pause_it(as_ada: Client, client: Client) -> None:
    assert as_ada.post("/pause/", {"notice": "Mine."}).status_code == 403
    assert client.post("/pause/", {"notice": "Mine."}).status_code == 302
    assert not Pause.objects.exists()


# Presets and prompts


def test_a_preset_keeps_the_form_and_begins_it_again(as_ada: Client, as_ben: Client) -> None:
    as_ada.post("/ask/", form(preset_name="Evening", keep="1", steps="5", licence="cc0-1.0"))
    preset = Preset.objects.get()
    page = as_ada.get(f"/ask/?preset={preset.pk}").text
    for kept in ("a red circle</textarea>", 'name="steps" value="5"', 'value="cc0-1.0" selected'):
        assert kept in page
    assert "a red circle</textarea>" not in as_ben.get(f"/ask/?preset={preset.pk}").text
    assert as_ben.post(f"/presets/{preset.pk}/remove/").status_code == 404
    assert "Evening" in as_ada.get("/presets/").text
    as_ada.post(f"/presets/{preset.pk}/remove/")
    assert not Preset.objects.exists()


def test_a_name_is_one_preset_of_an_artists(ada: User, ben: User) -> None:
    first = presets.keep(ada.pk, "Evening", {"prompt": "one"})
    again = presets.keep(ada.pk, " evening ", {"prompt": "two"})
    assert (first.pk, again.name) == (again.pk, "evening")
    presets.keep(ben.pk, "Evening", {"prompt": "three"})
    with pytest.raises(IntegrityError, match="preset_named_once_an_artist"):
        Preset.objects.create(artist=ada, name="EVENING", values={})


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\u202eb", "a\x00b"])
def test_a_preset_has_a_name_that_can_be_read(ada: User, name: str) -> None:
    with pytest.raises(PresetRefused):
        presets.keep(ada.pk, name, {"prompt": "one"})


def test_prompts_are_listed_once_and_found_by_their_words(
    ada: User, as_ada: Client, as_ben: Client, rung: list[str]
) -> None:
    for prompt in ("a red circle", "a red circle", "a Blue square"):
        asking.ask(ada, request(prompt=prompt))
    page = as_ada.get("/prompts/").text
    assert page.count(">a red circle</q>") == page.count(">a Blue square</q>") == 1
    found = as_ada.get("/prompts/", {"q": "square blue"}).text
    assert ("a Blue square" in found, "a red circle" in found) == (True, False)
    assert "No prompt of yours" in as_ada.get("/prompts/", {"q": "%"}).text
    assert "a red circle" not in as_ben.get("/prompts/").text


def test_an_own_attempt_begins_the_form_and_each_field_comes_back_by_itself(
    ada: User, as_ada: Client, as_ben: Client, rung: list[str]
) -> None:
    old = asking.ask(ada, request(seed=4711, steps=5, licence="cc0-1.0"))
    page = as_ada.get(f"/ask/?again={old.pk}").text
    assert 'name="seed" value="4711"' in page
    assert "4711" not in as_ben.get(f"/ask/?again={old.pk}").text
    changed = form(prompt="something else", seed="1", again=str(old.pk), recall="seed")
    recalled = as_ada.post("/ask/", changed).text
    assert 'name="seed" value="4711"' in recalled
    assert "something else</textarea>" in recalled
    everything = as_ada.post("/ask/", {**changed, "recall": "all"}).text
    assert f"{old.prompt}</textarea>" in everything


def test_what_an_artist_said_of_an_own_attempt_comes_back_singly_too(
    ada: User, as_ada: Client, rung: list[str]
) -> None:
    old = asking.ask(ada, request(
        title="Evening", description="A disc drifts.", allowed_uses=("data_mining",),
        hide_prompt=True,
    ))  # fmt: skip
    page = as_ada.get(f"/ask/?again={old.pk}").text
    assert 'value="Evening"' in page
    typed = form(again=str(old.pk), title="Noon", allowed_uses=["ai_training"])
    for name, back in (
        ("title", 'value="Evening"'), ("description", "A disc drifts.</textarea>"),
        ("allowed_uses", 'value="data_mining"[^>]* checked'),
        ("hide_prompt", 'name="hide_prompt"[^>]* checked'),
    ):  # fmt: skip
        recalled = as_ada.post("/ask/", {**typed, "recall": name}).text
        assert re.search(back, recalled), name
        assert ('value="Noon"' in recalled) == (name != "title")
        assert ('value="ai_training" id="id_allowed_uses_2" checked' in recalled) == (
            name != "allowed_uses"
        )


# The queue


def test_the_queue_says_places_and_is_honest_about_time(
    ada: User, ben: User, as_ada: Client, rung: list[str]
) -> None:
    asking.ask(ben, request())
    asking.ask(ada, request())
    page = as_ada.get("/queue/").text
    assert "Number 2 in line" in page
    assert "No estimate yet." in page
    finished(ben, 60)
    assert "No estimate yet." in as_ada.get("/queue/").text, "no worker is at work"
    running(ben, step=4)
    [standing] = queueing.standing_of(ada.pk)
    assert standing.position == 2
    # One worker: half of the one that runs, the one that waits, and her own.
    assert standing.takes == "about 2 minutes"


def test_two_workers_share_what_lies_ahead(ada: User, ben: User, rung: list[str]) -> None:
    finished(ben, 600)
    running(ben)
    running(ben)
    row = asking.ask(ada, request())
    [place] = estimates.places([row], {row.model}, estimates.pace())
    assert place.position == 1, "what runs is not in line any more"
    assert place.seconds == pytest.approx(600 * 2 / 2 + 600, rel=0.01)


def test_a_batch_is_one_worker_and_a_dead_one_is_none(
    ada: User, ben: User, rung: list[str]
) -> None:
    finished(ben, 600)
    first, second, dead = running(ben), running(ben), running(ben)
    Generation.objects.filter(pk=second.pk).update(lease_owner=first.lease_owner)
    Generation.objects.filter(pk=dead.pk).update(lease_until=timezone.now())
    row = asking.ask(ada, request())
    [place] = estimates.places([row], {row.model}, estimates.pace())
    # One worker: the two of its batch, what the dead one left, and her own.
    assert place.seconds == pytest.approx(600 * 3 + 600, rel=0.01)


def test_the_queue_page_asks_five_times_however_long_the_line(
    ada: User,
    ben: User,
    as_ada: Client,
    rung: list[str],
    settings: Any,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    settings.GENERATION_MAX_IN_FLIGHT = 40
    finished(ben, 60)
    running(ben)
    mine = running(ada, step=2)
    progress.keep(mine.pk, mine.lease_owner or uuid.uuid4(), 2, b"RIFF")
    for artist in (ben, ada) * 8:
        asking.ask(artist, request())
    with django_assert_max_num_queries(5):
        page = as_ada.get("/queue/")
    assert page.text.count("in line") == 8
    assert page.text.count("<img") == 1


def test_an_unchanged_queue_is_not_sent_again(ada: User, as_ada: Client, rung: list[str]) -> None:
    row = asking.ask(ada, request())
    for address in ("/queue/", f"{row.get_absolute_url()}state/"):
        headers = {"HX-Request": "true"}
        first = as_ada.get(address, headers=headers)
        known = headers | {"If-None-Match": first["ETag"]}
        assert as_ada.get(address, headers=known).status_code == 304
    Generation.objects.filter(pk=row.pk).update(cancel_requested=True)
    assert as_ada.get(address, headers=known).status_code == 200


def test_one_all_or_all_but_one_are_stopped(
    ada: User, ben: User, as_ada: Client, rung: list[str]
) -> None:
    others = asking.ask(ben, request())
    kept, waits, runs = asking.ask(ada, request()), asking.ask(ada, request()), running(ada)
    as_ada.post("/queue/cancel/", {"keep": str(kept.pk)})
    for row in (kept, waits, runs, others):
        row.refresh_from_db()
    assert (kept.state, waits.state, others.state) == ("queued", "cancelled", "queued")
    assert runs.cancel_requested
    as_ada.post("/queue/cancel/", {"keep": "nonsense"})
    kept.refresh_from_db()
    assert kept.state == "cancelled"
    assert others.state == "queued"


# Trying again


def test_a_retry_is_a_new_attempt_that_names_the_old_one(
    ada: User, as_ada: Client, as_ben: Client, rung: list[str]
) -> None:
    old = asking.ask(ada, request(seed=11, steps=5, title="Evening", licence="cc0-1.0"))
    with pytest.raises(RetryRefused):
        retrying.retry(old)
    asking.cancel(old)
    assert as_ben.post(f"{old.get_absolute_url()}retry/").status_code == 404
    first = as_ada.post(f"{old.get_absolute_url()}retry/")
    second = as_ada.post(f"{old.get_absolute_url()}retry/")
    assert first["Location"] == second["Location"] != old.get_absolute_url()
    new = Generation.objects.get(retry_of=old)
    same = ("prompt", "seed", "steps", "title", "licence", "width", "frames", "guidance")
    assert all(getattr(new, name) == getattr(old, name) for name in same)
    assert new.attempt != old.attempt
    assert old.attempt in as_ada.get(new.get_absolute_url()).text
    assert new.get_absolute_url() in as_ada.get(old.get_absolute_url()).text


# Steps and first looks


def test_a_worker_asks_at_each_step_and_writes_twice_a_second(ada: User, rung: list[str]) -> None:
    row, now = running(ada), [0.0]
    tell = progress.teller(row.pk, row.lease_owner or uuid.uuid4(), lambda: now[0])
    with CaptureQueriesContext(connection) as seen:
        for step in range(1, 8):  # the eighth is the last
            tell(step, 8)
            now[0] += 0.2
    assert [each["sql"].split()[0] for each in seen] == [
        "UPDATE", "SELECT", "SELECT", "UPDATE", "SELECT", "SELECT", "UPDATE",
    ]  # fmt: skip
    tell(8, 8)
    row.refresh_from_db()
    assert row.step == 8, "the last one is written whenever it comes"


@pytest.mark.parametrize("what", ["cancelled", "taken away"])
def test_a_step_that_writes_nothing_notices_all_the_same(
    ada: User, rung: list[str], what: str
) -> None:
    row = running(ada)
    tell = progress.teller(row.pk, row.lease_owner or uuid.uuid4(), lambda: 0.0)
    tell(1, 8)
    tell(2, 8)
    if what == "cancelled":
        asking.cancel(row)
    else:
        Generation.objects.filter(pk=row.pk).update(lease_owner=uuid.uuid4())
    with pytest.raises(Cancelled if what == "cancelled" else LeaseLost):
        tell(3, 8)
    row.refresh_from_db()
    assert row.step == 1


@pytest.fixture
def shown(ada: User, rung: list[str]) -> Generation:
    """One that runs, with a first look."""
    row = running(ada, step=3)
    progress.keep(row.pk, row.lease_owner or uuid.uuid4(), 3, b"RIFF picture")
    return row


def test_a_first_look_is_its_artists_alone(
    shown: Generation, as_ada: Client, as_ben: Client, client: Client
) -> None:
    address = f"{shown.get_absolute_url()}look/"
    answer = as_ada.get(address)
    assert (answer.content, answer["Content-Type"]) == (b"RIFF picture", "image/webp")
    assert "private" in answer["Cache-Control"]
    assert as_ben.get(address).status_code == 404
    assert client.get(address).status_code == 302
    assert f"{address}?step=3" in as_ada.get(shown.get_absolute_url()).text


def test_a_look_goes_when_the_attempt_ends_or_goes_back(shown: Generation) -> None:
    assert shown.lease_owner is not None
    leases.hand_back(shown.pk, shown.lease_owner)
    assert not Look.objects.exists()
    progress.keep(shown.pk, shown.lease_owner, 4, b"late")
    assert not Look.objects.exists(), "who has lost the lease shows nothing any more"
    leases.claim(shown.pk, owner := uuid.uuid4())
    progress.keep(shown.pk, owner, 1, b"anew")
    row = Generation.objects.get(pk=shown.pk)
    asking.end(row, State.FAILED, EntryType.FAILED, {"reason": "internal"})
    assert not Look.objects.exists()


def test_a_look_is_small_also_to_the_database(shown: Generation) -> None:
    progress.keep(shown.pk, shown.lease_owner or uuid.uuid4(), 4, bytes(32 * 1024 + 1))
    assert Look.objects.get().step == 3
    with pytest.raises(IntegrityError, match="look_is_small"):
        Look.objects.update(picture=bytes(32 * 1024 + 1))


def test_looks_are_drawn_seldom_enough(ada: User, rung: list[str]) -> None:
    """A look that costs half a second is drawn again after fifty."""
    row, now, drawn = running(ada), [0.0], list[float]()

    def look() -> None:
        drawn.append(now[0])
        now[0] += 0.5

    report = progress.reporter(row.pk, row.lease_owner or uuid.uuid4(), lambda: now[0])
    for _step in range(120):
        now[0] += 1.0
        report(1, 8, look)
    assert drawn[0] == 1.0
    assert len(drawn) == 3
    assert all(later - earlier >= 50 for earlier, later in pairwise(drawn))


def test_a_cancel_is_noticed_before_a_look_is_drawn(ada: User, rung: list[str]) -> None:
    row = running(ada)
    asking.cancel(row)
    report: Callable[..., None] = progress.reporter(row.pk, row.lease_owner or uuid.uuid4())
    with pytest.raises(Cancelled):
        report(1, 8, lambda: pytest.fail("a picture nobody wants"))
