"""A table that is read once, in step with the entries: only the row that comes next is held."""

from typing import Any

from . import binary


class InStep:
    """The rows of a query that is ordered by its first column, a place in the log."""

    def __init__(self, query: str) -> None:
        self._rows = binary.stream(query)
        self._next: tuple[Any, ...] | None = None
        self._begun = False
        self._strays: list[tuple[Any, ...]] = []

    def at(self, place: int) -> list[tuple[Any, ...]]:
        """The rows of a place; places must be asked for in rising order."""
        if not self._begun:
            self._begun = True
            self._step()
        while self._next is not None and self._next[0] < place:
            self._strays.append(self._next)
            self._step()
        found = []
        while self._next is not None and self._next[0] == place:
            found.append(self._next)
            self._step()
        return found

    def rest(self) -> list[tuple[Any, ...]]:
        """The rows whose place nobody asked for."""
        left = [self._next] if self._next is not None else []
        return [*self._strays, *left, *self._rows]

    def _step(self) -> None:
        self._next = next(self._rows, None)
