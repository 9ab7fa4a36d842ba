"""Stories of signing: read, sign, open the mail, confirm, be counted, take it back."""

import hashlib
import io
import json
import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from provenance.core.records import EntryType
from provenance.core.tallies import FIELD
from provenance.log import outbox
from sora_archive.statement import mails, signing, sweeping
from sora_archive.statement.addresses import person
from sora_archive.statement.errors import LinkRefused, MailNotSent, SigningRefused
from sora_archive.statement.models import Link, Signature, State, Trace, Version
from tests.site.signatories import (
    FORM,
    RANGE,
    TEXT,
    Log,
    counted,
    last_links,
    links,
    make_version,
    random_tokens,
    signed,
    token,
    unlogged_version,
    wish,
)

pytestmark = pytest.mark.django_db
ADDRESS = FORM["email"]


def post(client: Client, version: Version, **changes: str) -> int:
    form = FORM | {"sha256": version.sha256} | changes
    return client.post("/statement/sign/", form).status_code


def shown(client: Client) -> int:
    body = json.loads(client.get("/statement/count.json").content)
    assert isinstance(body["signatures"], int)
    return body["signatures"]


def everything_stored() -> str:
    """Every row of every table as text."""
    kept = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {connection.ops.quote_name(table)} AS t")  # noqa: S608
            kept += [row for (row,) in cursor.fetchall()]
    return "\n".join(kept)


def test_the_whole_way_of_a_signature(client: Client, log: Log, version: Version) -> None:
    assert "Sign it" in client.get("/statement/").content.decode()
    assert post(client, version) == 302
    assert shown(client) == 0, "nothing counts before it is confirmed"
    [letter] = mail.outbox
    assert letter.to == [ADDRESS]
    assert "Ada Lovelace" in letter.body
    assert version.sha256 in letter.body
    found = links(letter)
    page = client.get(found["confirm"])
    assert page.status_code == 200
    assert shown(client) == 0, "a mail scanner opens links and signs nothing"
    assert client.head(found["confirm"]).status_code == 200
    assert client.post(found["confirm"]).status_code == 200
    assert shown(client) == 1
    log.take_up()
    [entry] = log.bodies(EntryType.SIGNATURE)
    assert entry["sha256"] == version.sha256
    assert entry["statement"] == outbox.index_of(version.ticket)
    listed = client.get("/statement/versions/1/signatures/").content.decode()
    assert "Ada Lovelace" in listed
    assert f'href="/log/entry/{entry["at"]}"' in listed
    own = client.get(found["mine"]).content.decode()
    assert "It counts." in own
    assert client.post(found["mine"], {"act": "withdraw"})["Location"] == found["mine"]
    assert "You have taken it back" in client.get(found["mine"]).content.decode()
    assert shown(client) == 0
    log.take_up()
    [withdrawn] = log.bodies(EntryType.SIGNATURE_WITHDRAWN)
    assert (withdrawn["signature"], withdrawn["by"]) == (entry["at"], "signatory")
    assert "Ada Lovelace" not in client.get("/statement/versions/1/signatures/").content.decode()


