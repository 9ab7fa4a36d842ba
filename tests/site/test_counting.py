"""Stories of the count: strangers recompute it, and it equals the number shown."""

import hashlib
import io
import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from provenance.core.records import EntryType, canonical, commitment
from provenance.core.tallies import FIELD
from provenance.log import outbox
from provenance.log.audit import audit
from provenance.log.export import export
from provenance.log.models import Entry, Opening
from sora_archive.accounts.models import User
from sora_archive.statement import counting, invalidating, mails, signing
from sora_archive.statement.invalidating import Criteria
from sora_archive.statement.models import Reason, Signature, State, Tier, Version
from tests.site.signatories import (
    TEXT,
    Log,
    counted,
    last_links,
    make_version,
    signed,
    started_log,
    token,
    wish,
)

pytestmark = pytest.mark.slow
WHY = (Reason.AUTOMATED, "One program made them.")


def count(*arguments: str) -> str:
    said = io.StringIO()
    call_command("countsignatures", *arguments, stdout=said, stderr=io.StringIO())
    return said.getvalue()


def names(client: Client, number: int = 1) -> bytes:
    return b"".join(client.get(f"/statement/versions/{number}/signatures.jsonl"))


@pytest.fixture
def some(mo: User, version: Version, log: Log) -> Version:
    """Seven signatures: one taken back, two invalid, one reinstated after that, one of no name."""
    for number in range(7):
        signed(version, number, anonymous=number == 4)
        log.take_up()
        if number == 0:
            signing.withdraw(token(last_links()["mine"]))
    for number in (1, 2, 3):
        made = invalidating.invalidate(Criteria(1, name=f"No {number}"), 1, WHY, mo.pk)
        log.take_up()
    invalidating.undo(made.pk, "A mistake.", mo.pk)
    log.take_up()
    return version


def test_page_json_command_and_database_agree(client: Client, some: Version) -> None:
    assert counted(some) == 4
    assert json.loads(client.get("/statement/count.json").content)["signatures"] == 4
    page = client.get("/statement/count/").content.decode()
    assert page.count("<td>4</td>") == 2
    assert "Yes" in page
    said = count()
    assert f"version 1 ({some.sha256}): 4 count; 7 made, 1 taken back, 2 invalidated" in said
    assert "Everything agrees." in said


def test_a_stranger_counts_from_a_copy_and_matches_every_name(
    client: Client, some: Version, log: Log, tmp_path: Path
) -> None:
    export(tmp_path / "copy", lambda done, total: None)
    (tmp_path / "names.jsonl").write_bytes(names(client))
    vkey = log.sequencer.signer.vkey
    said = count(
        "--dir", str(tmp_path / "copy"), "--vkey", vkey, "--names", str(tmp_path / "names.jsonl")
    )
    assert "4 count; 7 made" in said
    assert "3 names match their entries" in said


