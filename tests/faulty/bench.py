"""An archive of real processes on services of its own, and what has to hold of it in the end."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation import storage
from provenance import vault
from provenance.core import credentials, readings
from tests.faulty.services import (
    Database,
    Server,
    fill,
    running_broker,
    running_database,
    small_disk,
)
from tests.people import ADA
from tests.stack import Stack, slow_copy, wait_until

PROMPT = "a red circle moves left"
OUTCOME = {"done": "generated", "failed": "failed", "cancelled": "cancelled", "refused": "refused"}


@dataclass(frozen=True)
class Bench:
    """One archive, its broker and its database, and the folder that says where workers stand."""

    stack: Stack
    broker: Server
    database: Database
    faults: Path

    @property
    def media(self) -> Path:
        return self.stack.data / "media"

    def arm(self, *points: str) -> None:
        for point in points:
            (self.faults / point).touch()

    def stands(self, point: str) -> tuple[int, int, uuid.UUID] | None:
        """(process group, process, generation) of the worker that stands still there."""
        try:
            group, process, generation = (self.faults / f"{point}.reached").read_text().split()
        except FileNotFoundError:
            return None
        return int(group), int(process), uuid.UUID(generation)

    def standing(self, point: str) -> tuple[int, int, uuid.UUID]:
        found: tuple[int, int, uuid.UUID] = self.patiently(
            lambda: self.stands(point), f"a worker stands at {point}"
        )
        return found

    def let_go(self, point: str) -> None:
        (self.faults / f"{point}.reached").unlink()

    def patiently(self, true: Callable[[], Any], what: str) -> Any:
        try:
            return wait_until(true, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.stack.logs()}") from error

    def ask(self, count: int = 1) -> list[uuid.UUID]:
        return self.stack.ask_often(PROMPT, count)

    def drained(self) -> bool:
        return not self.stack.rows(
            "SELECT 1 FROM generation_generation WHERE state IN ('queued', 'running') LIMIT 1"
        )

    def drain(self) -> None:
        self.patiently(self.drained, "every generation has ended")

    def ended(self, *generations: uuid.UUID) -> list[str]:
        self.stack.wait_for_state(generations[0], *OUTCOME)
        for generation in generations:
            self.stack.wait_for_state(generation, *OUTCOME)
        return [self.stack.state(generation)[0] for generation in generations]

    def reasons(self, generation: uuid.UUID) -> tuple[str, str, str]:
        [(state, code, words)] = self.stack.rows(
            "SELECT state, reason_code, reason FROM generation_generation WHERE id = %s",
            generation,
        )
        return state, code, words

    def said(self, words: str) -> int:
        """How often workers have said so."""
        logs = self.stack.data.glob("worker-*.log")
        return sum(log.read_text(errors="replace").count(words) for log in logs)

    def full_disk(self) -> Path:
        return fill(self.media)

    def is_sound(self) -> int:
        """Nothing lost, nothing doubled, nothing half; how many generations that was said of."""
        self.patiently(self._logged, "every entry stands in the log")
        entries = self._entries()
        attempts = self.stack.rows(
            "SELECT g.attempt, g.state, g.tries, c.sha256 FROM generation_generation g "
            "LEFT JOIN generation_clip k ON k.generation_id = g.id "
            "LEFT JOIN verify_credential c ON c.id = k.credential_id"
        )
        assert {entry["attempt"] for entry in entries} == {attempt for attempt, *_ in attempts}
        for attempt, state, tries, sha256 in attempts:
            told = [entry for entry in entries if entry["attempt"] == attempt]
            assert told[0]["type"] == "attempt"
            assert [e["type"] for e in told if e["type"] in OUTCOME.values()] == [OUTCOME[state]]
            rendered = [entry["try"] for entry in told if entry["type"] == "rendered"]
            assert len(set(rendered)) == len(rendered)
            assert set(rendered) <= set(range(1, tries + 1))
            assert (sha256 is not None) == (state == "done")
            if sha256 is not None:
                self._is_whole(sha256)
        for file in self.media.glob("[0-9a-f][0-9a-f]/*"):
            assert storage.sha256_of(file) == file.name  # also one that no row names yet
        self.stack.must("auditlog")
        return len(attempts)

    def _is_whole(self, sha256: str) -> None:
        anchors = vault.anchors(self.stack.data / "keys")
        raw = credentials.read(self.media / sha256[:2] / sha256, anchors)
        assert raw is not None
        assert readings.reading(raw).state == "trusted"

    def _logged(self) -> bool:
        [(waiting,)] = self.stack.rows("SELECT count(*) FROM log_pending")
        return not waiting

    def _entries(self) -> list[dict[str, Any]]:
        rows = self.stack.rows("SELECT data FROM log_entry WHERE attempt != '' ORDER BY index")
        return [json.loads(bytes(data)) for (data,) in rows]


@contextmanager
def bench(data: Path, model: Path, broker: str) -> Iterator[Bench]:
    """Sequencer and sweep at work, ada can ask, no worker yet; clips lie on a disk of 4 MB."""
    with ExitStack() as closing:
        database = closing.enter_context(running_database(data))
        server = closing.enter_context(running_broker(broker, data / "broker"))
        closing.enter_context(small_disk(data / "media", "4m"))
        slow_copy(model, data / "models" / "quick", 3)
        faults = data / "faults"
        faults.mkdir()
        extra = {
            "DJANGO_SETTINGS_MODULE": "tests.faulty.settings",
            "FAULTS": str(faults),
            "GENERATION_ENGINE": "tests.generation.square.SquareEngine",
            "GENERATION_MODELS": str(data / "models" / "quick"),
            "GENERATION_MAX_IN_FLIGHT": "1000",
            "GENERATION_MAX_TRIES": "100",
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        }
        stack = Stack(data, database.url, server.url, extra)
        closing.callback(stack.stop)
        stack.must("migrate", "--verbosity", "0")
        stack.must("newkey", "--if-missing")
        stack.add(ADA)
        stack.start("sequencer", "sweep")
        yield Bench(stack, server, database, faults)
