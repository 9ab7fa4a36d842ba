"""What an evaluation has seen so far, kept on disk: one that was stopped goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True)
class Notes:
    """Numbered records of several kinds, a line of JSON each.

    `model` names the weights they belong to, so that no other model is credited with them.
    """

    folder: Path
    model: str

    def complete(
        self, kind: str, count: int, make: Callable[[list[int]], Iterable[Record]]
    ) -> None:
        """Have records 0 to `count`; `make` is given the numbers that are missing, in order.

        Raises ValueError for a record with a field `clip`: there its number stands.
        """
        known = self._known(kind)
        missing = [number for number in range(count) if number not in known]
        for number, record in zip(missing, make(missing), strict=True):
            self._add(kind, number, record)

    def beginning(self, kind: str, count: int) -> list[Record]:
        """The records from 0 on, at most `count`, as far as none is missing."""
        known = self._known(kind)
        found: list[Record] = []
        while len(found) < count and len(found) in known:
            found.append(known[len(found)])
        return found

    def _path(self, kind: str) -> Path:
        return self.folder / f"seen-{self.model[:16]}-{kind}.jsonl"

    def _known(self, kind: str) -> dict[int, Record]:
        path = self._path(kind)
        if not path.exists():
            return {}
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]
        if len(whole) < len(lines):  # the last one was cut off when the run was stopped
            path.write_text("".join(whole), encoding="utf-8")
        records = [json.loads(line) for line in whole]
        return {record.pop("clip"): record for record in records}

    def _add(self, kind: str, number: int, record: Record) -> None:
        if "clip" in record:
            raise ValueError("the field clip of a record is its number")
        path = self._path(kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"clip": number, **record}) + "\n")
