"""Fixtures of the line's stories."""

import pytest


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A doorbell that notes which ids it was given, in place of a broker."""
    ids: list[str] = []
    monkeypatch.setattr("generation.tasks.send", ids.append)
    return ids
