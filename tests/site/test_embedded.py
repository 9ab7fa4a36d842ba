"""Where the embedded services are found, and how PostgreSQL comes back after the worst."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import environ
import psycopg
import pytest

from sora_archive import embedded, embedded_postgres, lifeline
from sora_archive.embedded_postgres import EmbeddedError, running


@pytest.mark.parametrize("name", ["data", "My Data", "a+b", "100%", "ÉCOLE", "x@y:1"])
def test_the_url_survives_django_environ_whatever_the_folder_is_called(name: str) -> None:
    data = Path("/srv/Archive") / name
    found = environ.Env.db_url_config(embedded.postgres_url(data))
    assert found["HOST"] == f"/srv/Archive/{name}/run/pg"
    assert found["NAME"] == found["USER"] == "sora_archive"
    assert found["ENGINE"] == embedded.postgres_settings(data)["ENGINE"]


def test_a_deep_data_folder_gets_short_sockets_of_its_own() -> None:
    deep, deeper = Path("/srv") / ("d" * 90), Path("/srv") / ("d" * 91)
    for data in (deep, deeper):
        longest = embedded.postgres_dir(data) / ".s.PGSQL.5432"
        assert len(os.fsencode(longest)) <= 107
        assert embedded.runtime_dir(data).parent == Path("/tmp")  # noqa: S108
    assert embedded.runtime_dir(deep) != embedded.runtime_dir(deeper)


def test_the_longest_path_that_fits_is_not_moved() -> None:
    room = 107 - len(b"/run/pg/.s.PGSQL.5432")
    assert embedded.runtime_dir(Path("/" + "d" * (room - 1))).name == "run"
    assert embedded.runtime_dir(Path("/" + "d" * room)).name != "run"


@pytest.mark.slow
def test_postgres_knows_that_capital_accents_are_letters(tmp_path: Path) -> None:
    with running(tmp_path / "pg", tmp_path / "s", fsync=False) as cluster:
        with psycopg.connect(
            host=str(cluster.socket_dir), user="sora_archive", dbname="sora_archive"
        ) as site:
            assert site.execute("SELECT upper('é'), 'É' ILIKE 'é'").fetchone() == ("É", True)
        with cluster.connect() as superuser:
            superuser.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with (
        running(tmp_path / "pg", tmp_path / "s", fsync=False) as cluster,
        cluster.connect() as superuser,
    ):
        assert superuser.execute("SELECT answer FROM kept").fetchone() == (42,)


@pytest.mark.slow
def test_the_sites_role_is_no_superuser(tmp_path: Path) -> None:
    asked = "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = 'sora_archive'"
    with (
        running(tmp_path / "pg", tmp_path / "s", fsync=False) as cluster,
        cluster.connect() as superuser,
    ):
        row = superuser.execute(asked).fetchone()
    assert row == (False, True)


@pytest.mark.slow
def test_a_lock_file_that_names_somebody_elses_process_is_no_obstacle(tmp_path: Path) -> None:
    with running(tmp_path / "pg", tmp_path / "s", fsync=False) as cluster:
        lock = (tmp_path / "pg" / "postmaster.pid").read_text()
    account = cluster.account  # a process PostgreSQL may signal, which it would take for a server
    ids = {"uid": account.uid, "gid": account.gid} if account else {}
    stranger = subprocess.Popen(lifeline.wrapped(["sleep", "600"], **ids))
    try:
        stale = "\n".join([str(stranger.pid), *lock.split("\n")[1:]])
        (tmp_path / "pg" / "postmaster.pid").write_text(stale)
        (tmp_path / "s" / ".s.PGSQL.5432.lock").write_text(stale)
        with running(tmp_path / "pg", tmp_path / "s", fsync=False) as again:
            again.connect().close()
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.slow
def test_a_cluster_of_another_version_is_refused_with_words(tmp_path: Path) -> None:
    with running(tmp_path / "pg", tmp_path / "s", fsync=False):
        pass
    (tmp_path / "pg" / "PG_VERSION").write_text("12\n")
    with (
        pytest.raises(EmbeddedError, match="made by PostgreSQL 12"),
        running(tmp_path / "pg", tmp_path / "s", fsync=False),
    ):
        pass


def test_a_folder_of_other_files_is_not_taken_for_a_cluster(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "holiday.jpg").touch()
    with (
        pytest.raises(EmbeddedError, match="move it away"),
        running(tmp_path / "pg", tmp_path / "s", fsync=False),
    ):
        pass
    assert (tmp_path / "pg" / "holiday.jpg").exists()


def test_pg_bin_must_name_a_folder_of_programs(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="no program 'postgres'"):
        embedded_postgres.programs(str(tmp_path))


PARENT = """
import subprocess, sys
from sora_archive import lifeline
child = subprocess.Popen(lifeline.wrapped(["sleep", "600"]), start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


def test_kill_9_of_a_parent_takes_its_wrapped_child_along() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    watch = os.pidfd_open(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    ended, _, _ = select.select([watch], [], [], 10.0)
    os.close(watch)
    assert ended, "the child outlived its parent"


def test_a_child_whose_parent_is_gone_already_does_not_start() -> None:
    line = lifeline.wrapped(["echo", "started"])
    line[line.index("--") - 1] = "--parent=1"
    done = subprocess.run(line, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout == b""
