"""One bit flips, anywhere: in each column of the log's tables, in each file of its export, in a
receipt. What is evidence is found to be damaged and its place is named; the rest is listed here.

The tables are damaged inside one transaction whose constraints and guards have been taken away, as
a disk would do it, and looked at there by the audit itself.
"""

import random
import struct
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from provenance.core import mirrors
from provenance.core.errors import ProvenanceError
from provenance.core.notes import Checkpoint
from provenance.core.policies import parse_policy
from provenance.core.proofs import ProofRefused, check_receipt, receipt_of, with_entry
from provenance.core.records import EntryType
from provenance.core.tiles import WIDTH, parse_path, unbundle
from provenance.log import anchoring, copies, cosigning, gossip, outbox, receipts
from provenance.log.anchoring import Authorities
from provenance.log.audit import audit_here
from provenance.log.export import export
from provenance.log.posting import Answer
from provenance.log.sequencer import Sequencer
from provenance.verify.models import KeyEvent
from tests.core.stamps import Authority
from tests.core.witnesses import NOON, NORTH, SOUTH
from tests.provenance.log_cast import (
    ORIGIN,
    log_in,
    new_attempt,
    submit_attempt,
    submit_failure,
    submit_many,
)

pytestmark = pytest.mark.slow

# What may flip unseen, since nothing hangs on it: docs/threat-model.md, "Known limits".
NO_EVIDENCE = {
    "log_origin": {"id", "created_at"},
    "log_head": {"created_at"},
    "log_checkpoint": {"signed_at"},
    "log_opening": {"id"},
    "log_cosignature": {"id"},
    "log_anchor": {"id"},
    "log_contradiction": {"id", "seen_at"},
    # What waits has no place yet: it is read before it gets one.
    "log_pending": {"id", "ticket", "data", "created_at"},
    # How the sequencer and the witnesses are doing.
    "log_heartbeat": {"id", "beat_at", "problem"},
    "log_witness": {"cosigner", "asked_at", "size", "problem"},
}
CLIP, HASH = "7f3a0d52-93a4-4c5e-8d7e-1f0c2b6a9e11", "ab" * 32
POLICY = f"""\
witness north {NORTH.vkey} https://north.example/
witness south {SOUTH.vkey} https://south.example/
group all all north south
quorum all
"""
SAMPLES = 12  # of the bits of a long value
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def log(db: None, tmp_path: Path, settings: Settings) -> Sequencer:
    """A log with a row in every table: three heads, a full tile, a clip, a key, a witness's line, a
    stamp, a contradiction, openings, and an entry that waits.
    """
    settings.LOG_WITNESS_POLICY = parse_policy(POLICY)
    started = log_in(tmp_path / "marks")
    started.open()
    attempt = new_attempt()
    submit_attempt(attempt)
    submit_attempt()
    with transaction.atomic():
        made = outbox.submit(EntryType.KEY_EVENT, {"event": "created", "kind": "log", "key": "k"})
        KeyEvent.objects.create(event="created", kind="log", key="k", ticket=made)
        outbox.submit(
            EntryType.PUBLICATION,
            {"attempt": attempt, "clip": CLIP, "generated": 1, "manifest": "urn:c2pa:1",
             "sha256": HASH},
        )  # fmt: skip
    started.step()
    submit_failure(attempt)
    submit_many(9)
    started.step()
    cosigning.ask_all(settings.LOG_WITNESS_POLICY, cosigned)
    authority = Authority(tmp_path)
    hourly = Authorities(["https://tsa.example/"], [authority.pem], timedelta(hours=1))
    assert anchoring.anchor(hourly, partial(stamped, authority)) == 1
    submit_many(251)
    started.drain()
    gossip.hear(started.signer.sign(Checkpoint(ORIGIN, 7, bytes(32)).text))
    submit_attempt()
    return started


def cosigned(address: str, body: bytes, kind: str) -> Answer:
    note = body.decode().partition("\n\n")[2]
    witness = NORTH if "north" in address else SOUTH
    return Answer(200, "text/plain", witness.line(note).encode())


def stamped(authority: Authority, address: str, body: bytes, kind: str) -> Answer:
    return Answer(200, "application/timestamp-reply", authority.answer(body))


@pytest.fixture
def chance() -> random.Random:
    return random.Random(2026)


