"""The demo loads the record that ships, and runs on without one."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from sora_archive import demo
from sora_archive.launcher import Launcher
from sora_archive.record.loading import SHIPPED
from sora_archive.record.models import Fact


def said_while_loading() -> list[str]:
    said: list[str] = []
    launcher = SimpleNamespace(console=SimpleNamespace(say=said.append))
    demo.load_record(cast(Launcher, launcher))
    return said


@pytest.mark.django_db
def test_the_demo_loads_the_record_once() -> None:
    assert said_while_loading() == [f"the record: {expected_lines()} lines added"]
    assert said_while_loading() == ["the record: 0 lines added"]
    assert Fact.objects.exists()


@pytest.mark.django_db
def test_a_demo_without_its_record_says_so_and_runs_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "SHIPPED", tmp_path / "gone.toml")
    [said] = said_while_loading()
    assert said.startswith("the record was not loaded: gone.toml cannot be read")


def expected_lines() -> int:
    text = SHIPPED.read_text(encoding="utf-8")
    return sum(line.startswith("[") and "." in line for line in text.splitlines())
