"""A database from yesterday gets back what was logged since, from a copy it does not believe."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from provenance.core.mirrors import Contradiction
from provenance.core.notes import Checkpoint
from provenance.log import copies, importing
from provenance.log.audit import audit
from provenance.log.errors import ImportRefused, SequencerRefused
from provenance.log.models import Entry, Head, Pending
from provenance.log.sequencer import Sequencer
from tests.provenance.log_cast import log_in, new_attempt, submit_attempt, submit_failure, unguarded

pytestmark = pytest.mark.django_db(transaction=True)
_BACK = (
    "DELETE FROM log_mention WHERE index >= %s",
    "DELETE FROM log_openattempt WHERE index >= %s",
    "DELETE FROM log_checkpoint WHERE size > %s",
    "DELETE FROM log_tile WHERE %s < 256",
    "DELETE FROM log_head WHERE size > %s",
    "DELETE FROM log_entry WHERE index >= %s",
)


@pytest.fixture
def log(transactional_db: None, tmp_path: Path) -> Sequencer:
    started = log_in(tmp_path / "marks")
    started.open()
    return started


def attempts(log: Sequencer, count: int) -> None:
    for _ in range(count):
        name = new_attempt()
        submit_attempt(name)
        submit_failure(name)
    log.drain()


@pytest.fixture
def mirror(log: Sequencer, tmp_path: Path) -> Path:
    """300 entries in a mirror, of which the database then lacks the last 280."""
    attempts(log, 10)
    attempts(log, 140)
    call_command("exportlog", str(tmp_path / "mirror"))
    go_back(20)
    return tmp_path / "mirror"


def go_back(size: int) -> None:
    """What restoring an older backup does, by the owner and against every trigger."""
    with unguarded(), connection.cursor() as cursor:
        for order in _BACK:
            cursor.execute(order, [size])
        cursor.execute("DELETE FROM log_opening WHERE ticket NOT IN (SELECT ticket FROM log_entry)")


def mark(log: Sequencer) -> Checkpoint | None:
    return log.marks.read(log.signer.vkey)


def recover(log: Sequencer, folder: Path) -> importing.Imported:
    return importing.recover(copies.folder(folder), mark(log), lambda done, total: None)


@pytest.mark.slow
def test_the_log_goes_on_where_it_was_and_its_old_checkpoint_holds(
    log: Sequencer, mirror: Path
) -> None:
    before = (mirror / "checkpoint").read_text()
    with pytest.raises(SequencerRefused, match="importlog"):
        log.open()
    assert recover(log, mirror) == importing.Imported(20, 300)
    log.open()
    attempts(log, 1)
    report = audit()
    assert (report.problems, report.entries) == ([], 302)
    assert Head.objects.filter(size=300).exists()
    assert "300\n" in before


@pytest.mark.slow
def test_an_entry_that_still_waits_keeps_its_ticket(log: Sequencer, mirror: Path) -> None:
    data = (mirror / "tile" / "entries" / "000").read_bytes()
    at = 0
    for _ in range(20):
        at += 2 + int.from_bytes(data[at : at + 2], "big")
    entry = data[at + 2 : at + 2 + int.from_bytes(data[at : at + 2], "big")]
    waiting = Pending.objects.create(data=entry)
    recover(log, mirror)
    assert Entry.objects.get(index=20).ticket == waiting.ticket
    assert not Pending.objects.exists()


@pytest.mark.slow
def test_a_changed_copy_gives_nothing(log: Sequencer, mirror: Path) -> None:
    bundle = mirror / "tile" / "entries" / "000"
    before, _, after = bundle.read_bytes().rpartition(b"internal")
    bundle.write_bytes(before + b"external" + after)  # an entry all the same, but another one
    with pytest.raises(ImportRefused, match="do not hash to the signed root"):
        recover(log, mirror)
    assert Entry.objects.count() == 20


@pytest.mark.slow
def test_a_copy_of_another_history_gives_nothing(
    log: Sequencer, mirror: Path, tmp_path: Path
) -> None:
    go_back(0)
    other = log_in(tmp_path / "other marks")
    other.open()
    attempts(other, 5)
    with pytest.raises((Contradiction, ImportRefused)):
        importing.recover(copies.folder(mirror), None, lambda done, total: None)
    assert Entry.objects.count() == 10


def test_a_copy_that_is_behind_says_so(log: Sequencer, tmp_path: Path) -> None:
    attempts(log, 3)
    call_command("exportlog", str(tmp_path / "early"))
    with pytest.raises(ImportRefused, match="nothing to take"):
        recover(log, tmp_path / "early")
    attempts(log, 3)
    go_back(4)
    with pytest.raises(ImportRefused, match="Find a newer copy"):
        recover(log, tmp_path / "early")
