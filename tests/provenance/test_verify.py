"""Stories about the verify page and its command: what comes in, what is said, what stays behind."""

import io
import json
import os
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError
from django.test import Client, RequestFactory
from pytest_django import Settings

from provenance import vault
from provenance.core.readings import Reading
from provenance.core.verdicts import Trouble
from provenance.verify import child, reader, readers, views
from provenance.verify.management.commands.verify import Command
from provenance.verify.models import Credential
from provenance.verify.uploads import ENVELOPE_BYTES
from provenance.verify.words import in_words
from tests.assets import broken, strangers
from tests.core.clips import ATTEMPT, Archive, Signed, sha256_of
from tests.provenance.shelf import STANDINGS

FILE_NAME = "clip.mp4"


@pytest.fixture(scope="module")
def keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vault") / "keys"
    vault.ensure_keys(folder, "archive.test/log", datetime.now(UTC))
    return folder


@pytest.fixture(scope="module")
def clip(keys_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Signed:
    return Archive.of_vault(keys_dir).sign(tmp_path_factory.mktemp("clip"))


@pytest.fixture
def uploads(tmp_path: Path, keys_dir: Path, settings: Settings) -> Path:
    """The archive's keys are in use, and uploads go to a folder that can be looked into."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    settings.KEYS_DIR = keys_dir
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    readers.READERS.close()
    return folder


@pytest.fixture
def issued(db: None, uploads: Path, clip: Signed, settings: Settings) -> Credential:
    settings.VERIFY_CLIPS = "tests.provenance.shelf.standing_of"
    credential = Credential.objects.create(
        sha256=sha256_of(clip.data), size=len(clip.data), manifest_id=clip.embedded.manifest_id,
        signer_serial="1", attempt=ATTEMPT, rendered_index=1, generated_ticket=uuid.uuid4(),
        clip_id=uuid.uuid4(),
    )  # fmt: skip
    STANDINGS[credential.clip_id] = ("published", clip.path)
    return credential


class Page:
    """The verify page as a stranger's browser sees it."""

    def __init__(self, browser: Client) -> None:
        self.browser = browser

    def drop(self, data: bytes, name: str = FILE_NAME) -> tuple[int, str, str]:
        """Status, verdict and text after dropping a file on the page."""
        answer = self.browser.post("/verify/", {"file": SimpleUploadedFile(name, data)})
        verdict = answer.context.get("verdict") if answer.context else None
        return answer.status_code, verdict["verdict"] if verdict else "", answer.content.decode()


@pytest.fixture
def page(issued: Credential, client: Client) -> Page:
    return Page(client)


def test_the_page_asks_for_a_file(db: None, client: Client) -> None:
    answer = client.get("/verify/")
    assert answer.status_code == 200
    assert b'type="file"' in answer.content
    assert answer["Cache-Control"].startswith("max-age=0")


def test_an_issued_file_is_intact_and_leads_to_its_clip(page: Page, clip: Signed) -> None:
    status, verdict, text = page.drop(clip.data)
    assert (status, verdict) == (200, "intact")
    assert "intact clip of this archive" in text
    assert f"/clips/{Credential.objects.get().clip_id}/" in text


def test_one_flipped_bit_is_told(page: Page, clip: Signed) -> None:
    status, verdict, text = page.drop(broken.media_byte_flipped(clip.data))
    assert (status, verdict) == (200, "changed")
    assert "its bytes changed" in text
    assert "the video was changed" in text


def test_a_damaged_credential_of_ours_is_recognised(page: Page, clip: Signed) -> None:
    assert page.drop(broken.damaged_credential(clip.data))[:2] == (200, "changed")


def test_somebody_elses_clip_is_foreign(page: Page, tmp_path: Path) -> None:
    stranger = Archive("elsewhere.test").sign(tmp_path)
    assert page.drop(stranger.data)[:2] == (200, "foreign")


def test_a_stripped_clip_has_no_credential(page: Page, clip: Signed) -> None:
    status, verdict, text = page.drop(broken.stripped(clip.data))
    assert (status, verdict) == (200, "no_credential")
    assert "proves nothing" in text


@pytest.mark.parametrize(
    ("defect", "words"),
    [
        (broken.text, "no kind of file"),
        (broken.archive_file, "no kind of file"),
        (broken.cut_within_credential, "cut off"),
    ],
    ids=["text", "zip", "cut off"],
)
def test_what_cannot_be_read_is_told_why(
    page: Page, clip: Signed, defect: broken.Recipe, words: str
) -> None:
    status, verdict, text = page.drop(defect(clip.data))
    assert (status, verdict) == (422, "unreadable")
    assert words in text


def test_an_empty_file_is_told_to_be_empty(page: Page) -> None:
    status, _, text = page.drop(b"")
    assert status == 422
    assert "This file is empty" in text


def test_without_a_file_the_page_asks_again(issued: Credential, client: Client) -> None:
    answer = client.post("/verify/", {})
    assert answer.status_code == 422
    assert b"Choose a file to check." in answer.content


@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "..\\..\\x.mp4", "a\0b.mp4", "-rf.mp4", "x" * 300 + ".mp4", "…/🜁.mp4"],
)
def test_a_file_name_is_only_a_name(page: Page, clip: Signed, uploads: Path, name: str) -> None:
    assert page.drop(clip.data, name)[:2] == (200, "intact")
    assert list(uploads.iterdir()) == []


