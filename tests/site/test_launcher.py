"""The launcher refuses with one sentence, restarts what falls, and leaves nothing behind."""

import errno
import io
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import namedtuple
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sora_archive.launcher import GIVE_UP_AFTER, GaveUp, Launcher
from sora_archive.launching import guard, gunicorn_settings
from sora_archive.launching.processes import Console, Running, Service, described
from sora_archive.launching.services import Place

ROOT = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_taken_port_is_named_with_a_way_out() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(guard.Refusal, match=f"Port {port} is taken.*PORT={port + 1}"):
            guard.reserve_port("127.0.0.1", port)


def test_a_port_beyond_the_last_is_refused() -> None:
    with pytest.raises(guard.Refusal, match="cannot listen"):
        guard.reserve_port("127.0.0.1", 70000)


def test_a_refused_request_is_logged_without_who_sent_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = logging.getLogger("gunicorn.error")
    assert gunicorn_settings.without_address in log.filters  # as gunicorn finds it
    for address in ("203.0.113.7", "2001:db8::7"):
        log.warning(f"Invalid request from ip={address}: Invalid HTTP Header: 'X'")
    assert "203.0.113.7" not in caplog.text
    assert "2001:db8" not in caplog.text
    assert caplog.text.count("Invalid request: Invalid HTTP Header: 'X'") == 2


def test_a_nearly_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(guard.Refusal, match="nearly full: 0 MB are free and 500 MB are needed"):
        guard.check_data(tmp_path)


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> io.BytesIO:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(guard.Refusal, match="is full"):
        guard.check_data(tmp_path)


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(guard.Refusal, match="cannot be used"):
        guard.check_data(tmp_path / "data")


def test_one_data_folder_has_one_launcher(tmp_path: Path) -> None:
    told = f"already running .process {os.getpid()}"
    with (
        guard.only_launcher(tmp_path / "run"),
        pytest.raises(guard.Refusal, match=told),
        guard.only_launcher(tmp_path / "run"),
    ):
        pass
    with guard.only_launcher(tmp_path / "run"):
        pass


def test_a_runtime_folder_somebody_else_put_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "theirs")
    with (
        pytest.raises(guard.Refusal, match="belongs to somebody else"),
        guard.only_launcher(tmp_path / "run"),
    ):
        pass


def _python(code: str, name: str = "worker", patience: float = 10.0) -> Service:
    command = [sys.executable, "-u", "-c", code]
    return Service(name, command, os.environ, stop_seconds=patience)


def _until(true: object, seconds: float = 20.0) -> None:
    assert callable(true)
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_services_words_stand_behind_its_name() -> None:
    said = io.StringIO()
    running = Running(_python("print('hello'); print('noise'); print()"), Console(said))
    running.process.wait()
    running.stop()
    assert said.getvalue() == "worker    | hello\nworker    | noise\n"


def test_hushed_words_are_left_out() -> None:
    said = io.StringIO()
    quiet = _python("print('hello'); print('noise')")
    running = Running(Service(**{**vars(quiet), "hushed": ("noise",)}), Console(said))
    running.process.wait()
    running.stop()
    assert said.getvalue() == "worker    | hello\n"


STUBBORN = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"])
print(child.pid)
child.wait()
"""


def test_stopping_a_stubborn_service_takes_its_children_along() -> None:
    said = io.StringIO()
    running = Running(_python(STUBBORN, patience=0.2), Console(said))
    _until(lambda: "\n" in said.getvalue())
    child = int(said.getvalue().split("|")[1])
    assert not running.stop()
    _until(lambda: not _alive(child))


def _alive(pid: int) -> bool:
    try:
        return Path("/proc", str(pid), "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _attend(launcher: Launcher) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        launcher.attend()
        time.sleep(0.01)


def test_a_service_that_keeps_falling_ends_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    monkeypatch.setattr("sora_archive.launcher.LONGEST_PAUSE", 0.0)
    launcher = Launcher(Place(tmp_path, "127.0.0.1", 1), Console(said))
    launcher._begin(_python("raise SystemExit(3)"))
    with pytest.raises(GaveUp, match="worker ended with exit status 3 for the 5th time"):
        _attend(launcher)
    assert said.getvalue().count("starting it again") == GIVE_UP_AFTER - 1


def test_how_a_process_ended_is_said_in_words() -> None:
    assert described(3) == "ended with exit status 3"
    assert described(-9) == "was ended by SIGKILL"


# --- the real thing -------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An archive of its own: folder, port, nothing inherited from the test run."""
    tmp_path.chmod(0o711)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "BROKER_", "SITE_", "GENERATION_", "LOG_", "ALLOWED_"))
    }
    data = tmp_path / "data"
    yield kept | {"DATA": str(data), "PORT": str(free_port()), "TORCH_THREADS": "1"}
    left = _processes_of(data)
    for process in left:
        os.kill(process, signal.SIGKILL)
    assert left == {}


def _launch(environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "manage.py", "launch"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )


def _wait_until_open(launcher: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 180
    while "the archive is at" not in (text := log.read_text(errors="replace")):
        assert launcher.poll() is None, text
        assert time.monotonic() < deadline, text
        time.sleep(0.1)


def _processes_of(data: Path) -> dict[int, str]:
    """Processes whose environment or arguments name the data folder, with their command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                line = (entry / "cmdline").read_bytes()
                told = line + (entry / "environ").read_bytes()
            except OSError:
                continue
            if line and os.fsencode(data) in told:
                found[int(entry.name)] = line.replace(b"\0", b" ").decode(errors="replace")
    return found


@pytest.mark.slow
def test_kill_9_leaves_nothing_and_the_next_start_keeps_the_data(
    place: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "first.log"
    first = _launch(place, log)
    _wait_until_open(first, log)
    with urllib.request.urlopen(f"http://127.0.0.1:{place['PORT']}/healthz", timeout=10) as answer:
        assert answer.status == 200
    vkey = _checkpoint_origin(place)
    first.kill()
    first.wait()
    _until(lambda: not _processes_of(Path(place["DATA"])))
    again = tmp_path / "second.log"
    second = _launch(place, again)
    _wait_until_open(second, again)
    assert "made a new PostgreSQL cluster" not in again.read_text()
    assert _checkpoint_origin(place) == vkey
    second.send_signal(signal.SIGINT)
    assert second.wait(60) == 0
    order = re.findall(r"^(?:archive\s+\| (stopping|stopped after))", again.read_text(), re.M)
    assert order == ["stopping", "stopped after"]
    assert "was killed" not in again.read_text()


def _checkpoint_origin(place: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c",
         "from provenance.vault import log_vkey; from django.conf import settings;"
         "print(log_vkey(settings.KEYS_DIR))"],
        cwd=ROOT, env=place, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.slow
def test_a_taken_port_ends_the_launcher_with_status_2(
    place: dict[str, str], tmp_path: Path
) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", int(place["PORT"])))
        taken.listen()
        log = tmp_path / "log"
        assert _launch(place, log).wait(60) == 2
    [line] = log.read_text().splitlines()
    assert f"Port {place['PORT']} is taken" in line
