"""Ada's attempts find their places, and the sequencer signs only what it can stand by."""

import threading
import time
import uuid
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, IntegrityError, connection, transaction

from provenance.core.merkle import leaf_hash, verify_consistency, verify_inclusion
from provenance.core.notes import open_checkpoint
from provenance.core.proofs import check_receipt, parse_proof
from provenance.core.records import EntryRefused, EntryType, parse_entry
from provenance.core.tiles import Edge
from provenance.log import integrate, outbox, receipts, sequencer, tree
from provenance.log.errors import LogUnavailable, OutboxMisused, SequencerRefused
from provenance.log.models import Checkpoint, Entry, Head, Heartbeat, Opening, Pending, Tile
from provenance.log.sequencer import Sequencer
from tests.provenance.log_cast import (
    ORIGIN,
    TABLES,
    log_in,
    new_attempt,
    openings,
    submit_attempt,
    submit_failure,
    submit_many,
    unguarded,
)


@pytest.fixture
def log(db: None, tmp_path: Path) -> Sequencer:
    """A log that has been started and is empty."""
    started = log_in(tmp_path)
    started.open()
    return started


def roots_of(count: int) -> list[bytes]:
    """The roots of every size, from the stored entries' bytes alone."""
    edge = Edge()
    roots = [edge.root]
    for row in Entry.objects.order_by("index")[:count]:
        edge.append(leaf_hash(bytes(row.data)))
        roots.append(edge.root)
    return roots


def guards_off(*orders: str) -> None:
    """What only the database's owner can do: change rows behind the log's back."""
    with unguarded(), connection.cursor() as cursor:
        for order in orders:
            cursor.execute(order)


def test_a_new_log_signs_that_it_is_empty(log: Sequencer) -> None:
    checkpoint = Checkpoint.objects.get()
    signed = open_checkpoint(checkpoint.note, log.signer.vkey)
    assert (signed.origin, signed.size, signed.root) == (ORIGIN, 0, Edge().root)


def test_an_entry_gets_its_place_and_a_receipt_that_a_stranger_can_check(log: Sequencer) -> None:
    first, second = submit_attempt(), submit_attempt(attempt := new_attempt())
    assert outbox.index_of(first) is None
    assert log.step() == 2
    assert outbox.indexes_of([first, second, uuid.uuid4()]) == {first: 0, second: 1}
    checked = check_receipt(receipts.receipt(1), log.signer.vkey)
    assert (checked.index, checked.size, checked.origin) == (1, 2, ORIGIN)
    assert checked.entry.type == EntryType.ATTEMPT
    assert checked.entry.body["attempt"] == attempt
    assert Pending.objects.count() == 0


def test_the_openings_open_what_stands_in_the_log(log: Sequencer) -> None:
    ticket = submit_attempt()
    log.step()
    body = parse_entry(bytes(Entry.objects.get().data)).body
    found = outbox.openings_of(ticket)
    assert {name: opening.commitment for name, opening in found.items()} == {
        name: body[name] for name in ("artist", "prompt", "parameters")
    }
    Opening.objects.filter(ticket=ticket, field="artist").delete()
    assert set(outbox.openings_of(ticket)) == {"prompt", "parameters"}
    check_receipt(receipts.receipt(0), log.signer.vkey)


def test_nothing_of_a_transaction_that_was_taken_back_reaches_the_log(log: Sequencer) -> None:
    with transaction.atomic():
        submit_attempt()
        transaction.set_rollback(True)
    assert log.step() == 0
    assert Opening.objects.count() == 0


def test_a_body_its_type_does_not_have_is_refused(db: None) -> None:
    with pytest.raises(EntryRefused, match="email"), transaction.atomic():
        outbox.submit(EntryType.FAILED, {"attempt": new_attempt(), "reason": "x", "email": "a@b"})
    with pytest.raises(EntryRefused, match="twice"), transaction.atomic():
        outbox.submit(EntryType.ATTEMPT, {"attempt": new_attempt()}, [*openings(), *openings()])


def test_places_have_no_gap_where_transactions_were_taken_back(log: Sequencer) -> None:
    for number in range(6):
        with transaction.atomic():
            submit_attempt()
            if number % 2:
                transaction.set_rollback(True)
        log.drain()
    assert list(Entry.objects.order_by("index").values_list("index", flat=True)) == [0, 1, 2]


