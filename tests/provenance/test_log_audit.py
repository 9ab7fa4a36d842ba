"""Mo audits the log: whatever was changed behind its back is found, and its place is named."""

import importlib
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from provenance.core.records import EntryType
from provenance.log import outbox
from provenance.log.audit import Report, audit
from provenance.log.sequencer import Sequencer
from tests.provenance.log_cast import (
    log_in,
    new_attempt,
    submit_attempt,
    submit_failure,
    submit_many,
    unguarded,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(transactional_db: None, tmp_path: Path) -> Sequencer:
    """Four attempts, one of them still open, and 250 entries more, in three heads."""
    started = log_in(tmp_path)
    started.open()
    submit_attempt()
    started.step()
    for _ in range(3):
        attempt = new_attempt()
        submit_attempt(attempt)
        submit_failure(attempt)
    started.step()
    submit_many(250)
    started.drain()
    return started


def owner(order: str) -> None:
    """Change rows as only the database's owner can."""
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(order)


def test_a_sound_log_passes(log: Sequencer, capsys: pytest.CaptureFixture[str]) -> None:
    submit_attempt()
    report = audit()
    assert report == Report(
        entries=257, tiles=1, checkpoints=4, openings=5 * 3, waiting=1, pending=report.pending
    )
    assert list(report.pending) == [0, *range(7, 257)]
    call_command("auditlog")
    said = capsys.readouterr().out
    assert "Everything agrees." in said
    assert "entry 0: this attempt has no outcome yet, after 0:0" in said


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("UPDATE log_entry SET data = set_byte(data, 30, get_byte(data, 30) # 1) WHERE index = 7",
         "entry 7: its bytes"),
        ("UPDATE log_entry SET leaf_hash = set_byte(leaf_hash, 0, get_byte(leaf_hash, 0) # 1)"
         " WHERE index = 8", "entry 8: its bytes"),
        ("UPDATE log_entry SET kind = 'generated' WHERE index = 9", "entry 9: type or attempt"),
        ("UPDATE log_entry SET attempt = NULL WHERE index = 10", "entry 10: type or attempt"),
        ("DELETE FROM log_entry WHERE index = 11", "entry 11 is missing"),
        ("DELETE FROM log_entry WHERE index = 256", "257 entries, 256 are stored"),
        ("UPDATE log_tile SET hashes = set_byte(hashes, 99, get_byte(hashes, 99) # 2)",
         "entry 3: hash 3 of tile 0/0"),
        ("UPDATE log_tile SET root = set_byte(root, 9, get_byte(root, 9) # 2)",
         "entry 0: the root of tile 0/0"),
        ("DELETE FROM log_tile", "entry 0: the tile 0/0 from here on is missing"),
        ("INSERT INTO log_tile SELECT 1, n, hashes, root FROM log_tile", "2 tiles are stored"),
        ("UPDATE log_head SET root = set_byte(root, 0, get_byte(root, 0) # 4) WHERE size = 7",
         "entry 6: the root of head 7"),
        ("UPDATE log_checkpoint SET note = replace(note, E'\\n7\\n', E'\\n8\\n') WHERE size = 7",
         "entry 6: checkpoint 7"),
        ("UPDATE log_checkpoint SET note = (SELECT note FROM log_checkpoint WHERE size = 1)"
         " WHERE size = 7", "entry 6: checkpoint 7 signs another root"),
        ("DELETE FROM log_checkpoint", "no checkpoint"),
        ("DELETE FROM log_openattempt WHERE index = 9", "entry 9: the list .* leaves this one out"),
        ("INSERT INTO log_openattempt SELECT attempt, 1 FROM log_entry WHERE index = 1",
         "entry 1: the list .* has it wrongly"),
        ("UPDATE log_opening SET value = '{\"name\":\"Ben\"}' WHERE field = 'artist'"
         " AND ticket = (SELECT ticket FROM log_entry WHERE index = 1)",
         "entry 1: the stored opening of 'artist'"),
    ],
)  # fmt: skip
def test_what_was_changed_is_found_and_named(log: Sequencer, order: str, words: str) -> None:
    owner(order)
    with pytest.raises(CommandError, match="disagree"):
        call_command("auditlog")
    assert any(re.search(words, problem) for problem in audit().problems)


def test_rewritten_history_does_not_pass_even_with_matching_hashes(log: Sequencer) -> None:
    """The owner changes an entry and the hash beside it: tile, head and signature still tell."""
    owner(
        """
        UPDATE log_entry SET data = changed.data, leaf_hash = sha256('\\x00'::bytea || changed.data)
        FROM (
            SELECT replace(convert_from(data, 'UTF8'), 'internal', 'storage9')::bytea AS data
            FROM log_entry WHERE index = 2
        ) AS changed WHERE index = 2
        """
    )
    problems = audit().problems
    assert any("tile 0/0" in problem for problem in problems)
    assert any("checkpoint 7 signs another root" in problem for problem in problems)


def test_two_outcomes_and_orphans_are_named(log: Sequencer) -> None:
    attempt = new_attempt()
    submit_attempt(attempt)
    submit_failure(attempt)
    with transaction.atomic():
        outbox.submit(EntryType.CANCELLED, {"attempt": attempt, "by": "artist"})
    submit_attempt(attempt)
    submit_failure(new_attempt())
    log.drain()
    assert audit().problems == [
        "entry 259: another outcome of the attempt of entry 257",
        "entry 260: the attempt was begun before, by entry 257",
        "entry 261: its attempt has no entry before it",
    ]


def test_the_audit_changes_nothing_and_sees_one_moment(log: Sequencer) -> None:
    before = audit()
    submit_many(3)
    assert audit().entries == before.entries
    assert audit().waiting == 3


def test_a_log_from_before_the_list_of_open_attempts_gets_it_whole(log: Sequencer) -> None:
    filling = importlib.import_module("provenance.log.migrations.0003_open_attempts")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM log_openattempt")
        cursor.execute(filling.FILL)
    assert audit().problems == []
