"""Mo exports the log as files, strangers mirror and audit them, and a forger is found out."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from provenance.core.mirrors import FileMissing
from provenance.core.notes import open_checkpoint
from provenance.core.tiles import split
from provenance.log import copies, export
from provenance.log.sequencer import Sequencer
from tests.provenance.log_cast import log_in, submit_many
from tests.provenance.test_log_audit import owner

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(transactional_db: None, tmp_path: Path) -> Sequencer:
    """A log of 300 entries."""
    started = log_in(tmp_path / "marks")
    started.open()
    grow(started, 300)
    return started


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "export"


def grow(log: Sequencer, count: int) -> None:
    submit_many(count)
    log.drain()


def exported(place: Path, *options: str) -> dict[str, bytes]:
    call_command("exportlog", str(place), *options)
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file() and path.name != "index.html"
    }


@pytest.fixture
def server(place: Path) -> Iterator[str]:
    """A plain web server over the export, as anybody could run it."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its own name
            pass

    place.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(place))) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def test_an_export_has_the_files_of_the_standard(log: Sequencer, place: Path) -> None:
    files = exported(place)
    assert files.keys() == {
        "checkpoint", "vkey", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1",
        "tile/entries/000", "tile/entries/001.p/44",
    }  # fmt: skip
    assert open_checkpoint(files["checkpoint"].decode(), log.signer.vkey).size == 300
    assert len(split(files["tile/0/001.p/44"])) == 44


def test_what_the_site_serves_is_what_is_exported(log: Sequencer, place: Path, client: Any) -> None:
    for path, data in exported(place).items():
        assert client.get(f"/log/{path}").content == data


def test_growing_keeps_what_readers_of_the_last_checkpoint_need(
    log: Sequencer, place: Path
) -> None:
    exported(place)
    grow(log, 20)
    assert {"tile/0/001.p/44", "tile/0/001.p/64"} <= exported(place).keys()
    grow(log, 300)
    kept = exported(place)
    assert {"tile/0/001.p/64", "tile/0/001", "tile/0/002.p/108"} <= kept.keys()
    assert "tile/0/001.p/64" not in exported(place)
    assert not (place / "tile/0/001.p").exists()
    call_command("auditlog", "--dir", str(place))


def test_only_what_is_new_is_written(log: Sequencer, place: Path) -> None:
    exported(place)
    full = place / "tile" / "entries" / "000"
    stamp = full.stat().st_mtime_ns
    grow(log, 1)
    exported(place)
    assert full.stat().st_mtime_ns == stamp
    full.write_bytes(b"damaged")
    exported(place)
    assert full.read_bytes() == b"damaged"
    exported(place, "--again")
    assert len(full.read_bytes()) > 100 * 256


