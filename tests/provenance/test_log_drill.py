"""The drill of docs/log-format.md: the owner edits a row, and whatever is mended then, it shows.

The forger of these stories is the operator: owner of the tables, and in the end holder of the key.
"""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from provenance.core.merkle import leaf_hash
from provenance.core.notes import Checkpoint, Signer
from provenance.core.tiles import Edge, FullTile
from provenance.log import models, seals
from provenance.log.audit import audit
from provenance.log.models import Entry
from provenance.log.sequencer import Sequencer
from tests.provenance.log_cast import ORIGIN, log_in, submit_many, unguarded

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SIZE = 300


@pytest.fixture
def log(transactional_db: None, tmp_path: Path) -> Sequencer:
    """A log of 300 entries, of which somebody keeps an honest copy in `before`."""
    started = log_in(tmp_path / "marks")
    started.open()
    submit_many(SIZE)
    started.drain()
    call_command("exportlog", str(tmp_path / "before"))
    monitor(tmp_path / "before", tmp_path)
    return started


def forge(order: str, *values: bytes | int | str) -> None:
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(order, values)


def edit_entry() -> None:
    forge("UPDATE log_entry SET data = replace(data::text, '6162', '6364')::bytea WHERE index = 2")


def mend_leaf() -> None:
    forge("UPDATE log_entry SET leaf_hash = sha256('\\x00'::bytea || data) WHERE index = 2")


def rebuilt() -> tuple[Edge, list[FullTile]]:
    edge = Edge()
    rows = Entry.objects.order_by("index")
    return edge, edge.extend([leaf_hash(bytes(row.data)) for row in rows])


def mend_tiles() -> None:
    _, [tile] = rebuilt()
    forge("UPDATE log_tile SET hashes = %s, root = %s WHERE level = 0", tile.hashes, tile.root)


def mend_head() -> None:
    edge, _ = rebuilt()
    forge("UPDATE log_head SET root = %s WHERE size = %s", edge.root, SIZE)


def mend_checkpoint(signer: Signer | None = None) -> None:
    """Without the key only the root in it can be changed."""
    edge, _ = rebuilt()
    text = Checkpoint(ORIGIN, SIZE, edge.root).text
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM log_checkpoint WHERE size = %s", [SIZE])
        (note,) = cursor.fetchone()
    forged = signer.sign(text) if signer else f"{text}\n{note.rpartition(chr(10) * 2)[2]}"
    forge("UPDATE log_checkpoint SET note = %s WHERE size = %s", forged, SIZE)


def mend_seals() -> None:
    for model in (models.Head, models.Checkpoint):
        forge(f"UPDATE {model._meta.db_table} SET seal = {seals.expression(model)}")  # noqa: S608


def monitor(place: Path, folder: Path) -> None:
    call_command("monitorlog", "--dir", str(place), "--state", str(folder / "last-seen"))


def test_each_step_of_a_forger_moves_the_complaint_and_never_ends_it(
    log: Sequencer, tmp_path: Path, client: Client
) -> None:
    steps = (
        (edit_entry, "entry 2: its bytes do not have the hash"),
        (mend_leaf, "entry 2: hash 2 of tile 0/0"),
        (mend_tiles, "entry 299: the root of head 300"),
        (mend_head, "entry 299: checkpoint 300 signs another root"),
        (mend_checkpoint, f"entry 299: checkpoint 300: The signature of {ORIGIN} does not hold."),
    )
    for number, (step, words) in enumerate(steps):
        step()
        problems = audit().problems
        assert problems[0].startswith(words), problems
        with pytest.raises(CommandError, match="disagree"):
            call_command("auditlog")
        copy = tmp_path / f"copy-{number}"
        call_command("exportlog", str(copy))
        with pytest.raises(CommandError, match=r"disagree|does not hold"):
            call_command("auditlog", "--dir", str(copy), "--vkey", log.signer.vkey)

    # The operator signs the forgery. It now agrees with itself, and with nobody else.
    mend_checkpoint(log.signer)
    assert audit().problems == [
        f"entry 299: a row of {table} is not as it was written"
        for table in ("log_head", "log_checkpoint")
    ]
    mend_seals()
    assert audit().problems == []
    call_command("exportlog", str(tmp_path / "after"))
    call_command("auditlog", "--dir", str(tmp_path / "after"), "--vkey", log.signer.vkey)
    with pytest.raises(CommandError, match="does not begin with"):
        monitor(tmp_path / "after", tmp_path)
    with pytest.raises(CommandError, match="another history"):
        call_command("exportlog", str(tmp_path / "before"))
    kept = (tmp_path / "before" / "checkpoint").read_bytes()
    told = client.post("/log/gossip", kept, content_type="text/plain")
    assert told.status_code == 201
    assert "This log has contradicted itself" in client.get("/log/").content.decode()
    with pytest.raises(Exception, match="another history"):
        log.open()  # nor does the sequencer go on over it: its mark remembers