def test_after_confirming_the_address_is_nowhere(
    client: Client, version: Version, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        post(client, version)
        assert ADDRESS in everything_stored(), "it waits"
        client.post(last_links()["confirm"])
    stored = everything_stored()
    assert ADDRESS not in stored
    assert hashlib.sha256(ADDRESS.encode()).hexdigest() not in stored
    assert person(ADDRESS) in stored
    assert ADDRESS not in caplog.text
    for path in last_links().values():
        assert token(path) not in stored, "links are stored hashed"


@pytest.mark.slow
def test_who_asked_for_news_is_written_to_until_they_say_stop(
    client: Client, log: Log, version: Version
) -> None:
    post(client, version, wants_news="on")
    found = last_links()
    client.post(found["confirm"])
    log.take_up()
    assert Signature.objects.get().email == ADDRESS
    assert "Write to me no more" in client.get(found["mine"]).content.decode()
    client.post(found["mine"], {"act": "news"})
    assert ADDRESS not in everything_stored()
    assert shown(client) == 1


def test_withdrawal_leaves_nothing_of_a_person_behind(
    client: Client, log: Log, version: Version
) -> None:
    post(client, version, wants_news="on")
    found = last_links()
    client.post(found["confirm"])
    log.take_up()
    [opening] = outbox.openings_of(Signature.objects.get().ticket).values()  # type: ignore[arg-type]
    assert "the range of addresses" in client.get(found["mine"]).content.decode()
    client.post(found["mine"], {"act": "withdraw"})
    assert not Trace.objects.exclude(signature=None).exists()
    stored = everything_stored()
    traces = (ADDRESS, "Ada Lovelace", "ada.example", "Lisbon", person(ADDRESS), opening.salt.hex())
    for trace in traces:
        assert trace not in stored, trace
    log.take_up()
    [erased] = log.bodies(EntryType.ERASURE)
    assert (erased["field"], erased["by"]) == (FIELD, "signatory")
    assert post(client, version) == 302
    assert "confirm" in last_links(), "who took it back may sign again"


@pytest.mark.slow
def test_a_name_is_erased_and_the_signature_counts_on(
    client: Client, log: Log, version: Version
) -> None:
    post(client, version)
    found = last_links()
    client.post(found["confirm"])
    log.take_up()
    client.post(found["mine"], {"act": "erase"})
    assert shown(client) == 1
    listed = client.get("/statement/versions/1/signatures/").content.decode()
    assert "Ada Lovelace" not in listed
    assert "Without a name" in listed
    assert "Ada Lovelace" not in everything_stored()
    assert b"".join(client.get("/statement/versions/1/signatures.jsonl")) == b""
    client.post(found["mine"], {"act": "withdraw"})
    assert shown(client) == 0, "and can still be taken back"


@pytest.mark.slow
def test_an_anonymous_signature_counts_and_its_salt_is_not_published(
    client: Client, log: Log, version: Version
) -> None:
    signed(version, 1, name="Ben", anonymous=True)
    signed(version, 2, name="Ada")
    log.take_up()
    page = client.get("/statement/versions/1/signatures/").content.decode()
    assert ">Ada<" in page
    assert "Ben" not in page
    lines = b"".join(client.get("/statement/versions/1/signatures.jsonl"))
    [line] = lines.decode().splitlines()
    assert json.loads(line)["signatory"]["name"] == "Ada"
    assert shown(client) == 2


def test_one_person_signs_once_however_the_address_is_written(
    client: Client, log: Log, version: Version
) -> None:
    post(client, version)
    client.post(last_links()["confirm"])
    log.take_up()
    first = client.post(
        "/statement/sign/", FORM | {"sha256": version.sha256, "email": "x@y.example"}
    )
    again = client.post(
        "/statement/sign/", FORM | {"sha256": version.sha256, "email": "A.DA+2@Archive.Example"}
    )
    assert (again.status_code, again["Location"]) == (first.status_code, first["Location"])
    letter = mail.outbox[-1]
    assert "You have signed already" in letter.subject
    assert set(links(letter)) == {"mine"}
    assert "It counts." in client.get(links(letter)["mine"]).content.decode(), "a lost link is new"
    assert counted(version) == 1


@pytest.mark.slow
def test_two_links_to_one_person_confirm_one_signature(client: Client, version: Version) -> None:
    post(client, version)
    one = last_links()
    post(client, version, name="Somebody Else")
    other = last_links()
    assert client.post(one["confirm"]).status_code == 200
    late = client.post(other["confirm"])
    assert late.status_code == 404, "what waited beside it is forgotten"
    assert [row.name for row in Signature.objects.all()] == ["Ada Lovelace"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_links_to_one_person_used_at_the_same_moment_confirm_one_signature(
    version: Version,
) -> None:
    signing.ask(version, wish(1), RANGE)
    one = token(last_links()["confirm"])
    signing.ask(version, wish(1, name="Somebody Else"), RANGE)
    other = token(last_links()["confirm"])
    with ThreadPoolExecutor(2) as hands:
        with transaction.atomic():  # both get as far as they can before either is let on
            Version.objects.select_for_update().get()
            both = [hands.submit(pressed, each) for each in (one, other)]
            wait_for_locks(2)
        said = sorted(each.result(30) for each in both)
    assert said == ["counted", "refused"]
    assert counted(version) == 1


def pressed(link: str) -> str:
    """What came of a press of the button, in a thread and a connection of its own."""
    try:
        return str(signing.confirm(link).state)
    except LinkRefused:
        return "refused"
    finally:
        connection.close()


def wait_for_locks(number: int) -> None:
    """Until so many connections wait for a lock that this one holds."""
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0] >= number:
                return
    raise AssertionError("nobody waits")


@pytest.mark.slow
def test_nobody_is_flooded_with_letters(client: Client, version: Version) -> None:
    for number in range(5):
        assert post(client, version, name=f"Ada {number}") == 302
    assert len(mail.outbox) == signing.MAILS_A_DAY


def test_a_link_is_used_once(client: Client, version: Version) -> None:
    post(client, version)
    confirm = last_links()["confirm"]
    client.post(confirm)
    for answer in (client.get(confirm), client.post(confirm)):
        assert answer.status_code == 410
        assert "was used on" in answer.content.decode()
    assert counted(version) == 1


@pytest.mark.slow
def test_a_link_to_confirm_expires_and_the_own_link_never_does(
    client: Client, log: Log, version: Version
) -> None:
    post(client, version)
    found = last_links()
    past = timezone.now() - timedelta(seconds=1)
    Link.objects.filter(kind="confirm").update(expires_at=past)
    answer = client.post(found["confirm"])
    assert answer.status_code == 410
    assert "they are over" in answer.content.decode()
    assert counted(version) == 0
    signature = signed(version, 1)
    own = last_links()["mine"]
    log.take_up()
    Link.objects.filter(signature=signature, kind="own").update(made_at="2000-01-01T00:00Z")
    client.post(own, {"act": "withdraw"})
    assert counted(version) == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["confirm", "mine"])