def test_roots_tiles_and_proofs_of_a_log_with_two_levels(log: Sequencer) -> None:
    submit_many(600)
    for size in (1, 200, 255, 256, 257, 512, 600):
        Sequencer(log.signer, log.marks, True, batch=size - receipts.signed_size()).step()
    roots = roots_of(600)
    assert [bytes(head.root) for head in Head.objects.order_by("size")] == [
        roots[size] for size in (0, 1, 200, 255, 256, 257, 512, 600)
    ]
    assert list(Tile.objects.order_by("level", "n").values_list("level", "n")) == [(0, 0), (0, 1)]
    assert [tree.root_of(size) for size in range(0, 601, 37)] == roots[::37]
    for old in (1, 100, 255, 256, 300, 599, 600):
        proof = tree.consistency_proof(old, 600)
        verify_consistency(old, 600, roots[old], roots[600], proof)
    for place in (0, 1, 255, 256, 511, 512, 599):
        leaf = leaf_hash(bytes(Entry.objects.get(index=place).data))
        verify_inclusion(leaf, place, 600, tree.inclusion_proof(place, 600), roots[600])
        receipt = receipts.receipt(place)
        assert parse_proof(receipt.proof).index == place
        check_receipt(receipt, log.signer.vkey)


def test_an_entry_is_not_shown_before_it_is_signed(log: Sequencer) -> None:
    ticket = submit_attempt()
    integrate.integrate(10)
    assert Entry.objects.count() == 1
    assert outbox.index_of(ticket) is None
    with pytest.raises(LogUnavailable):
        receipts.receipt(0)


def test_what_a_crash_left_unsigned_is_signed_at_the_next_start(log: Sequencer) -> None:
    ticket = submit_attempt()
    integrate.integrate(10)  # killed between commit and signature
    log.open()
    assert outbox.index_of(ticket) == 0


def test_a_crash_between_mark_and_checkpoint_is_mended(log: Sequencer, tmp_path: Path) -> None:
    submit_attempt()
    log.step()
    guards_off("DELETE FROM log_checkpoint WHERE size = 1")
    log.open()
    assert receipts.signed_size() == 1


def test_another_origin_is_refused_with_words(log: Sequencer, tmp_path: Path) -> None:
    with pytest.raises(SequencerRefused, match=f"LOG_ORIGIN={ORIGIN} instead of other"):
        log_in(tmp_path, origin="other.example/log").open()


def test_another_key_is_refused_with_words(log: Sequencer, tmp_path: Path) -> None:
    with pytest.raises(SequencerRefused, match="restore the keys folder"):
        log_in(tmp_path, key=Ed25519PrivateKey.generate()).open()


def test_a_database_that_may_forget_is_refused(log: Sequencer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        if cursor.fetchone() == ("on",):
            Sequencer(log.signer, log.marks).open()
            return
    with pytest.raises(SequencerRefused, match="fsync"):
        Sequencer(log.signer, log.marks).open()


def test_synchronous_commit_is_forced_on(log: Sequencer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        log.open()
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


def test_an_older_backup_is_not_signed_over(log: Sequencer) -> None:
    submit_attempt()
    log.step()
    saved = transaction.savepoint()
    submit_attempt()
    log.step()
    transaction.savepoint_rollback(saved)  # the database goes back, the mark does not
    submit_attempt()
    with pytest.raises(SequencerRefused, match=r"has 1 entries, but 2 were already signed"):
        log.open()
    assert receipts.signed_size() == 1


def test_another_history_is_not_signed_over(log: Sequencer) -> None:
    saved = transaction.savepoint()
    submit_attempt()
    log.step()
    transaction.savepoint_rollback(saved)
    submit_attempt()
    integrate.integrate(10)
    with pytest.raises(SequencerRefused, match="another history"):
        log.open()


def test_a_mark_that_is_no_checkpoint_of_this_log_is_refused(log: Sequencer) -> None:
    [path] = log.marks.paths
    path.write_text(path.read_text().replace("archive", "a-chive"))
    with pytest.raises(SequencerRefused, match="high-water"):
        log.open()


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("UPDATE log_entry SET data = set_byte(data, 40, get_byte(data, 40) # 1) WHERE index = 1",
         "entry 1 has not the hash"),
        ("UPDATE log_entry SET leaf_hash = set_byte(leaf_hash, 0, 0) WHERE index = 2",
         "entry 2 has not the hash"),
        ("DELETE FROM log_entry WHERE index = 1", "."),
        ("UPDATE log_head SET root = set_byte(root, 3, get_byte(root, 3) # 128) WHERE size = 3",
         "root of their head"),
        ("UPDATE log_tile SET hashes = set_byte(hashes, 9, get_byte(hashes, 9) # 1)", "tile 0/000"),
    ],
)  # fmt: skip
def test_rows_that_changed_before_the_signature_are_not_signed(
    log: Sequencer, order: str, words: str
) -> None:
    count = 256 if "log_tile" in order else 3
    submit_many(count)
    integrate.integrate(count)
    guards_off(order)
    with pytest.raises(SequencerRefused, match=words):
        log.open()
    assert receipts.signed_size() == 0


