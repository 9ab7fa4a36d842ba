"""What must be true before anything is started; each refusal is one sentence with a way on."""

import errno
import fcntl
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FREE_BYTES = 500 * 1024**2


class Refusal(Exception):
    """The archive cannot be started; the text says why and what to do."""


def check_data(data: Path) -> None:
    """Makes the data folder and refuses one that cannot be written to or is nearly full."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
    except OSError as error:
        raise Refusal(_unusable(data, error)) from error
    free = shutil.disk_usage(data).free
    if free < FREE_BYTES:
        raise Refusal(
            f"The disk of {data} is nearly full: {free // 1024**2} MB are free and "
            f"{FREE_BYTES // 1024**2} MB are needed. Free some, or choose another folder with "
            "DATA=…"
        )


def _unusable(data: Path, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk of {data} is full. Free some of it, or choose another folder with DATA=…"
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"The data folder {data} cannot be used ({reason}). Choose another with DATA=…"


@contextmanager
def only_launcher(runtime: Path) -> Iterator[None]:
    """Holds the lock of a data folder, which the kernel lets go of however this process ends."""
    _own_runtime(runtime)
    with (runtime / "launcher.lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise Refusal(
                f"This archive is already running (process {lock.read().strip() or 'unknown'}). "
                "Stop that one with Ctrl-C, or choose another folder and port with DATA=… PORT=…"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _own_runtime(runtime: Path) -> None:
    """Makes the folder of locks and sockets, which may lie in a folder where everybody writes.

    As root it may be passed through (not listed), because PostgreSQL runs as somebody else.
    """
    try:
        runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        if runtime.is_symlink() or runtime.stat().st_uid != os.geteuid():
            raise Refusal(
                f"{runtime} belongs to somebody else. Remove it, or choose another DATA=…"
            )
        runtime.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        raise Refusal(_unusable(runtime, error)) from error


def reserve_port(host: str, port: int) -> socket.socket:
    """A socket bound to the web server's address; it does not listen yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    reserved = socket.socket(family, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind((host, port))
        _refuse_shared(reserved)
    except (OSError, OverflowError) as error:
        reserved.close()
        raise Refusal(_no_port(host, port, error)) from error
    return reserved


def _refuse_shared(reserved: socket.socket) -> None:
    # SO_REUSEADDR lets two bind where neither listens yet; a trial listen tells at once.
    reserved.listen(1)


def _no_port(host: str, port: int, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return (
            f"Port {port} is taken by another program. Stop that one, or choose another port: "
            f"make demo PORT={port + 1}"
        )
    if number in {errno.EACCES, errno.EPERM}:
        return f"Port {port} is not open to this user. Choose one above 1023: make demo PORT=8000"
    return f"The web server cannot listen on {host}, port {port} ({error})."
