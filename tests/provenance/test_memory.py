"""A file of 500 MB goes through a real web server, which hardly notices."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks import memory
from tests import stack as stacks
from tests.stack import Stack, free_port

pytestmark = pytest.mark.slow


def test_500_mb_are_checked_in_less_than_64_mb(tmp_path: Path) -> None:
    with ExitStack() as closing:
        url = closing.enter_context(stacks.fresh_database(stacks.own_server()))
        port = free_port()
        extra = {"PORT": str(port), "SITE_URL": f"http://localhost:{port}", "TMPDIR": str(tmp_path)}
        web = Stack(tmp_path, url, "memory://", extra)
        closing.callback(web.stop)
        web.prepare()
        web.start("web")
        clip = memory.large_clip(tmp_path, tmp_path / "keys", 500 * memory.MEGABYTE)
        before = set(tmp_path.iterdir())
        found = memory.while_checking(web, port, clip)
        assert found.answer["state"] == "never_issued"
        assert found.answer["integrity"] == "holds"
        assert found.peak - found.idle < 64 * memory.MEGABYTE
        assert set(tmp_path.iterdir()) == before