@pytest.mark.parametrize(
    "data",
    [
        b"no entry",
        b"[]",
        b"{}",
        b'{"type":7}',
        b'{"type":"a\\u0000b"}',
        b'{"type":"' + b"x" * 41 + b'"}',
        b'{"attempt":["x"],"type":"failed"}',
        b'{"attempt":"' + b"0" * 33 + b'","type":"failed"}',
        b"\xff",
        # What the audit would complain of for ever.
        b'{"at":"2026-11-23T19:04:36Z","type":"failed"}',
        b'{"at":"2026-11-23T19:04:36Z","schema":1, "type":"failed"}',
        b'{"at":"2026-02-30T19:04:36Z","schema":1,"type":"failed"}',
        b'{"at":"2026-11-23T19:04:36Z","attempt":"' + b"0" * 33 + b'","schema":1,"type":"failed"}',
        b'{"at":"2026-11-23T19:04:36Z","schema":1,"type":"' + b"x" * 41 + b'"}',
    ],
)
def test_something_that_is_no_entry_stops_the_sequencer_with_words(
    log: Sequencer, data: bytes
) -> None:
    Pending.objects.create(data=data)
    with pytest.raises(SequencerRefused, match="log_pending holds no entry"):
        log.step()
    assert Pending.objects.count() == 1


@pytest.mark.parametrize(
    "order",
    [
        "data = set_byte(data, 40, get_byte(data, 40) # 1)",
        "ticket = 'ffffffff-ffff-4fff-8fff-ffffffffffff'",
        "created_at = created_at + interval '1 microsecond'",
        "id = id + 1000000",
        "seal = set_byte(seal, 31, get_byte(seal, 31) # 1)",
    ],
)
def test_a_damaged_row_of_the_outbox_gets_no_place(log: Sequencer, order: str) -> None:
    submit_many(2)
    last = Pending.objects.order_by("-id")[0]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE log_pending SET {order} WHERE id = %s", [last.pk])  # noqa: S608
    with pytest.raises(SequencerRefused, match="mendoutbox") as refused:
        log.step()
    assert refused.value.public == "A row of the outbox is damaged."
    assert (Entry.objects.count(), Pending.objects.count()) == (0, 2)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "how", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"]
)
def test_rows_of_the_log_cannot_be_changed(log: Sequencer, table: str, how: str) -> None:
    submit_many(256)
    log.drain()
    order = how.format(table, TABLES[table])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
            cursor.execute(order)


SEALED = {
    "log_origin", "log_pending", "log_opening", "log_head", "log_checkpoint", "log_heartbeat",
    "log_cosignature", "log_witness", "log_anchor", "log_contradiction",
}  # fmt: skip


@pytest.mark.parametrize("table", sorted({*TABLES, *SEALED}))
def test_guards_and_seals_bind_replication_too(db: None, table: str) -> None:
    guarded = table in {*TABLES, "log_cosignature", "log_anchor", "log_contradiction"}
    wanted = {*(("unchanged", "kept") if guarded else ()), *(("sealed",) * (table in SEALED))}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal"
            " AND tgrelid = %s::regclass",
            [table],
        )
        assert set(cursor.fetchall()) == {(f"{table}_{name}", "A") for name in wanted}


def test_a_fork_cannot_be_written(log: Sequencer) -> None:
    submit_many(3)
    log.drain()
    with pytest.raises(IntegrityError), transaction.atomic():
        Head.objects.create(size=2, previous_id=0, root=bytes(32))
    with pytest.raises(IntegrityError), transaction.atomic():
        Head.objects.create(size=0, previous=None, root=bytes(32))