def test_a_break_before_the_end_leaves_the_last_checkpoint(
    log: Sequencer, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = exported(place)["checkpoint"]
    grow(log, 500)

    def full_disk(folder: Path) -> None:
        raise OSError(28, "No space left on device", str(folder))

    monkeypatch.setattr(export, "_write_indexes", full_disk)
    with pytest.raises(CommandError, match="No space left"):
        exported(place)
    assert (place / "checkpoint").read_bytes() == before
    call_command("auditlog", "--dir", str(place), "--vkey", log.signer.vkey)


@pytest.mark.parametrize("what", ["other files", "another log", "a later state", "other history"])
def test_a_folder_of_something_else_is_left_alone(
    log: Sequencer, place: Path, what: str, tmp_path: Path
) -> None:
    place.mkdir()
    if what == "other files":
        (place / "letter.txt").write_text("dear ada")
    else:
        other = log.signer.name if what != "another log" else "other.example/log"
        size, root = (301, "A" * 43 + "=") if what == "a later state" else (300, "A" * 43 + "=")
        signer = type(log.signer)(other, log.signer.key)
        (place / "checkpoint").write_text(signer.sign(f"{other}\n{size}\n{root}\n"))
    words = {"a later state": "older than", "other history": "another history"}
    with pytest.raises(CommandError, match=words.get(what, "holds")):
        exported(place)
    assert not (place / "tile").exists()


def test_a_stranger_audits_over_http(
    log: Sequencer, place: Path, server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    exported(place)
    call_command("auditlog", "--url", server)
    said = capsys.readouterr()
    assert "300 of 300 entries" in said.out
    assert "Everything agrees." in said.out
    assert "The key comes from the copy itself" in said.err
    assert "300/300" in said.err  # the bar
    (place / "tile/entries/001.p/44").unlink()
    with pytest.raises(CommandError, match=r"entry 256: the bundle .* answers 404"):
        call_command("auditlog", "--url", server, "--vkey", log.signer.vkey)


def test_every_file_is_found_by_following_links(log: Sequencer, place: Path, server: str) -> None:
    """What `wget -r` does: from the first page along every link below it."""
    files, read = exported(place), copies.website(server)
    found: set[str] = set()
    todo = [""]
    while todo:
        page = todo.pop()
        links = [page + link for link in re.findall(r'href="([^"]+)"', read(page, 10**6).decode())]
        todo += [link for link in links if link.endswith("/")]
        found |= {link for link in links if not link.endswith("/")}
    assert found == files.keys()


@pytest.mark.slow
def test_wget_makes_a_mirror_that_passes(
    log: Sequencer, place: Path, server: str, tmp_path: Path
) -> None:
    """The very command of docs/log-format.md."""
    if not shutil.which("wget"):
        pytest.skip("wget is missing: make tools")
    files = exported(place)
    mirror = tmp_path / "mirror"
    line = ["wget", "-q", "-r", "-np", "-nH", "-P", str(mirror), "-e", "robots=off", server]
    subprocess.run([*line, "--no-proxy"], check=True, timeout=60)
    assert all((mirror / path).read_bytes() == data for path, data in files.items())
    call_command("auditlog", "--dir", str(mirror), "--vkey", log.signer.vkey)


def test_the_running_site_is_audited_like_a_mirror(
    log: Sequencer, live_server: LiveServer, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("auditlog", "--url", f"{live_server.url}/log/", "--vkey", log.signer.vkey)
    assert "300 of 300 entries" in capsys.readouterr().out


def test_the_drill_an_owner_edits_a_row_exports_and_is_caught(
    log: Sequencer, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As docs/log-format.md describes it: neither the database nor the export passes."""
    owner(
        "UPDATE log_entry SET data = replace(convert_from(data, 'UTF8'), 'abab', 'cdcd')::bytea"
        " WHERE index = 271"
    )
    exported(place)
    for where in (["--dir", str(place)], []):
        with pytest.raises(CommandError, match="The first: entry 271: its bytes"):
            call_command("auditlog", *where)


@pytest.mark.parametrize(
    ("path", "index"),
    [("tile/0/001.p/44", 256), ("tile/0/001.p/64", 256), ("tile/entries/001.p/44", 256)],
)
def test_a_flipped_bit_in_any_exported_file_is_named(
    log: Sequencer, place: Path, path: str, index: int
) -> None:
    exported(place)
    grow(log, 20)
    data = bytearray(exported(place)[path])
    data[3] ^= 4
    (place / path).write_bytes(data)
    with pytest.raises(CommandError, match=f"The first: entry {index}: "):
        call_command("auditlog", "--dir", str(place))


def test_a_flipped_bit_in_the_exported_key_is_told_by_whoever_has_the_key(
    log: Sequencer, place: Path
) -> None:
    exported(place)
    sound = (place / "vkey").read_bytes()
    for at in (0, len(sound) // 2, len(sound) - 1):
        data = bytearray(sound)
        data[at] ^= 1
        (place / "vkey").write_bytes(data)
        with pytest.raises(CommandError, match="its vkey file is damaged"):
            call_command("auditlog", "--dir", str(place), "--vkey", log.signer.vkey)


def test_files_that_belong_to_no_log_are_named(log: Sequencer, place: Path) -> None:
    exported(place)
    (place / "tile" / "0" / "extra").write_bytes(b"?")
    (place / "tile" / "0" / "009").write_bytes(bytes(8192))
    with pytest.raises(CommandError, match="1 things disagree"):
        call_command("auditlog", "--dir", str(place))


def test_the_monitor_follows_and_catches_a_second_history(
    log: Sequencer, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "seen"

    def monitor() -> str:
        call_command("monitorlog", "--dir", str(place), "--state", str(state))
        return capsys.readouterr().out

    exported(place)
    assert "300 entries. Kept for next time." in monitor()
    grow(log, 30)
    exported(place)
    assert "330 entries, which begin with the 300 seen before" in monitor()
    kept = state.read_bytes()
    forged = log.signer.sign(f"{log.signer.name}\n330\n{'A' * 43}=\n")
    (place / "checkpoint").write_text(forged)
    with pytest.raises(CommandError, match="does not begin with"):
        monitor()
    assert state.read_bytes() == kept
    [evidence] = tmp_path.glob("seen.contradiction-330-*")
    assert evidence.read_text() == forged


def test_the_monitor_says_what_it_cannot_use(log: Sequencer, place: Path, tmp_path: Path) -> None:
    state = tmp_path / "seen"
    with pytest.raises(CommandError, match="no vkey file"):
        call_command("monitorlog", "--dir", str(place), "--state", str(state))
    exported(place)
    state.write_text("something else")
    with pytest.raises(CommandError, match="holds no checkpoint of this log"):
        call_command("monitorlog", "--dir", str(place), "--state", str(state))


def test_a_busy_server_is_asked_again_and_a_strange_address_never() -> None:
    pauses: list[float] = []
    with pytest.raises(FileMissing, match="refused"):
        copies.website("http://127.0.0.1:9/", pauses.append)("checkpoint", 10)
    assert len(pauses) == copies.TRIES - 1
    for address in ("ftp://archive.example/", "file:///etc/passwd", "archive.example"):
        with pytest.raises(FileMissing, match="no address"):
            copies.website(address)


def test_a_file_larger_than_any_can_be_is_not_read(place: Path) -> None:
    place.mkdir()
    (place / "checkpoint").write_bytes(bytes(11))
    with pytest.raises(FileMissing, match="larger"):
        copies.folder(place)("checkpoint", 10)


def test_nothing_signed_nothing_exported(transactional_db: None, place: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM log_checkpoint")
        assert cursor.fetchone() == (0,)
    with pytest.raises(CommandError, match="no checkpoint yet"):
        exported(place)