def test_the_salts_beside_the_list_open_the_entries(
    client: Client, some: Version, log: Log
) -> None:
    entries = {body["at"]: body for body in log.bodies(EntryType.SIGNATURE)}
    lines = [json.loads(line) for line in names(client).splitlines()]
    assert {line[FIELD]["name"] for line in lines} == {f"Somebody No {n}" for n in (3, 5, 6)}
    for line in lines:
        made = commitment(FIELD, bytes.fromhex(line["salt"]), line[FIELD])
        assert made == entries[line["entry"]][FIELD]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [lines[0].replace(b"No 3", b"No 9"), *lines[1:]],
        lambda lines: [*lines, lines[0]],
        lambda lines: [*lines, b"{}"],
        lambda lines: [*lines, b"no json"],
        lambda lines: [*lines, b'{"entry": 99999, "salt": "00", "signatory": 1}'],
        lambda lines: [*lines, b"[" * 100_000],
    ],
    ids=["another_name", "twice", "empty", "no_json", "no_entry", "deep"],
)
def test_a_list_that_does_not_match_is_found_out(
    client: Client, some: Version, tmp_path: Path, spoil: object
) -> None:
    assert callable(spoil)
    lines = spoil(names(client).splitlines())
    (tmp_path / "names.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(CommandError, match="1 things disagree"):
        count("--names", str(tmp_path / "names.jsonl"))
    with pytest.raises(CommandError, match="cannot be read"):
        count("--names", str(tmp_path / "missing"))


def test_a_number_that_the_log_does_not_give_is_found_out(
    client: Client, some: Version, log: Log
) -> None:
    signed(some, 9)
    assert "the log may be a second behind" in client.get("/statement/count/").content.decode()
    with pytest.raises(CommandError, match="the pages show 5, the log gives 4"):
        count()
    log.take_up()
    assert "Everything agrees." in count()
    assert "Yes" in client.get("/statement/count/").content.decode()


def test_the_count_goes_on_where_it_stopped_and_notices_another_log(
    version: Version, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(version, 1)
    log.take_up()
    assert counting.recount().of(1) == 1
    first = counting._reader
    signed(version, 2)
    log.take_up()
    assert counting.recount().of(1) == 2
    assert counting._reader is first
    monkeypatch.setattr(first, "root", b"\0" * 32)  # as after another history
    assert counting.recount().of(1) == 2
    assert counting._reader is not first


def test_after_an_older_backup_the_signatures_stand_again_where_the_log_has_them(
    client: Client, mo: User, version: Version, log: Log
) -> None:
    for number in range(6):
        signed(version, number, wants_news=True)
        log.take_up()
        if number == 0:
            back = token(last_links()["mine"])
        if number == 1:
            unnamed = token(last_links()["mine"])
    away = invalidating.invalidate(Criteria(1, name="No 3"), 1, WHY, mo.pk)
    log.take_up()
    before = list(Signature.objects.order_by("pk").values())
    openings = list(Opening.objects.values())
    signing.withdraw(back)
    signing.erase_own_name(unnamed)
    for number in (2, 4):
        invalidating.invalidate(Criteria(1, name=f"No {number}"), 1, WHY, mo.pk)
    invalidating.undo(away.pk, "A mistake.", mo.pk)
    with pytest.raises(CommandError, match="taking up entries"):
        call_command("catchupsignatures")
    log.take_up()
    kept, told = names(client), counting.recount().of(1)
    as_in_the_backup(before, openings)
    assert names(client) != kept
    size = Entry.objects.count()
    call_command("catchupsignatures")
    log.take_up()
    assert Entry.objects.count() == size, "the log has it all already"
    assert names(client) == kept
    assert counted(version) == told == 3
    assert "Everything agrees." in count()
    gone = Signature.objects.get(state=State.WITHDRAWN)
    assert (gone.name, gone.person, gone.email) == ("", "", "")
    assert "after a backup was restored" in client.get("/statement/count/").content.decode()
    said = io.StringIO()
    call_command("catchupsignatures", stdout=said)
    assert said.getvalue().startswith("0 signatures")


def as_in_the_backup(
    signatures: Iterable[Mapping[str, Any]], openings: Iterable[Mapping[str, Any]]
) -> None:
    """Rows and salts as they were; the guards sleep, as while a dump is loaded."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE statement_signature DISABLE TRIGGER USER")
        for row in signatures:
            Signature.objects.filter(pk=row["id"]).update(**row)
        for name in ("unchanged", "kept"):
            cursor.execute(
                f"ALTER TABLE statement_signature ENABLE ALWAYS TRIGGER statement_signature_{name}"
            )
    Opening.objects.all().delete()
    Opening.objects.bulk_create(Opening(**row) for row in openings)


@pytest.mark.django_db
def test_a_log_that_never_started_is_no_error(client: Client) -> None:
    counting._reader.tally.size = 0
    assert client.get("/statement/count/").status_code == 200
    assert json.loads(client.get("/statement/count.json").content) == {
        "signatures": 0, "versions": [],
    }  # fmt: skip
    assert client.get("/statement/embed/").status_code == 200
    with pytest.raises(CommandError, match="no checkpoint yet"):
        count()


def test_the_number_may_be_read_and_framed_by_anybody(client: Client, some: Version) -> None:
    answer = client.get("/statement/count.json")
    assert answer["Access-Control-Allow-Origin"] == "*"
    [row] = json.loads(answer.content)["versions"]
    assert row == {
        "version": 1, "sha256": some.sha256, "signatures": 4,
        "page": "http://testserver/statement/versions/1/",
    }  # fmt: skip
    frame = client.get("/statement/embed/")
    assert "X-Frame-Options" not in frame
    policy = frame["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "form-action 'none'" in policy
    assert not frame.cookies
    assert "<script" not in frame.content.decode()
    assert "Our words" in frame.content.decode()
    page = client.get("/statement/").content.decode()
    assert "&lt;iframe src=&quot;http://testserver/statement/embed/&quot;" in page
    assert "X-Frame-Options" in client.get("/statement/")


def add_many(version: Version, numbers: range) -> None:
    """Confirmed signatures by the thousand: row, opening and entry as `confirm` makes them."""
    statement, now = outbox.index_of(version.ticket), timezone.now()
    rows = [
        Signature(
            version=version, state=State.COUNTED, person=hashlib.sha256(b"%d" % number).hexdigest(),
            name=f"Somebody No {number}", tier=Tier.SUPPORTER, asked_at=now, confirmed_at=now,
        )
        for number in numbers
    ]  # fmt: skip
    made = [outbox.new_opening(FIELD, row.logged_value) for row in rows]
    with transaction.atomic():
        bodies = [
            {"statement": statement, "sha256": version.sha256, FIELD: opening.commitment}
            for opening in made
        ]
        tickets = outbox.submit_all(EntryType.SIGNATURE, bodies)
        for row, ticket in zip(rows, tickets, strict=True):
            row.ticket = ticket
        Signature.objects.bulk_create(rows, batch_size=1000)
        Opening.objects.bulk_create(
            [
                Opening(
                    ticket=ticket, field=FIELD, salt=opening.salt,
                    value=canonical(opening.value).decode(),
                )
                for ticket, opening in zip(tickets, made, strict=True)
            ],
            batch_size=1000,
        )  # fmt: skip


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twenty_thousand_signatures_are_counted_alike(
    client: Client, mo: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand through the functions that the pages call, the rest in bulk; then decisions."""
    tokens: list[str] = []
    monkeypatch.setattr(
        mails, "to_confirm", lambda _, confirming, own, __: tokens.extend((confirming, own))
    )
    monkeypatch.setattr(mails, "send", lambda *_: None)
    log, chance = started_log(tmp_path / "log"), random.Random(7)
    versions = [make_version(log, TEXT), make_version(log, TEXT.replace("pay", "fair pay"))]
    own: list[str] = []
    for number in range(1_000):
        signing.ask(versions[number % 5 == 0], wish(number), f"10.{number // 9}.0.0/24")
        confirm, mine = tokens[-2:]
        if number % 100:  # one in a hundred never opens the letter
            signing.confirm(token(confirm))
            own.append(token(mine))
    add_many(versions[0], range(1_000, 16_000))
    add_many(versions[1], range(16_000, 20_010))
    log.take_up()
    for mine in chance.sample(own, 100):
        signing.withdraw(mine)
    log.take_up()
    decisions = [
        invalidating.invalidate(criteria, invalidating.chosen(criteria).count(), WHY, mo.pk)
        for criteria in (Criteria(1, name="7"), Criteria(2, name="13"), Criteria(1, name="88"))
    ]
    log.take_up()
    invalidating.undo(decisions[0].pk, "A mistake.", mo.pk)
    log.take_up()
    for mine in chance.sample(own, 100):  # some of them for the second time
        signing.withdraw(mine)
    log.take_up()
    again = counting.recount()
    assert again.problems == ()
    assert sum(row.made for row in again.counts) == 20_000
    assert all(row.invalid > 50 and row.withdrawn > 5 for row in again.counts)
    for version in versions:
        assert again.of(version.number) == counted(version) > 3_000
    assert Signature.objects.filter(state=State.WAITING).count() == 10
    said = count()
    assert "Everything agrees." in said
    for version in versions:
        assert f"({version.sha256}): {counted(version)} count" in said
        (tmp_path / "names").write_bytes(names(client, version.number))
        assert f"{counted(version)} names match" in count("--names", str(tmp_path / "names"))
    assert audit().problems == []
