"""What stories of the statement begin with: a log, and a version that stands in it."""

from pathlib import Path

import pytest

from sora_archive.statement.models import Version
from tests.site.signatories import Log, make_version, started_log


@pytest.fixture
def log(db: None, tmp_path: Path) -> Log:
    """A log that takes up entries when it is asked to."""
    return started_log(tmp_path)


@pytest.fixture
def version(log: Log) -> Version:
    """The first version of the statement."""
    return make_version(log)
