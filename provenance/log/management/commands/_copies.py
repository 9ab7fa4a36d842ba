"""What the commands that read a copy of the log share: where it lies, and under which key."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper
from tqdm import tqdm

from provenance.core.errors import ProvenanceError
from provenance.core.mirrors import Read
from provenance.log import copies

_KEY_LIMIT = 1000


def add_copy_arguments(parser: CommandParser, *, required: bool) -> None:
    """--url or --dir, and --vkey."""
    place = parser.add_mutually_exclusive_group(required=required)
    place.add_argument("--url", help="address of the log or of a mirror, such as https://…/log/")
    place.add_argument("--dir", type=Path, help="folder of an export or of a mirror")
    parser.add_argument(
        "--vkey", help="the log's public key, from elsewhere; default: what the copy says"
    )


def copy_of(options: Mapping[str, Any]) -> Read:
    """The copy that was named."""
    if options["dir"] is not None:
        return copies.folder(options["dir"])
    return copies.website(options["url"])


def key_of(options: Mapping[str, Any], read: Read, stderr: OutputWrapper) -> str:
    """The key to check with; one that comes with the copy itself is used with a warning."""
    try:
        own = read("vkey", _KEY_LIMIT).decode(errors="replace").removesuffix("\n")
    except ProvenanceError:
        own = ""
    given = str(options["vkey"] or "").strip()
    if given and own and own != given:
        raise CommandError(
            "entry 0 and all after it: the copy is of another log, or its vkey file is damaged: "
            f"{own}"
        )
    if not given and not own:
        raise CommandError("The copy has no vkey file: give the log's public key with --vkey.")
    if not given:
        stderr.write(
            "The key comes from the copy itself, which proves only that the copy agrees with "
            f"itself. Compare it with one from elsewhere: {own}"
        )
    return given or own


@contextmanager
def progress_bar(unit: str, stderr: OutputWrapper) -> Iterator[Callable[[int, int], None]]:
    """A bar on the terminal, told how much is done and of how much."""
    with tqdm(unit=f" {unit}", unit_scale=True, file=stderr, mininterval=0.5) as bar:

        def tell(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield tell
