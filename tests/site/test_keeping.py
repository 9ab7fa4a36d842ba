"""The drill: an archive is backed up, lost and restored; an old backup is noticed and mended."""

import json
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest
from django.conf import settings

from sora_archive import embedded, embedded_postgres
from sora_archive.keeping import backup
from tests import stack as stacks
from tests.generation.test_forgotten import PROMPT, carried_out, erase, everything, made
from tests.people import ADA
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def lost(closing: ExitStack, tmp_path_factory: pytest.TempPathFactory, model_card: Path) -> Stack:
    """An archive at work, on a database of its own."""
    return stack_in(closing, tmp_path_factory.mktemp("lost"), model_card)


def stack_in(closing: ExitStack, data: Path, model_card: Path, *, empty: bool = False) -> Stack:
    server = settings.DATABASES["default"]
    admin = f"postgres://{server['USER']}@/postgres?host={server['HOST']}"
    broker_url, _ = closing.enter_context(stacks.broker(data))
    url = closing.enter_context(stacks.fresh_database(admin))
    engine = "tests.generation.square.SquareEngine"
    models = {"GENERATION_MODELS": str(model_card), "GENERATION_ENGINE": engine}
    stack = Stack(data, url, broker_url, models)
    closing.callback(stack.stop)
    if not empty:
        stack.prepare()
        stack.add(ADA)
        stack.start("sequencer", "sweep", "worker")
    return stack


def entries(stack: Stack) -> int:
    return int(stack.rows("SELECT count(*) FROM log_entry")[0][0])


def settled(stack: Stack) -> int:
    """How many entries the log has once nothing waits any more."""
    signed = "SELECT count(*) FROM log_pending UNION ALL SELECT max(size) FROM log_checkpoint"
    wait_until(lambda: stack.rows(signed) == [(0,), (entries(stack),)], "all entries are signed")
    return entries(stack)