def unguard() -> None:
    """A disk knows neither triggers nor constraints."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in columns():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(
            "SELECT conrelid::regclass, conname FROM pg_constraint"
            " WHERE conrelid::regclass::text LIKE 'log\\_%' AND contype <> 'n'"
            " ORDER BY contype <> 'f'"
        )
        for table, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}" CASCADE')
        cursor.execute(
            "SELECT indexrelid::regclass FROM pg_index"
            " WHERE indisunique AND indrelid::regclass::text LIKE 'log\\_%'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {name}")


def columns() -> Mapping[str, Mapping[str, str]]:
    """The type of each column, by table."""
    found: dict[str, dict[str, str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_name LIKE 'log\\_%' ORDER BY 1, ordinal_position"
        )
        for table, column, kind in cursor.fetchall():
            found.setdefault(table, {})[column] = kind
    return found


def rows(table: str) -> list[dict[str, Any]]:
    """All rows of a table, each with the index of the entry that it belongs to."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.ctid, t.*, e.index AS entry FROM {table} t"  # noqa: S608
            f" LEFT JOIN log_entry e ON e.ticket = {ticket_of(table)}"
        )
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def ticket_of(table: str) -> str:
    return "t.ticket" if "ticket" in columns()[table] else "NULL"


def places(table: str, row: Mapping[str, Any], at: int) -> set[int]:
    """The entries that a complaint about a row may name; `at` is the byte within a tile."""
    match table:
        case "log_origin":
            return {0}
        case "log_tile":
            below = WIDTH ** row["level"]
            return {row["n"] * WIDTH * below + at // 32 * below, row["n"] * WIDTH * below}
        case "log_entry" | "log_openattempt" | "log_mention":
            return {row["index"]}
        case "log_opening":
            return {row["entry"]}
        case "log_anchor":
            return {row["entry"], row["size"] - 1}
        case _:
            return {max(row["size"] - 1, 0)}


def flips(
    value: Any, kind: str, chance: random.Random, *, whole: bool
) -> Iterator[tuple[int, Any]]:
    """The value with one bit flipped, and in which byte: each bit of a number in turn where it is
    wanted `whole`, and of what is longer some, among them the first and the last.
    """
    match kind:
        case "bigint" | "smallint":
            form = ">q" if kind == "bigint" else ">h"
            data = struct.pack(form, value)
            turned: Callable[[bytes], Any] = lambda data: struct.unpack(form, data)[0]  # noqa: E731
        case "uuid":
            data, turned = value.bytes, lambda data: uuid.UUID(bytes=data)
        case "timestamp with time zone":
            data = struct.pack(">q", (value - _EPOCH) // timedelta(microseconds=1))
            turned = _time
        case "bytea":
            data, turned = bytes(value), bytes
        case _:
            data, turned = value.encode(), _text
    bits = list(range(8 * len(data)))
    if not whole or len(data) > 8 or kind.startswith("time"):
        bits = [bits[0], bits[-1], *chance.sample(bits, min(SAMPLES, len(bits)))]
    for bit in bits:
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        if (new := turned(bytes(changed))) is not None:
            yield bit // 8, new


def _time(data: bytes) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=struct.unpack(">q", data)[0])
    except OverflowError:
        return None  # no driver reads it, so that nobody is deceived


def _text(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None  # the database itself complains
    return None if "\0" in text else text


def held(table: str, column: str, row: Mapping[str, Any]) -> bool:
    """Whether a value is there, and somebody asks for it: no one finds an entry by its ticket who
    does not have that.
    """
    if table == "log_opening":
        return row["entry"] is not None  # that of an entry that waits is found, without an index
    if (table, column) != ("log_entry", "ticket"):
        return row[column] is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM log_opening WHERE ticket = %s UNION ALL SELECT FROM log_anchor"
            " WHERE ticket = %s UNION ALL SELECT FROM verify_keyevent WHERE ticket = %s",
            [row["ticket"]] * 3,
        )
        return cursor.fetchone() is not None


def test_a_flipped_bit_in_any_column_of_any_table_is_named(
    log: Sequencer, chance: random.Random
) -> None:
    assert audit_here().problems == []
    known = columns()
    unguard()
    missed, tried = [], 0
    for table, kinds in known.items():
        for column in sorted(kinds.keys() - NO_EVIDENCE.get(table, set())):
            there = [row for row in rows(table) if held(table, column, row)]
            assert there, f"no row has a {table}.{column}"
            for whole, row in ((True, there[0]), (False, there[-1])):
                for at, new in flips(row[column], kinds[column], chance, whole=whole):
                    tried += 1
                    wanted = places(table, row, at) | places(table, {**row, column: new}, at)
                    if not named(table, column, row["ctid"], new) & wanted:
                        missed.append(f"{table}.{column}: {row[column]!r} as {new!r}")
    assert not missed, "\n".join(missed)
    assert tried > 700


def named(table: str, column: str, ctid: str, new: Any) -> set[int]:
    """The entries that the audit names when a value is another one."""
    point = transaction.savepoint()
    with connection.cursor() as cursor:
        order = f"UPDATE {table} SET {column} = %s WHERE ctid = %s"  # noqa: S608
        cursor.execute(order, [new, ctid])
        assert cursor.rowcount == 1
    said = audit_here().problems
    transaction.savepoint_rollback(point)
    found = [words.partition(":")[0].split() for words in said if words.startswith("entry ")]
    return {int(words[1]) for words in found}


def test_every_column_is_evidence_or_said_to_be_none(db: None) -> None:
    known = {table: set(kinds) for table, kinds in columns().items()}
    assert all(left <= known[table] for table, left in NO_EVIDENCE.items())
    document = (Path(__file__).parents[2] / "docs" / "threat-model.md").read_text()
    for table, left in NO_EVIDENCE.items():
        whole = left == known[table]
        for word in [f"`{table}`"] if whole else [f"`{table}.{column}`" for column in left]:
            assert word in document, f"docs/threat-model.md does not say that {word} is none"


@pytest.fixture
def copy(log: Sequencer, tmp_path: Path) -> Path:
    """An export that has grown, so that a partial tile of before lies there as well."""
    folder = tmp_path / "export"
    export(folder, lambda done, total: None)
    log.drain()
    export(folder, lambda done, total: None)
    return folder


def faults(folder: Path, vkey: str) -> set[int]:
    """The entries that the audit of a folder names; all of them where the checkpoint is refused."""
    read = copies.folder(folder)
    try:
        found = mirrors.audit(read, vkey, lambda done, total: None)
    except ProvenanceError:
        return set(range(1000))
    more = copies.strays(folder, found.checkpoint.size, read)
    return {fault.index for fault in [*found.faults, *more]}


def test_a_flipped_bit_in_any_file_of_an_export_is_named(
    log: Sequencer, copy: Path, chance: random.Random
) -> None:
    files = [path for path in copy.rglob("*") if path.is_file() and path.name != "index.html"]
    assert {path.relative_to(copy).parts[0] for path in files} == {"tile", "checkpoint", "vkey"}
    assert faults(copy, log.signer.vkey) == set()
    missed = []
    for path in files:
        if path.name == "vkey":
            continue
        sound = path.read_bytes()
        bits = range(8 * len(sound))
        for bit in bits if len(sound) < 300 else [bits[0], bits[-1], *chance.sample(bits, 100)]:
            data = bytearray(sound)
            data[bit // 8] ^= 1 << bit % 8
            path.write_bytes(data)
            name = path.relative_to(copy).as_posix()
            if not faults(copy, log.signer.vkey) & places_in(name, sound, bit // 8):
                missed.append((name, bit))
        path.write_bytes(sound)
    assert missed == []


def places_in(name: str, data: bytes, at: int) -> set[int]:
    """The entry to which a byte of an exported file belongs, or the first one of a file whose
    older, narrower copy it is.
    """
    if name == "checkpoint":
        return {0}
    tile = parse_path(name.removeprefix("tile/"))
    if tile.level is not None:
        below = WIDTH**tile.level
        return {(tile.n * WIDTH + at // 32) * below, tile.n * WIDTH * below}
    end, index = 0, tile.n * WIDTH - 1
    for entry in unbundle(data):
        index, end = index + 1, end + 2 + len(entry)
        if at < end:
            break
    return {index, tile.n * WIDTH}


def test_any_flipped_bit_of_a_receipt_spoils_it(
    log: Sequencer, settings: Settings, chance: random.Random
) -> None:
    """Each bit of the entry, the proof and the log's own signature; of the witnesses' long lines
    some, by which the receipt at least loses that it was witnessed.
    """
    policy = settings.LOG_WITNESS_POLICY
    text = with_entry(receipts.receipt(7)).encode()
    assert check_receipt(receipt_of(text.decode()), log.signer.vkey, policy).witnessed_at == NOON
    theirs = text.index(f"\n— {NORTH.name}".encode()) + 1
    bits = [*range(8 * theirs), *chance.sample(range(8 * theirs, 8 * len(text)), 200)]
    missed = []
    for bit in bits:
        data = bytearray(text)
        data[bit // 8] ^= 1 << bit % 8
        try:
            found = check_receipt(receipt_of(data.decode()), log.signer.vkey, policy)
        except (ProofRefused, UnicodeDecodeError):
            continue
        if bit < 8 * theirs or found.witnessed_at is not None:
            missed.append((bit // 8, bytes(data[max(bit // 8 - 20, 0) : bit // 8 + 20])))
    assert missed == []
