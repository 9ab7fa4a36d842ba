"""`make bench`: every question once, on a data folder and a database of the benchmark's own."""

import argparse
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import psycopg

from sora_archive import embedded_postgres


def main() -> None:
    """Set up, ask the questions named (default: all), print their ratios, clean up."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "questions", nargs="*", help="line, sign, check, page, depth, wall; default: all"
    )
    parser.add_argument("--pairs", type=int, default=9, help="interleaved runs of each way")
    parser.add_argument("--clips", type=int, default=100_000, help="of the large wall")
    options = parser.parse_args()
    with ExitStack() as closing:
        data = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="sora-bench-")))
        data.chmod(0o711)
        closing.enter_context(embedded_postgres.running(data / "pg", data / "s"))
        server = f"postgres://sora_archive@/{{}}?host={data / 's'}"
        with psycopg.connect(server.format("sora_archive"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE sora_benchmark")
        os.environ |= {
            "DATA": str(data),
            "DATABASE_URL": f"postgres://sora_archive@/{quote(str(data / 's'), '')}/sora_benchmark",
            "DJANGO_SETTINGS_MODULE": "sora_archive.settings",
            "BROKER_URL": "memory://",  # what the broker costs is not asked here
            "SITE_URL": "http://testserver",
            "ALLOWED_HOSTS": "testserver",
            "TORCH_THREADS": "1",
            "BENCH_CLIPS": str(options.clips),
        }
        _run(closing, options.questions, options.pairs)


def _run(closing: ExitStack, wanted: list[str], pairs: int) -> None:
    import django

    django.setup()
    from benchmarks import questions  # Django has to be set up first

    archive = closing.enter_context(questions.archive())
    for name, question in questions.QUESTIONS.items():
        if not wanted or name in wanted:
            for ratio in question(archive, pairs):
                print(ratio, flush=True)


if __name__ == "__main__":
    main()