def test_forged_and_truncated_links_do_nothing(client: Client, version: Version, kind: str) -> None:
    post(client, version)
    right = token(last_links()["confirm" if kind == "confirm" else "mine"])
    crossed = token(last_links()["mine" if kind == "confirm" else "confirm"])
    known = "is not known here"
    for bad, words in [
        (right[:-1], "cut off"), (right[:20], "cut off"), (right + "x", "cut off"),
        ("x", "cut off"), ("%00" * 14 + "x", "cut off"), ("é" * 43, "cut off"),
        (crossed, known), (right.swapcase(), known),
        *((forged, known) for _, forged in zip(range(3), random_tokens(), strict=False)),
    ]:  # fmt: skip
        for answer in (
            client.get(f"/statement/{kind}/{bad}/"),
            client.post(f"/statement/{kind}/{bad}/", {"act": "withdraw"}),
        ):
            assert answer.status_code == 404, bad
            assert words in answer.content.decode(), bad
    assert Signature.objects.get().state == State.WAITING


@pytest.mark.slow
def test_pages_of_links_are_not_kept_or_indexed(client: Client, version: Version) -> None:
    post(client, version)
    for path in last_links().values():
        answer = client.get(path)
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Robots-Tag"] == "noindex"
        assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.slow
def test_what_waits_can_be_deleted_at_once_and_is_forgotten_by_itself(
    client: Client, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(client, version)
    answer = client.post(last_links()["mine"], {"act": "withdraw"})
    assert "It is deleted" in answer.content.decode()
    assert ADDRESS not in everything_stored()
    post(client, version, email="ben@archive.example")
    assert sweeping.sweep() == ""
    monkeypatch.setattr(signing, "CONFIRM_WITHIN", timedelta(0))
    assert sweeping.sweep().startswith("1 unconfirmed signatures")
    assert not Signature.objects.exists()
    assert not Link.objects.exists()
    assert client.get(last_links()["confirm"]).status_code == 404


@pytest.mark.slow
def test_an_unknown_act_is_404(client: Client, version: Version) -> None:
    post(client, version)
    assert client.post(last_links()["mine"], {"act": "everything"}).status_code == 404
    assert client.post(last_links()["mine"]).status_code == 404


def test_nobody_signs_a_draft(client: Client, db: None) -> None:
    assert client.get("/statement/sign/").status_code == 404
    assert "nothing to sign yet" in client.post("/statement/sign/", FORM).content.decode()


def test_a_version_made_meanwhile_is_shown_and_what_was_typed_is_kept(
    client: Client, log: Log, version: Version
) -> None:
    second = make_version(log, TEXT.replace("pay", "fair pay"))
    answer = client.post("/statement/sign/", FORM | {"sha256": version.sha256})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "There is a newer version" in page
    assert 'value="Ada Lovelace"' in page
    assert second.sha256 in page
    assert not mail.outbox
    assert post(client, second) == 302


@pytest.mark.slow
def test_a_signature_holds_for_the_version_that_was_mailed(
    client: Client, log: Log, version: Version
) -> None:
    post(client, version)
    second = make_version(log, TEXT.replace("pay", "fair pay"))
    client.post(last_links()["confirm"])
    assert (counted(version), counted(second)) == (1, 0)
    page = client.get("/statement/").content.decode()
    assert "1 signature stands under version 1" in page
    assert post(client, second) == 302
    client.post(last_links()["confirm"])
    assert (counted(version), counted(second)) == (1, 1), "one may sign each version"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": "x" * 10_000}, "longer than 100 letters"),
        ({"name": "Ada\u202e"}, "U+202E cannot be seen"),
        ({"name": "A\u200bda"}, "U+200B cannot be seen"),
        ({"name": "Ada\0"}, "Null characters"),
        ({"role": "\u2067painter"}, "U+2067"),
        ({"email": "ada"}, "valid email"),
        ({"email": "ada@archive.example\nBcc: all@archive.example"}, "valid email"),
        ({"email": "a" * 300 + "@archive.example"}, "at most 254"),
        ({"email": "ada@[192.0.2.1]"}, "ends in a name"),
        ({"tier": "king"}, "not one of the available choices"),
        ({"link": "javascript:alert(1)"}, "valid URL"),
        ({"link": "ftp://ada.example/"}, "begins with https"),
        ({"link": "https://bank.example@evil.example/"}, "begins with https"),
        ({"link": "https://ada.example/\u202e"}, "U+202E cannot be seen"),
        ({"sha256": "x"}, "valid value"),
    ],
    ids=lambda value: ascii(value)[:30],
)  # fmt: skip
def test_bad_input_is_refused_in_words_and_what_was_typed_is_kept(
    client: Client, version: Version, changes: dict[str, str], words: str
) -> None:
    answer = client.post("/statement/sign/", FORM | {"sha256": version.sha256} | changes)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'value="Lisbon"' in page
    assert not mail.outbox
    assert not Signature.objects.exists()


