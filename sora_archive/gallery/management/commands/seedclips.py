"""`manage.py seedclips`: rows of invented clips for measuring, in the benchmark's database alone.

They have neither files nor log entries: on a real archive they would be lies.
"""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from generation.models import Clip

DATABASE = "sora_benchmark"
BATCH = 20_000
_TABLES = ("generation_clip", "generation_generation", "verify_credential", "gallery_hanging")
# What only makes reading quick; what keeps rows right (keys, unique ones) stays meanwhile.
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique
"""
# The word numbered k stands in about one clip of k: a few are everywhere, most are rare.
_SEED = """
WITH numbered AS MATERIALIZED (
  SELECT n, gen_random_uuid() AS clip, gen_random_uuid() AS generation,
         gen_random_uuid() AS ticket, gen_random_uuid() AS rest,
         (SELECT string_agg('word' || floor(exp(random() * ln(20000)))::int, ' ')
          FROM generate_series(1, 12) WHERE n = n) AS prompt
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n),
artists AS (
  INSERT INTO accounts_user (password, is_superuser, username, first_name, last_name, email,
                             is_staff, is_active, date_joined, pseudonym, role)
  SELECT '!', false, 'seed' || k, '', '', '', false, false, now(), 'Seed ' || k, 'artist'
  FROM generate_series(0, 999) AS k
  ON CONFLICT (username) DO UPDATE SET is_active = false
  RETURNING id, username),
generations AS (
  INSERT INTO generation_generation (
    id, artist_id, request_key, attempt, attempt_ticket, outcome_ticket, prompt, negative_prompt,
    model, seed, steps, guidance, width, height, frames, fps, state, step, reason_code, reason,
    cancel_requested, tries, created_at, finished_at)
  SELECT s.generation, a.id, s.rest, replace(s.generation::text, '-', ''), s.ticket, s.rest,
         s.prompt, '', 'seed', s.n, 8, 3, 64, 64, 17, 8, 'done', 8, '', '', false, 1, now(), now()
  FROM numbered s JOIN artists a ON a.username = 'seed' || s.n %% 1000
  RETURNING id),
credentials AS (
  INSERT INTO verify_credential (id, sha256, size, manifest_id, signer_serial, attempt,
                                 rendered_index, generated_ticket, clip_id, created_at,
                                 pictures_sha256, pictures_size)
  SELECT s.rest, encode(sha256(s.clip::text::bytea), 'hex'), 1, 'urn:c2pa:' || s.clip, '1',
         replace(s.generation::text, '-', ''), 0, s.ticket, s.clip, now(), '', 0
  FROM numbered s RETURNING id, clip_id)
INSERT INTO generation_clip (
  id, generation_id, credential_id, title, model_title, untrained, poster_sha256, preview_sha256,
  width, height, frames, fps, visibility, publication_ticket, created_at, published_at)
SELECT s.clip, g.id, c.id, 'Seeded clip ' || s.n, 'Seed model ' || s.n %% 7, true, '', '',
       256, 256, 8 + s.n %% 200, 8, 'published', s.rest, now(),
       timestamptz '2026-01-01 00:00+00' - s.n * interval '3 minutes'
FROM numbered s JOIN generations g ON g.id = s.generation JOIN credentials c ON c.clip_id = s.clip
"""


class Command(BaseCommand):
    """Adds clips until there are as many as asked for."""

    help = "Add invented clips for measuring; refuses anywhere but in the benchmark's database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("clips", type=int, help="how many there shall be")

    def handle(self, *args: object, clips: int, **options: object) -> None:
        if connection.settings_dict["NAME"] != DATABASE:
            raise CommandError(
                f"Invented clips go into a database called {DATABASE} and no other; "
                "`make bench` makes one of its own."
            )
        have = Clip.objects.count()
        with _without_indexes():
            for first in range(have, clips, BATCH):
                with transaction.atomic(), connection.cursor() as cursor:
                    last = min(first + BATCH, clips) - 1
                    cursor.execute(_SEED, {"first": first, "last": last})
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Takes indexes down and builds them anew afterwards, which costs far less than each row."""
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, [list(_TABLES)])
        indexes: list[tuple[str, str]] = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '512MB'")
            for _name, definition in indexes:
                cursor.execute(definition)
            cursor.execute("RESET maintenance_work_mem")
