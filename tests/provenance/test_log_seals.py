"""Seals: a log that was begun without them is sealed as it is, and is sound from then on."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from provenance.core.notes import Checkpoint, Signer
from provenance.log import gossip
from provenance.log.audit import audit
from provenance.log.sequencer import Sequencer
from tests.provenance.log_cast import KEY, ORIGIN, log_in, submit_attempt, submit_many

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def log(transactional_db: None, tmp_path: Path) -> Sequencer:
    started = log_in(tmp_path)
    started.open()
    submit_attempt()
    submit_many(300)
    started.drain()
    gossip.hear(Signer(ORIGIN, KEY).sign(Checkpoint(ORIGIN, 7, bytes(32)).text))
    submit_attempt()
    return started


def test_rows_from_before_the_seals_are_sealed_as_they_are(log: Sequencer) -> None:
    try:
        call_command("migrate", "log", "0004", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM log_entry LIMIT 0")
            assert "seal" not in {column.name for column in cursor.description or ()}
    finally:
        call_command("migrate", "log", verbosity=0)
    assert audit().problems == []
    assert log.drain() == 1
    submit_attempt()
    log.drain()
    assert audit().problems == []