def test_markup_and_formulas_in_a_name_stay_text(client: Client, version: Version) -> None:
    hostile = "<script>alert(1)</script>\"'&"
    post(client, version, name=hostile, role="<b>x</b>", place="{{ 7|add:7 }}{% url %}")
    found = last_links()
    for answer in (client.get(found["confirm"]), client.post(found["confirm"])):
        assert "<script>alert" not in answer.content.decode()
    for path in ("/statement/versions/1/signatures/", found["mine"]):
        page = client.get(path).content.decode()
        assert "&lt;script&gt;" in page
        assert not re.search(r"<script>|<b>x", page)
        assert "{{ 7|add:7 }}" in page


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["de;q=x", "-,-,;;q=1", "é", "a" * 10_000, "*", ",,,", "en\0"])
def test_a_malformed_accept_language_changes_nothing(
    client: Client, version: Version, asked: str
) -> None:
    for path in ("/statement/", "/statement/sign/", "/statement/embed/", "/statement/count.json"):
        assert client.get(path, headers={"Accept-Language": asked}).status_code == 200


@pytest.mark.slow
def test_a_letter_is_in_the_language_of_the_page(client: Client, version: Version) -> None:
    client.post(
        "/statement/sign/", FORM | {"sha256": version.sha256}, headers={"Accept-Language": "de"}
    )
    assert len(mail.outbox) == 1
    assert set(last_links()) == {"confirm", "mine"}