def test_markup_in_a_strangers_credential_stays_text(page: Page, tmp_path: Path) -> None:
    stranger = Archive("elsewhere.test")
    title = "<script>alert(1)</script>"
    signed = stranger.sign(tmp_path, stranger.facts(title=title))
    _, verdict, text = page.drop(signed.data)
    assert verdict == "foreign"
    assert title not in text
    assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize("defect", [broken.media_byte_flipped, broken.text, broken.empty])
def test_nothing_of_an_upload_stays_behind(
    page: Page, clip: Signed, uploads: Path, defect: broken.Recipe
) -> None:
    page.drop(defect(clip.data))
    assert list(uploads.iterdir()) == []


def test_a_request_over_the_limit_is_refused_before_it_is_read(
    db: None, settings: Settings, rf: RequestFactory
) -> None:
    class Unread(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("the body was read")

    settings.VERIFY_MAX_BYTES = 1000
    request = rf.post("/verify/", content_type="multipart/form-data; boundary=x")
    request.META["CONTENT_LENGTH"] = str(1001 + ENVELOPE_BYTES)
    request._stream = Unread()
    answer = views.upload(request)
    assert answer.status_code == 422
    assert "too large" in answer.content.decode()


def test_a_file_just_over_the_limit_is_refused(page: Page, settings: Settings) -> None:
    settings.VERIFY_MAX_BYTES = 1000
    status, _, text = page.drop(b"x" * 1001)
    assert status == 422
    assert "too large" in text


def test_a_post_without_the_forms_token_is_refused(issued: Credential, clip: Signed) -> None:
    stranger = Client(enforce_csrf_checks=True)
    answer = stranger.post("/verify/", {"file": SimpleUploadedFile(FILE_NAME, clip.data)})
    assert answer.status_code == 403


# The child.


def children() -> list[str]:
    """Readers that this process has started and that are still there."""
    return [
        status.parent.name
        for status in Path("/proc").glob("[0-9]*/stat")
        if parent_of(status) == os.getpid() and reads(status.parent.name)
    ]


def parent_of(status: Path) -> int:
    try:
        return int(status.read_text().rpartition(")")[2].split()[1])
    except OSError:  # it ended while we looked
        return 0


def reads(process: str) -> bool:
    """Whether a process is there and is a reader."""
    try:
        return b"provenance.verify.reader" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:  # it ended while we looked
        return False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cpu", "wall"), [(2, 30), (30, 2)], ids=["processor time", "time on the clock"]
)
def test_a_flood_of_boxes_is_cut_off_and_the_next_upload_is_served(
    page: Page, clip: Signed, settings: Settings, uploads: Path, cpu: int, wall: int
) -> None:
    settings.VERIFY_CPU_SECONDS, settings.VERIFY_WALL_SECONDS = cpu, wall
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    status, verdict, text = page.drop(broken.box_flood(b""))
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 5
    assert (status, verdict) == (422, "unreadable")
    assert "could not be read within the limits" in text
    killed = children()
    assert page.drop(clip.data)[:2] == (200, "intact")
    assert killed == []
    assert len(children()) == 1
    assert list(uploads.iterdir()) == []


