"""`make bench`: every question once, on a data folder and a database of the benchmark's own."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import psycopg

from sora_archive import embedded_postgres

# In the order in which they are asked: the last one empties the wall.
ARCHIVE_QUESTIONS = (
    "line", "added", "long", "claim", "crowd", "workers",
    "sign", "check", "memory", "page", "judged", "depth", "wall",
)  # fmt: skip
LOG_QUESTIONS = ("log-write", "log-drain", "log-latency", "log-proof", "log-audit")


def main() -> None:
    """Set up, ask the questions named (default: all), print their ratios, clean up."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "questions", nargs="*", help=f"of {', '.join((*ARCHIVE_QUESTIONS, *LOG_QUESTIONS))}"
    )
    parser.add_argument("--pairs", type=int, default=9, help="interleaved runs of each way")
    parser.add_argument("--clips", type=int, default=100_000, help="of the large wall")
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the large log")
    parser.add_argument(
        "--data", type=Path, help="folder that stays: large logs are found again or gone on with"
    )
    options = parser.parse_args()
    with ExitStack() as closing:
        data = options.data
        if data is None:
            data = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="sora-bench-")))
        data.mkdir(parents=True, exist_ok=True)
        data.chmod(0o711)
        closing.enter_context(embedded_postgres.running(data / "pg", data / "s"))
        server = f"postgres://sora_archive@/{{}}?host={data / 's'}"
        with psycopg.connect(server.format("sora_archive"), autocommit=True) as connection:
            for name in ("sora_benchmark", "sora_benchmark_log"):
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE {name}")
        os.environ |= {
            "DATA": str(data),
            "DATABASE_URL": f"postgres://sora_archive@/{quote(str(data / 's'), '')}/sora_benchmark",
            "DJANGO_SETTINGS_MODULE": "sora_archive.settings",
            "BROKER_URL": "memory://",  # what the broker costs is not asked here
            "SITE_URL": "http://testserver",
            "ALLOWED_HOSTS": "testserver",
            "TORCH_THREADS": "1",
            "GENERATION_MAX_IN_FLIGHT": "100000",
            "GENERATION_MAX_PER_DAY": "100000",
            "BENCH_CLIPS": str(options.clips),
        }
        known = (*ARCHIVE_QUESTIONS, *LOG_QUESTIONS)
        wanted = options.questions or known
        if unknown := set(wanted) - set(known):
            parser.error(f"{', '.join(sorted(unknown))}: the questions are {', '.join(known)}")
        for name in (name for name in LOG_QUESTIONS if name in wanted):
            _ask_the_log(name, options.pairs, options.entries)
        if any(name in wanted for name in ARCHIVE_QUESTIONS):
            _run(closing, wanted, options.pairs)


def _ask_the_log(name: str, pairs: int, entries: int) -> None:
    """In a process and a database of its own: the archive has a sequencer at work in its."""
    setup = "import django; django.setup(); from benchmarks.ledger import ask"
    code = f"{setup}; ask({name!r}, {pairs}, {entries})"
    environment = {**os.environ, "DATABASE_URL": os.environ["DATABASE_URL"] + "_log"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def _run(closing: ExitStack, wanted: Sequence[str], pairs: int) -> None:
    import django

    django.setup()
    from benchmarks import questions  # Django has to be set up first

    archive = closing.enter_context(questions.archive())
    for name in (name for name in ARCHIVE_QUESTIONS if name in wanted):
        for ratio in questions.QUESTIONS[name](archive, pairs):
            print(ratio, flush=True)


if __name__ == "__main__":
    main()