def test_mail_that_cannot_be_sent_leaves_nothing_behind(
    client: Client, version: Version, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    signed(version, email="grace@archive.example")
    kept = Link.objects.count()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # where nobody listens
    answer = client.post("/statement/sign/", FORM | {"sha256": version.sha256})
    assert answer.status_code == 503
    assert "could not be sent just now" in answer.content.decode()
    assert 'value="Ada Lovelace"' in answer.content.decode()
    assert post(client, version, email="grace@archive.example") == 503  # who has signed before
    assert Signature.objects.count() == 1
    assert Link.objects.count() == kept
    assert ADDRESS not in caplog.text
    with pytest.raises(MailNotSent):
        mails.send(mails.Letter("a", "b"), ADDRESS)


@pytest.mark.slow
def test_a_log_that_is_behind_is_waited_for_and_nothing_is_lost(
    client: Client, log: Log, version: Version, caplog: pytest.LogCaptureFixture
) -> None:
    post(client, version)
    found = last_links()
    client.post(found["confirm"])
    behind = client.post(found["mine"], {"act": "withdraw"})
    assert behind.status_code == 503
    assert "Nothing was lost" in behind.content.decode()
    assert "Service Unavailable: /statement/mine/…/" in caplog.text, "whoever has the link can act"
    assert shown(client) == 1
    log.take_up()
    client.post(found["mine"], {"act": "withdraw"})
    assert shown(client) == 0


@pytest.mark.slow
def test_a_version_that_the_log_has_not_taken_up_is_not_signed_yet(
    client: Client, log: Log, version: Version
) -> None:
    second = unlogged_version(TEXT.replace("pay", "fair pay"))
    post(client, second)
    assert client.post(last_links()["confirm"]).status_code == 503
    with pytest.raises(SigningRefused, match="taking up an entry"):
        signing.confirm(token(last_links()["confirm"]))
    assert Signature.objects.get().state == State.WAITING
    log.take_up()
    assert client.post(last_links()["confirm"]).status_code == 200


@pytest.mark.slow
def test_the_log_commits_to_everything_that_the_list_shows(log: Log, version: Version) -> None:
    signature = signed(version, 5, role="painter", place="Lisbon", link="https://ada.example/")
    opening = outbox.openings_of(signature.ticket)[FIELD]  # type: ignore[arg-type]
    assert opening.value == {
        "name": "Somebody No 5", "role": "painter", "place": "Lisbon",
        "link": "https://ada.example/", "tier": "supporter",
    }  # fmt: skip
    log.take_up()
    [entry] = log.bodies(EntryType.SIGNATURE)
    assert entry[FIELD] == opening.commitment
    assert set(entry) == {"at", "statement", "sha256", FIELD}


@pytest.mark.slow
def test_asking_again_within_a_day_of_signing_brings_no_flood_either(version: Version) -> None:
    signed(version, 3)
    for _ in range(5):
        signing.ask(version, wish(3), RANGE)
    assert len(mail.outbox) == signing.MAILS_A_DAY


@pytest.mark.slow
def test_who_asked_for_news_is_told_of_a_new_version_once(log: Log, version: Version) -> None:
    for number in range(4):
        signed(version, number, wants_news=number > 0)
    stopped = token(last_links()["mine"])
    signing.stop_news(stopped)
    assert told() == "0 letters sent.", "there is nothing new"
    second = make_version(log, TEXT.replace("pay", "fair pay"))
    signed(second, 1)  # knows already
    before = len(mail.outbox)
    assert told() == "1 letters sent."
    [letter] = mail.outbox[before:]
    assert letter.to == ["person2@d2.example"]
    assert "(version 2)" in letter.body
    assert "under version 1" in letter.body
    signing.stop_news(token(links(letter)["mine"]))
    assert told() == "0 letters sent."


@pytest.mark.slow
def test_a_mail_server_that_stops_in_between_tells_nobody_twice(
    log: Log, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        signed(version, number, wants_news=True)
    make_version(log, TEXT.replace("pay", "fair pay"))
    send, left = mails.send, [2]

    def until_full(letter: mails.Letter, address: str) -> None:
        if not left[0]:
            raise MailNotSent("full")
        left[0] -= 1
        send(letter, address)

    monkeypatch.setattr(mails, "send", until_full)
    before = len(mail.outbox)
    with pytest.raises(CommandError, match="not told again"):
        told()
    left[0] = 9
    assert told() == "1 letters sent."
    recipients = [letter.to[0] for letter in mail.outbox[before:]]
    assert len(recipients) == len(set(recipients)) == 3


def told() -> str:
    said = io.StringIO()
    call_command("tellsignatories", stdout=said, stderr=io.StringIO())
    return said.getvalue().strip().partition(" They are kept")[0]


def test_a_secret_link_whose_form_comes_without_its_cookie_stands_in_no_log_line(
    version: Version, caplog: pytest.LogCaptureFixture
) -> None:
    signed(version)
    own = last_links()["mine"]
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(own, {"act": "withdraw"}).status_code == 403
    assert token(own) not in caplog.text
    assert counted(version) == 1
