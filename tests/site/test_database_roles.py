"""What each database role may do: whoever breaks into the site still cannot touch the log."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import override_settings

from provenance.core.records import EntryType
from provenance.log import outbox
from provenance.log.audit import audit
from provenance.log.sequencer import Sequencer
from sora_archive import database_roles, database_urls, embedded, embedded_postgres
from sora_archive.database_roles import RolesRefused
from sora_archive.database_urls import Addresses, addresses
from tests.provenance.log_cast import log_in, submit_attempt

# What others sign proves itself: the web role may add to it, and nobody may change it.
BY_OTHERS = ("log_cosignature", "log_anchor", "log_contradiction")
ADDED_TO = ("log_origin", "log_entry", "log_tile", "log_head", "log_checkpoint")
GUARDED = (*ADDED_TO, *BY_OTHERS)
COLUMN = {"log_origin": "origin", "log_entry": "data", "log_tile": "root", "log_head": "root",
          "log_checkpoint": "note", "log_cosignature": "line", "log_anchor": "token",
          "log_contradiction": "note"}  # fmt: skip

Role: TypeAlias = "psycopg.Connection[tuple[object, ...]]"
pytestmark = pytest.mark.django_db(transaction=True)


def url(role: str) -> str:
    server = settings.DATABASES["default"]
    return f"postgres://{role}@/{quote(server['HOST'], safe='')}/{server['NAME']}"


def three() -> Addresses:
    return Addresses(url(embedded.OWNER), url(embedded.SEQUENCER), url(embedded.WEB))


@pytest.fixture
def log(transactional_db: None, tmp_path: Path) -> Sequencer:
    """One entry in the log, one more in the outbox, and the rights given."""
    started = log_in(tmp_path)
    started.open()
    submit_attempt()
    started.step()
    submit_attempt()
    with database_roles.connect(three().owner) as owner:
        database_roles.grant(owner, three())
    return started


@pytest.fixture
def web(log: Sequencer) -> Iterator[Role]:
    with database_roles.connect(three().web) as role:
        yield role


@pytest.fixture
def sequencer(log: Sequencer) -> Iterator[Role]:
    with database_roles.connect(three().sequencer) as role:
        yield role


def denied(role: Role, order: str) -> None:
    try:
        role.execute(order.encode())
    except psycopg.errors.InsufficientPrivilege:
        return
    pytest.fail(f"{role.info.user} may do this: {order}")


CHANGES = [
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
    "DROP TABLE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER {table}_unchanged",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} OWNER TO CURRENT_USER",
    "DROP TRIGGER {table}_kept ON {table}",
    "CREATE RULE quiet AS ON DELETE TO {table} DO INSTEAD NOTHING",
    "GRANT ALL ON {table} TO PUBLIC",
]


@pytest.mark.parametrize("order", CHANGES)
def test_neither_web_nor_sequencer_changes_what_the_log_holds(
    web: Role, sequencer: Role, order: str
) -> None:
    for table in GUARDED:
        statement = order.format(table=table, column=COLUMN[table])
        if order.startswith("GRANT"):  # PostgreSQL answers with a warning and grants nothing
            for role in (web, sequencer):
                role.execute(statement.encode())
            granted = web.execute("SELECT has_table_privilege(%s, 'DELETE')", [table]).fetchone()
            assert granted == (False,)
            continue
        denied(web, statement)
        denied(sequencer, statement)


WEB_DENIED = [
    *(f"INSERT INTO {table} SELECT * FROM {table}" for table in ADDED_TO),  # noqa: S608
    "INSERT INTO log_mention VALUES ('x', 0)",
    "DELETE FROM log_mention",
    "DELETE FROM log_witness",
    "INSERT INTO log_heartbeat (id, beat_at, problem) VALUES (1, now(), '')",
    "DELETE FROM log_pending",
    "UPDATE log_pending SET data = data",
    "ALTER TABLE log_pending DISABLE TRIGGER log_pending_sealed",
    "DROP TRIGGER log_pending_sealed ON log_pending",
    "CREATE OR REPLACE FUNCTION log_pending_seal() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN NEW; END'",
    "UPDATE log_opening SET value = value",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION log_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN NEW; END'",
    "CREATE TABLE public.log_shadow ()",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "SET ROLE sora_archive",
    "DELETE FROM django_migrations",
]
SEQUENCER_DENIED = [
    "SELECT value FROM log_opening",
    "DELETE FROM log_opening",
    "INSERT INTO log_pending (ticket, data, created_at) VALUES (gen_random_uuid(), '', now())",
    "UPDATE log_pending SET seal = seal",
    "ALTER TABLE log_pending DISABLE TRIGGER ALL",
    "DROP FUNCTION log_pending_seal() CASCADE",
    "INSERT INTO log_cosignature (size, cosigner, at, line) VALUES (1, 'x', now(), 'x')",
    "INSERT INTO log_anchor (size) VALUES (1)",
    "INSERT INTO log_contradiction (size) VALUES (1)",
    "UPDATE log_witness SET size = 0",
    "DELETE FROM log_mention",
    "SELECT * FROM accounts_user",
    "SELECT * FROM generation_generation",
    "SET session_replication_role = replica",
    "SET ROLE sora_archive",
]


def test_what_the_web_role_is_denied_besides(web: Role) -> None:
    for order in WEB_DENIED:
        denied(web, order)


def test_the_sequencer_sees_neither_people_nor_openings(sequencer: Role) -> None:
    for order in SEQUENCER_DENIED:
        denied(sequencer, order)


def test_the_web_role_does_its_work(web: Role) -> None:
    web.execute("SELECT data FROM log_entry")
    web.execute("SELECT beat_at FROM log_heartbeat")
    web.execute(
        "INSERT INTO log_pending (ticket, data, created_at) VALUES (gen_random_uuid(), '', now())"
    )
    assert web.execute("DELETE FROM log_opening").rowcount == 6
    web.execute(
        "INSERT INTO log_cosignature (size, cosigner, at, line) VALUES (1, 'x', now(), 'x')"
    )
    web.execute("UPDATE accounts_user SET username = username")
    web.execute("DELETE FROM django_session")


def test_the_triggers_bind_the_owner_too(log: Sequencer) -> None:
    with database_roles.connect(three().owner) as owner:
        for table in GUARDED:
            denied(owner, f"TRUNCATE {table} CASCADE")
        for table in ("log_origin", "log_entry", "log_head", "log_checkpoint"):
            denied(owner, f"DELETE FROM {table}")  # noqa: S608


def test_site_and_sequencer_work_in_their_roles(log: Sequencer) -> None:
    """The very code of both, on connections that may do no more than they need."""
    with as_role(embedded.WEB), transaction.atomic():
        ticket = outbox.submit(EntryType.FAILED, {"attempt": "0" * 32, "reason": "internal"})
    with as_role(embedded.SEQUENCER):
        log.open()
        assert log.drain() == 2
    with as_role(embedded.WEB):
        assert outbox.index_of(ticket) == 2
        assert "entry 2: its attempt has no entry before it" in audit().problems


@contextmanager
def as_role(name: str) -> Iterator[None]:
    """Django's connection, as one of the roles."""
    before = connection.settings_dict["USER"]
    connection.close()
    connection.settings_dict["USER"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["USER"] = before


def test_a_web_role_that_owns_tables_is_refused(log: Sequencer) -> None:
    turned = Addresses(three().sequencer, three().web, three().owner)
    with (
        database_roles.connect(three().owner) as owner,
        pytest.raises(RolesRefused, match="an owner can do everything"),
    ):
        database_roles.grant(owner, turned)


@pytest.mark.slow
def test_createroles_makes_what_is_missing_and_hands_over(tmp_path: Path) -> None:
    """An archive that began with one role moves to three, with one command."""
    with embedded_postgres.running(tmp_path / "pg", tmp_path / "s", fsync=False) as cluster:
        host = quote(str(cluster.socket_dir), safe="")
        named = Addresses(*(f"postgres://{name}@/{host}/sora_archive" for name in
                            ("archive_owner", "archive_log", "sora_archive")))  # fmt: skip
        admin = f"postgres://postgres@/{host}/sora_archive"
        with database_roles.connect(named.web) as before:
            before.execute("CREATE TABLE log_entry (data bytea)")
        with override_settings(DATABASE_ADDRESSES=named):
            with pytest.raises(CommandError, match="archive_owner"):
                call_command("createroles")
            call_command("createroles", "--admin", admin)
            call_command("createroles")
        with database_roles.connect(named.web) as web:
            web.execute("SELECT data FROM log_entry")
            denied(web, "INSERT INTO log_entry VALUES ('')")
        with database_roles.connect(named.sequencer) as sequencer:
            sequencer.execute("INSERT INTO log_entry VALUES ('')")
        with cluster.connect() as superuser:
            superuser.execute("ALTER ROLE sora_archive SUPERUSER")
        with override_settings(DATABASE_ADDRESSES=named), pytest.raises(CommandError, match="supe"):
            call_command("createroles")


def test_one_role_alone_is_told_by_the_system_check() -> None:
    one = Addresses("postgres://a@/h/d", "postgres://a@/h/d", "postgres://a@/h/d")
    with override_settings(DATABASE_ADDRESSES=one):
        assert "sora_archive.W001" in {found.id for found in run_checks()}
        with pytest.raises(CommandError, match="Set DATABASE_URL"):
            call_command("createroles")
    with override_settings(DATABASE_ADDRESSES=three()):
        assert "sora_archive.W001" not in {found.id for found in run_checks()}


def test_which_address_a_process_uses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "OWNER_DATABASE_URL", "SEQUENCER_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    own = addresses(tmp_path)
    assert own.are_separate
    assert embedded.SEQUENCER in own.of("sequencer")
    monkeypatch.setenv("OWNER_DATABASE_URL", "postgres://o@/h/d")
    with pytest.raises(ImproperlyConfigured, match="go with DATABASE_URL"):
        addresses(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgres://w@/h/d")
    assert addresses(tmp_path).of("sequencer") == "postgres://o@/h/d"
    with pytest.raises(ImproperlyConfigured, match="not 'king'"):
        addresses(tmp_path).of("king")
    assert database_urls.ROLE_OF_COMMAND["migrate"] == "owner"
