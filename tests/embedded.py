"""Starts a PostgreSQL of its own before Django reads its settings, so that tests need no service.

Loaded with `-p tests.embedded`. Under pytest-xdist only the controller starts it; the workers
inherit its address. TEST_DATABASE_URL names another server instead.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sora_archive import embedded_postgres

_closing = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Give this run a data folder and a database; both go when it ends."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    data = Path(tempfile.mkdtemp(prefix="sora-tests-"))
    _closing.callback(shutil.rmtree, data, ignore_errors=True)
    data.chmod(0o711)  # root hands PostgreSQL to another user, who must pass through
    for name in [
        name for name in os.environ if name.startswith(("DATABASE_", "BROKER_", "GENERATION_"))
    ]:
        del os.environ[name]
    os.environ |= {
        "DATA": str(data),
        "SITE_URL": "http://testserver",
        "ALLOWED_HOSTS": "testserver,localhost",
        "LOG_ALLOW_UNSAFE_FSYNC": "1",
        "TORCH_THREADS": "1",
        "DATABASE_URL": os.environ.get("TEST_DATABASE_URL") or _start_postgres(data),
    }


def _start_postgres(data: Path) -> str:
    sockets = data / "s"
    _closing.enter_context(embedded_postgres.running(data / "pg", sockets, fsync=False))
    return f"postgres://sora_archive@/{str(sockets).replace('/', '%2F')}/sora_archive"


@pytest.hookimpl(wrapper=True)
def pytest_unconfigure() -> Generator[None]:
    """Stop the database after everything else has let go of it."""
    try:
        yield
    finally:
        _closing.close()
