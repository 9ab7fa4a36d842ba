"""What was erased, in a file outside the database, so that a restored backup can forget it again.

A line an erasure: the attempt's random name, what was erased, by which role and why. No value, no
name and no salt is in it: all of it stands in the public log as well.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from provenance.log.files import write_whole

from .errors import BadList
from .models import Act

NAME = "erasures"


@dataclass(frozen=True)
class Erased:
    """One erasure, by the names of the log."""

    attempt: str
    kind: str
    by: str
    reason: str


def place() -> Path:
    """Where the list lies: beside the high-water mark, apart from the database."""
    folder: Path = settings.DATA / "log"
    return folder / NAME


def note() -> None:
    """Bring the list up to date; what a restored database does not know of stays in it."""
    known = list(read(place()))
    acts = Act.objects.filter(kind__in=Act.ERASURES).select_related("generation").order_by("id")
    told = {(each.attempt, each.kind) for each in known}
    new = [
        Erased(act.generation.attempt, act.kind, act.by, act.reason)
        for act in acts.iterator()
        if (act.generation.attempt, act.kind) not in told
    ]
    if new:
        place().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(place(), _text([*known, *new]))


def copy_to(target: Path) -> None:
    """The list as it is now, into a backup."""
    note()
    write_whole(target, _text(list(read(place()))))


def read(path: Path) -> Iterator[Erased]:
    """The erasures of a list; none where there is no such file. Raises BadList for another."""
    if not path.exists():
        return
    try:
        for line in path.read_text().splitlines():
            yield Erased(**json.loads(line))
    except (ValueError, TypeError, UnicodeDecodeError) as error:
        raise BadList(f"{path} is no list of erasures.") from error


def merge(path: Path) -> None:
    """Take the lines of another list over into this archive's own."""
    own = list(read(place()))
    told = {(each.attempt, each.kind) for each in own}
    new = [each for each in read(path) if (each.attempt, each.kind) not in told]
    if new:
        place().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(place(), _text([*own, *new]))


def _text(erasures: list[Erased]) -> bytes:
    return "".join(f"{json.dumps(asdict(each), sort_keys=True)}\n" for each in erasures).encode()
