"""One bit flips, anywhere: in each column of the log's tables, in each file of its export, in a
receipt. It is found to be damaged, and its place is named.

The tables are damaged inside one transaction whose constraints and guards have been taken away, as
a disk would do it, and looked at there by the audit itself.
"""

import io
import random
import re
import struct
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pytest_django import Settings

from provenance.core.notes import Checkpoint
from provenance.core.policies import parse_policy
from provenance.core.proofs import ProofRefused, check_receipt, receipt_of, with_entry
from provenance.core.records import EntryType
from provenance.core.tiles import WIDTH, parse_path, unbundle
from provenance.log import anchoring, cosigning, gossip, outbox, receipts, seals, sequencer
from provenance.log.anchoring import Authorities
from provenance.log.audit import audit_here
from provenance.log.export import export
from provenance.log.models import Witness
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

CLIP, HASH = "7f3a0d52-93a4-4c5e-8d7e-1f0c2b6a9e11", "ab" * 32
POLICY = f"""\
witness north {NORTH.vkey} https://north.example/
witness south {SOUTH.vkey} https://south.example/
group all all north south
quorum all
"""
_PLACE = re.compile(r"entry \d+(?=[: ])|row -?\d+(?= of the outbox)|a row of log_heartbeat")
SAMPLES = 12  # of the bits of a long value
# In microseconds since 2000: 4714 BC, and the year 294277.
_FIRST_TIME, _NO_TIME = -211813488000000000, 9223371331200000000


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
    sequencer._beat("The database may lose what it has confirmed.")
    Witness.objects.filter(cosigner=SOUTH.vkey).update(problem="It does not answer.")
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


@pytest.fixture
def as_bytes(django_db_setup: None) -> Iterator[None]:
    """Lets a text be any bytes, as on a disk: only a superuser can have the database do so."""
    server = connection.settings_dict
    with psycopg.connect(
        host=server["HOST"], user="postgres", dbname=server["NAME"], autocommit=True
    ) as superuser:
        superuser.execute("CREATE CAST (bytea AS text) WITHOUT FUNCTION")
        yield
        superuser.execute("DROP CAST (bytea AS text)")


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
    """All rows of a table, each with the entry, or the row that waits, to which it belongs."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.ctid, t.*, e.index AS entry, p.id AS waits FROM {table} t"  # noqa: S608
            f" LEFT JOIN log_entry e ON e.ticket = {ticket_of(table)}"
            f" LEFT JOIN log_pending p ON p.ticket = {ticket_of(table)}"
        )
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def ticket_of(table: str) -> str:
    return "t.ticket" if "ticket" in columns()[table] else "NULL"


def places(table: str, row: Mapping[str, Any], at: int) -> set[str]:
    """What a complaint about a row may name; `at` is the byte within a tile."""
    match table:
        case "log_pending":
            return {f"row {row['id']}"}
        case "log_heartbeat":
            return {"a row of log_heartbeat"}
        case "log_origin":
            found = {0}
        case "log_tile":
            below = WIDTH ** row["level"]
            found = {row["n"] * WIDTH * below + at // 32 * below, row["n"] * WIDTH * below}
        case "log_entry" | "log_openattempt" | "log_mention":
            found = {row["index"]}
        case "log_opening" if row["entry"] is None:
            return {f"row {row['waits']}"}
        case "log_opening":
            found = {row["entry"]}
        case "log_anchor":
            found = {row["entry"], row["size"] - 1}
        case _:
            found = {max(row["size"] - 1, 0)}
    return {f"entry {index}" for index in found}


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
            data, turned = seals.sent(value), _time
        case "bytea":
            data, turned = bytes(value), bytes
        case _:
            data, turned = value.encode(), bytes
    bits = list(range(8 * len(data)))
    if not whole or len(data) > 8 or kind.startswith("time"):
        bits = [bits[0], bits[-1], *chance.sample(bits, min(SAMPLES, len(bits)))]
    for bit in bits:
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        if (new := turned(bytes(changed))) is not None:
            yield bit // 8, new


def _time(data: bytes) -> int | None:
    """Microseconds since 2000; None where the database itself has no such time."""
    (found,) = struct.unpack(">q", data)
    return found if _FIRST_TIME <= found < _NO_TIME else None


# How the database takes such a value. A text may be any bytes: as_bytes.
SET = {
    "timestamp with time zone": (
        "timestamptz '2000-01-01 00:00:00+00' + make_interval(secs => %s / 1000000)"
        " + %s %% 1000000 * interval '1 microsecond'"
    ),
    "text": "%s::bytea::text",
    "character varying": "%s::bytea::text",
}


def test_a_flipped_bit_in_any_column_of_any_table_is_named(
    as_bytes: None, log: Sequencer, chance: random.Random
) -> None:
    assert audit_here().problems == []
    known = columns()
    unguard()
    missed, tried = [], 0
    for table, kinds in known.items():
        for column, kind in sorted(kinds.items()):
            there = [row for row in rows(table) if row[column] not in {None, ""}]
            assert there, f"no row has a {table}.{column}"
            for whole, row in ((True, there[0]), (False, there[-1])):
                for at, new in flips(row[column], kind, chance, whole=whole):
                    tried += 1
                    # A number is what a complaint may go by: it names the old one or the new one.
                    wanted = places(table, row, at) | places(table, {**row, column: new}, at)
                    if not named(table, column, kind, row["ctid"], new) & wanted:
                        missed.append(f"{table}.{column}: {row[column]!r} as {new!r}")
    assert not missed, "\n".join(missed)
    assert tried > 1200


def named(table: str, column: str, kind: str, ctid: str, new: Any) -> set[str]:
    """What the audit names when a value is another one: entries, rows that wait, tables."""
    point = transaction.savepoint()
    with connection.cursor() as cursor:
        value = SET.get(kind, "%s")
        cursor.execute(
            f"UPDATE {table} SET {column} = {value} WHERE ctid = %s",  # noqa: S608
            [*[new] * value.count("%s"), ctid],
        )
        assert cursor.rowcount == 1
    said = audit_here().problems
    transaction.savepoint_rollback(point)
    found = (_PLACE.match(words) for words in said)
    return {place[0] for place in found if place}


@pytest.fixture
def copy(log: Sequencer, tmp_path: Path) -> Path:
    """An export that has grown, so that a partial tile of before lies there as well."""
    folder = tmp_path / "export"
    export(folder, lambda done, total: None)
    log.drain()
    export(folder, lambda done, total: None)
    return folder


def faults(folder: Path, vkey: str) -> set[int]:
    """The entries that the audit of a folder names; all of them where it is no copy of the log."""
    said = io.StringIO()
    try:
        call_command("auditlog", "--dir", str(folder), "--vkey", vkey, stderr=said, stdout=said)
    except CommandError as error:
        if str(error).startswith("entry 0 and all after it: "):
            return set(range(1000))
        return {int(index) for index in re.findall(r"^entry (\d+): ", said.getvalue(), re.M)}
    return set()


def test_a_flipped_bit_in_any_file_of_an_export_is_named(
    log: Sequencer, copy: Path, chance: random.Random
) -> None:
    files = [path for path in copy.rglob("*") if path.is_file()]
    names = {path.relative_to(copy).parts[0] for path in files}
    assert names == {"tile", "checkpoint", "vkey", "index.html"}
    assert faults(copy, log.signer.vkey) == set()
    missed = []
    for path in files:
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
    if name in {"checkpoint", "vkey"}:
        return {0}
    if name.endswith("/index.html") or name == "index.html":
        return {WIDTH if "001.p" in name else 0}
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
