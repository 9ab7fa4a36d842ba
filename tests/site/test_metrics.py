"""Numbers for a monitor, and lines of the log that bear their generation."""

import json
import logging
from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from generation import telling
from generation.models import Generation, State
from sora_archive.accounts.models import User
from sora_archive.logs import JsonLine, Line
from tests.site.hanging import hang


def numbers(page: bytes) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


@pytest.mark.django_db
def test_there_are_no_metrics_until_a_token_is_set(client: Client, settings: Any) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "copper-kettle"
    assert client.get("/metrics").status_code == 403
    wrong = {"Authorization": "Bearer tin-kettle"}
    assert client.get("/metrics", headers=wrong).status_code == 403


@pytest.mark.django_db
def test_metrics_tell_what_waits(client: Client, settings: Any, ada: User) -> None:
    settings.METRICS_TOKEN = "copper-kettle"
    for _ in range(2):
        done = hang(ada).generation
        Generation.objects.filter(pk=done.pk).update(
            state=State.QUEUED, outcome_ticket=None, finished_at=None
        )
    hang(ada)
    found = numbers(
        client.get("/metrics", headers={"Authorization": "Bearer copper-kettle"}).content
    )
    assert found["sora_generations_open", "untrained-test", "queued"] == 2
    assert found["sora_generations_oldest_seconds", "untrained-test", "queued"] >= 0
    assert found[("sora_log_entries",)] == 0
    assert found[("sora_log_pending",)] == 0


def record(message: str) -> logging.LogRecord:
    return logging.LogRecord("generation.line", logging.INFO, "line.py", 1, message, None, None)


def test_every_line_bears_its_generation() -> None:
    with telling.about("0b5e"):
        told = json.loads(JsonLine().format(record("claimed")))
        plain = Line("%(message)s").format(record("claimed"))
        once = Line("%(message)s").format(record("generation 0b5e claimed"))
    assert (told["generation"], told["message"], told["level"]) == ("0b5e", "claimed", "INFO")
    assert told["time"].endswith("+00:00")
    assert (plain, once) == ("claimed [0b5e]", "generation 0b5e claimed")
    assert "generation" not in json.loads(JsonLine().format(record("idle")))
