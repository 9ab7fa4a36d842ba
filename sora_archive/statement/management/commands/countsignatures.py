"""`manage.py countsignatures`: how many have signed, from the log alone."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provenance.core import mirrors
from provenance.core.errors import ProvenanceError
from provenance.core.records import JSON
from provenance.core.tallies import FIELD, Tally
from provenance.log import outbox, reading
from provenance.log.management.commands._copies import (
    add_copy_arguments,
    copy_of,
    key_of,
    progress_bar,
)
from sora_archive.statement import counting

_SHOWN = 50


class Command(BaseCommand):
    """Exits 1 where the log contradicts itself, the pages, or the names beside it."""

    help = "Count the signatures of the statement anew from the log, here or in a copy of it."

    def add_arguments(self, parser: CommandParser) -> None:
        add_copy_arguments(parser, required=False)
        parser.add_argument(
            "--names", type=Path, help="names and salts as the site gives them, to be matched too"
        )

    def handle(self, *args: object, **options: Any) -> None:
        here = options["url"] is None and options["dir"] is None
        try:
            tally, problems = self._here() if here else self._of_copy(options)
        except (ProvenanceError, outbox.LogUnavailable) as error:
            raise CommandError(str(error)) from error
        for count in tally.counts:
            self.stdout.write(
                f"version {count.version} ({count.sha256}): {count.counted} count; {count.made} "
                f"made, {count.withdrawn} taken back, {count.invalid} invalidated"
            )
        self.stdout.write(f"from {tally.size} entries")
        if options["names"] is not None:
            problems += self._names(tally, options["names"])
        if here:
            problems += _differences(tally)
        self._conclude(problems)

    def _here(self) -> tuple[Tally, list[str]]:
        """Everything anew, without what the pages remember."""
        tally, size = Tally(), reading.signed_head()[0]
        problems = [
            f"entry {place}: {words}"
            for place, entry in reading.entries(0, size, counting.KINDS)
            for words in tally.take(place, entry)
        ]
        tally.size = size
        return tally, problems

    def _of_copy(self, options: Mapping[str, Any]) -> tuple[Tally, list[str]]:
        """While the whole copy is audited, so that only what its checkpoint signs is counted."""
        read, tally = copy_of(options), Tally()
        vkey = key_of(options, read, self.stderr)
        with progress_bar("entries", self.stderr) as progress:
            found = mirrors.audit(read, vkey, progress, tally.take)
        return tally, [str(fault) for fault in found.faults]

    def _names(self, tally: Tally, path: Path) -> list[str]:
        try:
            with path.open(encoding="utf-8") as lines:
                seen, problems = _matched(tally, lines)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}") from error
        self.stdout.write(f"{seen} names match their entries")
        return problems

    def _conclude(self, problems: list[str]) -> None:
        for problem in problems[:_SHOWN]:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{len(problems)} things disagree. The first: {problems[0]}")
        self.stdout.write("Everything agrees.")


def _matched(tally: Tally, lines: Iterable[str]) -> tuple[int, list[str]]:
    """How many lines open an entry that counts, each another one, and what the rest is."""
    seen: set[int] = set()
    problems = []
    for number, line in enumerate(lines, 1):
        place, salt, value = _line(line)
        if place in seen:
            problems.append(f"line {number}: entry {place} has a name already")
        elif not tally.opens(place, salt, value):
            problems.append(f"line {number}: this name is not that of entry {place}, or no longer")
        else:
            seen.add(place)
    return len(seen), problems


def _line(line: str) -> tuple[int, bytes, JSON]:
    try:
        found = json.loads(line)
        return int(found["entry"]), bytes.fromhex(found["salt"]), found[FIELD]
    except (ValueError, TypeError, KeyError, RecursionError):
        return -1, b"", None


def _differences(tally: Tally) -> Iterator[str]:
    shown = counting.numbers()
    for count in tally.counts:
        if (number := shown.pop(count.version, 0)) != count.counted:
            yield (
                f"version {count.version}: the pages show {number}, the log gives {count.counted}; "
                "an entry may be on its way, so count again"
            )
    for version, number in shown.items():
        yield f"version {version}: the pages show {number}, and the log does not know it"
