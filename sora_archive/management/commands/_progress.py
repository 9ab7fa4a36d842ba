"""A bar on the terminal for commands that take a while."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper
from tqdm import tqdm


@contextmanager
def bar(unit: str, stderr: OutputWrapper) -> Iterator[Callable[[int, int], None]]:
    """Told how much is done and of how much."""
    with tqdm(unit=f" {unit}", file=stderr, mininterval=0.5) as shown:

        def tell(done: int, total: int) -> None:
            shown.total = total
            shown.update(done - shown.n)

        yield tell
