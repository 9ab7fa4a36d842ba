"""Ada has her name and a prompt forgotten: the log says that it happened, and knows neither."""

import uuid
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from provenance.core.proofs import check_receipt
from provenance.core.records import EntryRefused
from provenance.log import outbox, receipts
from provenance.log.audit import audit
from provenance.log.erasure import erase
from provenance.log.errors import OutboxMisused
from provenance.log.models import Entry, Opening
from provenance.log.sequencer import Sequencer
from tests.provenance.log_cast import log_in, new_attempt, submit_attempt, submit_failure

PROMPT = "a red kite"  # as log_cast's openings have it

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(transactional_db: None, tmp_path: Path) -> Sequencer:
    started = log_in(tmp_path / "marks")
    started.open()
    return started


@pytest.fixture
def attempt(log: Sequencer) -> uuid.UUID:
    name = new_attempt()
    ticket = submit_attempt(name)
    submit_failure(name)
    log.drain()
    return ticket


def forget(ticket: uuid.UUID, *fields: str, by: str = "artist") -> list[uuid.UUID]:
    with transaction.atomic():
        return erase(ticket, fields, by)


def everything_kept(export: Path) -> bytes:
    """Every row of every table of the log as text, and every file of an export."""
    call_command("exportlog", str(export))
    kept = [path.read_bytes() for path in export.rglob("*") if path.is_file()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'log%'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {connection.ops.quote_name(table)} AS t")  # noqa: S608
            kept += [row.encode() for (row,) in cursor.fetchall()]
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {connection.ops.quote_name(table)} AS t")  # noqa: S608
            kept += [row.encode() for (row,) in cursor.fetchall()]
    return b"\n".join(kept)


def test_value_and_salt_are_gone_and_old_proofs_hold(
    log: Sequencer, attempt: uuid.UUID, tmp_path: Path
) -> None:
    openings = outbox.openings_of(attempt)
    secrets = [PROMPT.encode(), b"Ada"]
    for name in ("prompt", "artist"):
        secrets += [openings[name].salt, openings[name].salt.hex().encode()]
    before = receipts.receipt(0)
    kept = everything_kept(tmp_path / "before")
    assert all(secret in kept for secret in secrets if len(secret) != 32)
    assert len(forget(attempt, "artist", "prompt")) == 2
    log.drain()
    kept = everything_kept(tmp_path / "after")
    assert not any(secret in kept for secret in secrets)
    assert check_receipt(before, log.signer.vkey).index == 0
    assert check_receipt(receipts.receipt(0), log.signer.vkey).entry == (
        check_receipt(before, log.signer.vkey).entry
    )
    assert outbox.openings_of(attempt).keys() == {"parameters"}
    assert audit().problems == []


def test_the_log_says_what_kind_was_erased_and_by_which_role(
    log: Sequencer, attempt: uuid.UUID
) -> None:
    tickets = forget(attempt, "prompt", by="curator")
    log.drain()
    [row] = Entry.objects.filter(ticket__in=tickets)
    assert row.kind == "erasure"
    entry = check_receipt(receipts.receipt(row.index), log.signer.vkey).entry
    assert entry.body == {"target": 0, "field": "prompt", "by": "curator"}


def test_what_is_erased_already_is_not_erased_again(log: Sequencer, attempt: uuid.UUID) -> None:
    assert len(forget(attempt, "prompt")) == 1
    assert forget(attempt, "prompt", "media") == []


def test_erasure_and_its_entry_come_together_or_not_at_all(
    log: Sequencer, attempt: uuid.UUID
) -> None:
    with pytest.raises(EntryRefused):
        forget(attempt, "prompt", by="Ada Lovelace")
    assert Opening.objects.filter(ticket=attempt, field="prompt").exists()
    with pytest.raises(OutboxMisused):
        erase(attempt, ["prompt"], "artist")


def test_an_entry_without_an_index_is_to_be_waited_for(log: Sequencer) -> None:
    ticket = submit_attempt()
    with pytest.raises(outbox.LogUnavailable, match="try again"):
        forget(ticket, "prompt")
    assert len(outbox.openings_of(ticket)) == 3