def test_an_old_backup_is_noticed_mended_and_made_to_forget_again(
    lost: Stack, closing: ExitStack, tmp_path_factory: pytest.TempPathFactory, model_card: Path
) -> None:
    clip = made(lost)
    old_size = settled(lost)
    old, keys = lost.data / "old", tmp_path_factory.mktemp("keys") / "k"
    said = lost.must("backup", str(old), "--keys", str(keys))
    assert f"{old_size} log entries" in said
    assert "something already" in lost.manage("backup", str(old)).stderr

    # A file that was altered on the disk is named, and neither backed up nor deleted.
    file = lost.data / "media" / clip.sha256[:2] / clip.sha256
    sound = file.read_bytes()
    file.write_bytes(sound + b"x")
    for command, words in ((("backup", str(lost.data / "holed")), clip.sha256),
                           (("fixity",), f"altered: {clip.sha256}")):  # fmt: skip
        told = lost.manage(*command)
        assert told.returncode != 0
        assert words in told.stderr
    assert file.exists()
    wait_until(lambda: lost.rows("SELECT 1 FROM log_entry WHERE kind = 'fixity'"), "it is logged")
    file.write_bytes(sound)

    # After the backup: something is erased, the log grows, somebody mirrors it.
    erase(lost, [clip], "prompt")
    wait_until(lambda: carried_out(lost), "the file is redacted")
    new_size = settled(lost)
    mirror = lost.data / "mirror"
    lost.must("exportlog", str(mirror))
    lost.stop()

    new = stack_in(closing, tmp_path_factory.mktemp("found"), model_card, empty=True)
    kept = old / "media" / clip.sha256[:2] / clip.sha256
    kept.write_bytes(b"somebody else's")
    damaged = new.manage("restore", str(old))
    assert damaged.returncode != 0
    assert "missing or damaged" in damaged.stderr
    assert new.rows("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    shutil.rmtree(new.data / "media")
    kept.write_bytes(sound)
    restored = new.manage(
        "restore", str(old), "--keys", str(keys), "--seen", str(mirror / "checkpoint")
    )
    assert restored.returncode == 0, restored.stderr
    assert f"{new_size} entries were signed already" in restored.stderr
    assert "importlog" in restored.stderr

    # The sequencer refuses to sign a second history, and says how to go on.
    refused = new.manage("sequencer")
    assert refused.returncode != 0
    assert f"has {old_size} entries, but {new_size} were already signed" in refused.stderr
    assert "importlog" in refused.stderr
    new.must("importlog", "--dir", str(mirror))
    assert entries(new) == new_size
    new.start("sequencer", "worker", "sweep")
    new.must("auditlog")

    # The restored rows know the prompt again, until the list of erasures is gone through.
    assert PROMPT in str(new.rows("SELECT prompt FROM generation_generation"))
    assert "0 erasures" in new.must("erase", "--again")
    shutil.copyfile(lost.data / "log" / "erasures", new.data / "log" / "erasures")
    assert "1 erasures" in new.must("erase", "--again")
    wait_until(lambda: carried_out(new), "the restored file is redacted")
    settled(new)
    assert everything(new, {"prompt": PROMPT, "salt": clip.salts["prompt"]}) == []
    new.must("auditlog")
    new.must("fixity")

    # Nothing is written over.
    again = new.manage("restore", str(old))
    assert again.returncode != 0
    assert "has tables already" in again.stderr


def test_the_embedded_archive_is_woken_backed_up_and_restored(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    first, second = tmp_path / "first", tmp_path / "second"
    with ExitStack() as closing:
        sleeping = embedded_stack(first)
        with awake(first):
            sleeping.must("migrate", "--verbosity", "0")
            sleeping.must("createroles")
            sleeping.must("newkey", "--if-missing")
            closing.callback(sleeping.stop)
            sleeping.start("sequencer")
            sleeping.must("fixity")
            sleeping.add(ADA)
            size = "from provenance.log.receipts import signed_size as s; print('size', s())"
            wait_until(
                lambda: "size 1" in sleeping.must("shell", "-c", size), "its entry is signed"
            )
            sleeping.stop()
        kept, keys = tmp_path / "backup", tmp_path / "keys"
        said = sleeping.must("backup", str(kept), "--keys", str(keys))
        assert "1 log entries" in said
        assert json.loads((kept / "manifest.json").read_text())["entries"] == 1
        assert not any("key" in path.name for path in kept.rglob("*"))
        restored = embedded_stack(second)
        restored.must("restore", str(kept), "--keys", str(keys))
        # What mends and checks a log wakes the database too: its archive may be unable to start.
        assert "1 entries" in restored.must("auditlog")
        assert "No row of the outbox" in restored.must("mendoutbox")
        mirror = tmp_path / "mirror"
        assert "has 1 entries now" in restored.must("exportlog", str(mirror))
        told = restored.manage("importlog", "--dir", str(mirror))
        assert "there is nothing to take from it" in " ".join(told.stderr.split())
        with awake(second):
            assert "ada" in restored.must(
                "shell", "-c",
                "from django.contrib.auth import get_user_model as people;"
                "print(people().objects.get().username)",
            )  # fmt: skip
        assert (second / "keys" / "secret-key").read_bytes() == (
            first / "keys" / "secret-key"
        ).read_bytes()


def embedded_stack(data: Path) -> Stack:
    data.mkdir(exist_ok=True, mode=0o711)
    return Stack(data, "", "", {"OWNER_DATABASE_URL": "", "SEQUENCER_DATABASE_URL": ""})


def awake(data: Path) -> AbstractContextManager[embedded_postgres.Cluster]:
    return embedded_postgres.running(data / "pg", embedded.postgres_dir(data), fsync=False)


def test_backups_rotate_and_nothing_else_goes(tmp_path: Path) -> None:
    for day, whole in (("2020-01-01T000000Z", True), ("2020-01-02T000000Z", False)):
        (folder := tmp_path / day).mkdir()
        if whole:
            write_manifest(folder, "2020-01-01T00:00:00Z")
    write_manifest(fresh := backup.folder_in(tmp_path), "2999-01-01T00:00:00Z")
    assert [path.name for path in backup.rotate(tmp_path)] == ["2020-01-01T000000Z"]
    assert fresh.exists()
    assert (tmp_path / "2020-01-02T000000Z").exists()


def write_manifest(folder: Path, at: str) -> None:
    folder.mkdir(exist_ok=True)
    plain = {"schema": 1, "made_at": at, "version": "0", "entries": 1, "checkpoint": "", "vkey": "",
             "database_sha256": "", "files": {}}  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(plain))