def test_health_tells_how_the_sequencer_is(log: Sequencer) -> None:
    assert sequencer.alive(30) == (False, "has never run")
    sequencer._beat("")
    assert sequencer.alive(30) == (True, "works")
    submit_attempt()
    Pending.objects.update(created_at="2020-01-01T00:00:00Z")
    well, why = sequencer.alive(30)
    assert not well
    assert "an entry has waited" in why
    Heartbeat.objects.update(beat_at="2020-01-01T00:00:00Z")
    assert "last sign of life" in sequencer.alive(30)[1]
    sequencer._beat("The log is configured under another name.")
    assert sequencer.alive(30) == (False, "The log is configured under another name.")


def test_waiting_inside_a_transaction_is_refused(log: Sequencer) -> None:
    with pytest.raises(OutboxMisused):
        outbox.wait_for(submit_attempt(), 1)


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused() -> None:
    with pytest.raises(OutboxMisused):
        outbox.submit(EntryType.FAILED, {"attempt": new_attempt(), "reason": "internal"})


@pytest.mark.django_db(transaction=True)
def test_waiting_ends_with_words_when_no_sequencer_runs(tmp_path: Path) -> None:
    log_in(tmp_path).open()
    ticks: list[int] = []
    with pytest.raises(LogUnavailable, match="is the sequencer running"):
        outbox.wait_for(submit_attempt(), 0.05, lambda: ticks.append(1))
    assert ticks


def _running(log: Sequencer, stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=sequencer.run, args=(log, stop), daemon=True)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_the_sequencer_wakes_for_an_entry_and_ends_when_told(tmp_path: Path) -> None:
    stop = threading.Event()
    thread = _running(log_in(tmp_path), stop)
    try:
        places = [outbox.wait_for(submit_attempt(), 20) for _ in range(5)]
    finally:
        told = time.monotonic()
        stop.set()
        thread.join(5)
    assert places == [0, 1, 2, 3, 4]
    assert not thread.is_alive()
    assert time.monotonic() - told < 1.5


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_sequencer_goes_on_when_its_connection_is_cut(tmp_path: Path) -> None:
    stop = threading.Event()
    thread = _running(log_in(tmp_path), stop)
    try:
        assert outbox.wait_for(submit_attempt(), 20) == 0
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
            assert cursor.fetchall(), "no connection of the sequencer was there to cut"
        assert outbox.wait_for(submit_attempt(), 20) == 1
    finally:
        stop.set()
        thread.join(5)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_second_sequencer_waits_and_takes_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stops = [threading.Event(), threading.Event()]
    first = _running(log_in(tmp_path), stops[0])
    try:
        assert outbox.wait_for(submit_attempt(), 20) == 0
        second = _running(log_in(tmp_path), stops[1])
        deadline = time.monotonic() + 10
        while "another sequencer is at work" not in caplog.text:
            assert time.monotonic() < deadline
        assert outbox.wait_for(submit_attempt(), 20) == 1
        stops[0].set()
        first.join(5)
        assert outbox.wait_for(submit_attempt(), 20) == 2
    finally:
        for stop in stops:
            stop.set()
        second.join(5)


@pytest.mark.django_db(transaction=True)
def test_two_that_race_without_the_lock_make_no_fork_and_lose_nothing(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.open()
    submit_many(400)
    refused: list[BaseException] = []

    def race() -> None:
        try:
            while Pending.objects.exists():
                try:
                    integrate.integrate(20)
                except IntegrityError as error:
                    refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    log.open()
    places = list(Entry.objects.order_by("index").values_list("index", flat=True))
    assert places == list(range(400))
    assert bytes(Head.objects.get(size=400).root) == roots_of(400)[400]
    assert receipts.signed_size() == 400


@pytest.mark.django_db(transaction=True)
def test_an_outcome_never_overtakes_its_attempt(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.open()
    for _ in range(5):
        attempt = new_attempt()
        submit_attempt(attempt)
        submit_failure(attempt)
    log.drain()
    kinds = Entry.objects.order_by("index").values_list("kind", flat=True)
    assert list(kinds) == ["attempt", "failed"] * 5