def test_a_reader_serves_many_files_of_every_kind(page: Page, clip: Signed) -> None:
    """A file that it answered for, sound or damaged, is no reason to start another."""
    page.drop(clip.data)
    first = children()
    for defect in (broken.media_byte_flipped, broken.stripped, broken.damaged_credential,
                   broken.text, broken.cut_within_credential):  # fmt: skip
        page.drop(defect(clip.data))
    assert page.drop(clip.data)[:2] == (200, "intact")
    assert children() == first


def test_a_reader_goes_after_its_last_file_and_nobody_notices(
    page: Page, clip: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end can fall between two files, or while the next one is on its way."""
    with clip.path.open("rb") as stream:
        terms = readers.Terms((), readers.Limits())
        lone = readers.Readers()
        worker = lone._take(terms)
        for _ in range(reader.FILES_PER_READER):
            readers.answer(0, worker.ask(_rewound(stream)))
        monkeypatch.setattr(worker, "idle", lambda: True)
        lone._give_back(worker)
        assert isinstance(lone.ask(stream.fileno(), terms).found, Reading)
        lone.close()


def _rewound(stream: BinaryIO) -> int:
    stream.seek(0)
    return stream.fileno()


def test_a_change_of_the_limits_takes_effect_at_once(
    page: Page, clip: Signed, settings: Settings
) -> None:
    page.drop(clip.data)
    settings.VERIFY_MEMORY_BYTES = 50_000_000
    assert page.drop(clip.data)[:2] == (422, "unreadable")


def test_readers_go_when_the_site_is_killed(clip: Signed) -> None:
    """Nothing tells them but the end of their line."""
    script = (
        "import os,sys; from provenance.verify.readers import *;"
        "READERS.ask(os.open(sys.argv[1], os.O_RDONLY), Terms((), Limits()));"
        "print(READERS._idle[0]._process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, str(clip.path)], stdout=subprocess.PIPE, check=False
    )
    assert killed.returncode == -9
    wait_until(lambda: not reads(killed.stdout.decode().strip()))


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Ask again and again until it holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_reader_without_memory_is_an_answer_too(
    page: Page, clip: Signed, settings: Settings
) -> None:
    settings.VERIFY_MEMORY_BYTES = 50_000_000
    assert page.drop(clip.data)[:2] == (422, "unreadable")


@pytest.mark.parametrize(
    ("status", "output", "code"),
    [
        (-11, b"", "archive.file.reader"),
        (1, b"", "archive.file.reader"),
        (-24, b"", "archive.file.limits"),
        (-9, b"", "archive.file.limits"),
        (0, b"", "archive.file.reader"),
        (0, b"[]", "archive.file.reader"),
        (0, b'{"validator": "x", "reading": {"state": 1}}', "archive.file.reader"),
        (0, b'{"validator": "x", "reading": ' + b"[" * 100_000, "archive.file.reader"),
    ],
)
def test_whatever_becomes_of_the_reader_is_an_answer(status: int, output: bytes, code: str) -> None:
    found = readers.answer(status, output).found
    assert isinstance(found, Trouble)
    assert found.code == code


def test_the_reader_is_started_without_the_sites_secrets(
    db: None, uploads: Path, clip: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}
    start = subprocess.Popen

    def spy(arguments: list[str], **options: Any) -> subprocess.Popen[bytes]:
        seen.update(options)
        return start(arguments, **options)

    monkeypatch.setattr("provenance.verify.readers.subprocess.Popen", spy)
    monkeypatch.setenv("SECRET_KEY", "visible")
    assert child.check(clip.path).state == "never_issued"
    assert set(seen["env"]) == {"LANG", "RAYON_NUM_THREADS"}


def test_a_manifest_is_found_by_name_across_the_chunks_of_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "_CHUNK", 64)
    name = f"urn:c2pa:{uuid.uuid4()}"
    for before in range(20, 70):
        assert reader.mentions(io.BytesIO(b"." * before + name.encode() + b"." * 90)) == [name]


# The ledger.


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "wrong",
    [{"sha256": "A" * 64}, {"sha256": "ab"}, {"size": 0}, {"attempt": "x" * 32},
     {"manifest_id": "none"}],
)  # fmt: skip
def test_a_wrong_row_is_impossible(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {
        "sha256": "a" * 64, "size": 1, "manifest_id": "urn:c2pa:x", "signer_serial": "1",
        "attempt": ATTEMPT, "rendered_index": 0, "generated_ticket": uuid.uuid4(),
        "clip_id": uuid.uuid4(),
    }  # fmt: skip
    with pytest.raises(IntegrityError):
        Credential.objects.create(**right | wrong)


# The command.


def run(path: Path, *options: str) -> tuple[int, str]:
    """Exit status and output of `manage.py verify`."""
    output = io.StringIO()
    with pytest.raises(SystemExit) as stop:
        call_command("verify", str(path), *options, stdout=output)
    assert isinstance(stop.value.code, int)
    return stop.value.code, output.getvalue()


def test_the_command_says_0_for_an_intact_clip(issued: Credential, clip: Signed) -> None:
    status, output = run(clip.path, "--json")
    said = json.loads(output)
    assert status == 0
    assert list(said) == ["verdict", "bit_identical", "integrity", "signer", "log", "claims",
                          "failures", "validator"]  # fmt: skip
    assert (said["verdict"], said["bit_identical"]) == ("intact", True)
    assert said["signer"]["who"] == "archive"
    assert said["validator"].startswith("c2pa-rs ")


@pytest.mark.parametrize(
    ("defect", "status", "verdict"),
    [
        (broken.media_byte_flipped, 1, "changed"),
        (broken.free_box_appended, 1, "changed"),
        (broken.stripped, 1, "no_credential"),
        (broken.empty, 2, "unreadable"),
        (broken.text, 2, "unreadable"),
        (broken.cut_within_credential, 2, "unreadable"),
    ],
)
def test_the_command_says_1_for_readable_and_2_for_unreadable_files(
    issued: Credential, clip: Signed, tmp_path: Path, defect: broken.Recipe, status: int,
    verdict: str,
) -> None:  # fmt: skip
    path = tmp_path / "broken.mp4"
    path.write_bytes(defect(clip.data))
    code, output = run(path, "--json")
    assert (code, json.loads(output)["verdict"]) == (status, verdict)


def test_the_command_says_3_when_nothing_was_checked(
    issued: Credential, clip: Signed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError) as missing:
        call_command("verify", str(tmp_path / "none.mp4"))
    assert missing.value.returncode == 3

    def no_database(*_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("provenance.verify.ledger.knows", no_database)
    with pytest.raises(CommandError) as lost:
        call_command("verify", str(clip.path))
    assert lost.value.returncode == 3


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--what"]])
def test_wrong_arguments_mean_that_nothing_was_checked(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        Command().run_from_argv(["manage.py", "verify", *arguments])
    assert stop.value.code == 3
    assert "usage" in capsys.readouterr().err


def test_the_words_for_a_terminal_hold_no_control_characters(
    issued: Credential, tmp_path: Path
) -> None:
    """A title can hold an escape sequence that would repaint the reader's terminal."""
    path = strangers.titled(tmp_path, "\x1b[2J\x1b[Hintact\nVerdict: intact")
    status, output = run(path)
    assert status == 1
    assert "\x1b" not in output
    assert "\nVerdict: intact" not in output
    assert in_words(child.check(path)) + "\n" == output
