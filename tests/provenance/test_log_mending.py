"""A bit flips in the outbox: the row is put right and gets its place, and nothing is lost."""

import random
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from provenance.core.merkle import leaf_hash
from provenance.core.records import EntryType
from provenance.log import mending, outbox, receipts, seals
from provenance.log.audit import audit
from provenance.log.errors import ImportRefused, SequencerRefused
from provenance.log.importing import recover
from provenance.log.mending import Row
from provenance.log.models import Entry, Pending
from provenance.log.sequencer import Sequencer
from tests.provenance.log_cast import log_in, new_attempt, submit_attempt, submit_failure

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(transactional_db: None, tmp_path: Path) -> Sequencer:
    started = log_in(tmp_path)
    started.open()
    return started


@pytest.fixture
def asked(log: Sequencer) -> Pending:
    """An attempt that waits, and behind it its outcome."""
    attempt = new_attempt()
    ticket = submit_attempt(attempt)
    submit_failure(attempt)
    return Pending.objects.get(ticket=ticket)


def damage(row: Pending, change: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE log_pending SET {change} WHERE id = %s", [row.pk])  # noqa: S608


FLIPPED = [
    "data = set_bit(data, 700, 1 - get_bit(data, 700))",
    "ticket = encode("
    "set_bit(uuid_send(ticket), 5, 1 - get_bit(uuid_send(ticket), 5)), 'hex')::uuid",
    "created_at = created_at + interval '1 microsecond'"
    " * (1 - 2 * (get_byte(timestamptz_send(created_at), 7) & 1))",
    "id = id + 1099511627776",
    "seal = set_bit(seal, 255, 1 - get_bit(seal, 255))",
]


@pytest.mark.parametrize("change", FLIPPED)
def test_one_flipped_bit_is_put_right(
    log: Sequencer, asked: Pending, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(asked, change)
    with pytest.raises(SequencerRefused):
        log.step()
    with pytest.raises(CommandError, match=r"things? disagree.*row \d+ of the outbox"):
        call_command("auditlog")
    assert any("of the outbox is not as it was written" in said for said in audit().problems)
    call_command("mendoutbox")
    assert f"Row {asked.pk} is as it was written again." in capsys.readouterr().out
    asked_again = Pending.objects.get(pk=asked.pk)
    assert (asked_again.ticket, asked_again.created_at) == (asked.ticket, asked.created_at)
    assert bytes(asked_again.data) == bytes(asked.data)
    assert log.drain() == 2
    assert Entry.objects.get(index=0).ticket == asked.ticket
    assert audit().problems == []
    call_command("mendoutbox")
    assert "No row of the outbox is damaged." in capsys.readouterr().out


def test_every_bit_of_a_row_can_be_put_right() -> None:
    chance = random.Random(2026)
    known, data = chance.randbytes(32), chance.randbytes(40)
    sealed = Row(known, data, seals.of_waiting(known, leaf_hash(data)))
    flat = b"".join(sealed)
    for bit in range(8 * len(flat)):
        changed = bytearray(flat)
        changed[bit // 8] ^= 1 << bit % 8
        row = Row(bytes(changed[:32]), bytes(changed[32:72]), bytes(changed[72:]))
        assert mending.mended(row) == sealed, bit


def test_what_is_damaged_further_is_judged_by_a_person(
    log: Sequencer, asked: Pending, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(asked, "created_at = created_at + interval '7 days'")
    with pytest.raises(CommandError, match="1 rows are damaged in more than one bit"):
        call_command("mendoutbox")
    assert f"Row {asked.pk}, ticket {asked.ticket.hex}: {{" in capsys.readouterr().err
    with pytest.raises(CommandError, match="not damaged"):
        call_command("mendoutbox", "--accept", str(asked.pk + 1))
    call_command("mendoutbox", "--accept", str(asked.pk))
    assert log.drain() == 2
    assert Entry.objects.get(index=0).ticket == asked.ticket
    assert audit().problems == []


def test_what_is_no_entry_any_more_is_not_let_in(log: Sequencer, asked: Pending) -> None:
    damage(asked, "data = 'nothing'")
    with pytest.raises(CommandError, match="holds no entry"):
        call_command("mendoutbox", "--accept", str(asked.pk))
    assert Pending.objects.count() == 2


def test_nothing_is_imported_beside_a_damaged_row(log: Sequencer, asked: Pending) -> None:
    """Its entry may be one of those that the copy brings back: it would be logged twice."""
    checkpoint = receipts.newest()
    assert checkpoint is not None
    copy = {"checkpoint": checkpoint.note.encode()}
    damage(asked, FLIPPED[0])
    with pytest.raises(ImportRefused, match="mendoutbox"):
        recover(lambda path, limit: copy[path], None, lambda done, total: None)


def test_whoever_writes_a_row_cannot_give_it_another_seal(log: Sequencer) -> None:
    with transaction.atomic():
        ticket = outbox.submit(EntryType.ATTEMPT, {"attempt": new_attempt(), **committed()})
        other = Pending.objects.create(data=Pending.objects.get(ticket=ticket).data, seal=b"mine")
    assert len(bytes(Pending.objects.get(pk=other.pk).seal)) == 32
    assert mending.damaged() == []


def committed() -> dict[str, str]:
    return dict.fromkeys(("artist", "prompt", "parameters"), "ab" * 32)
