"""Short words are put right too: a slip in one of four letters leaves hardly a trigram standing.

Two words that differ by one letter, or by two neighbours that changed places, share a shape: what
is left of a word without one of its letters. This holds in every script.
"""

from typing import ClassVar

from django.db import migrations

SHAPES = """
CREATE FUNCTION gallery_shapes(word text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT ARRAY(SELECT word UNION
               SELECT left(word, n - 1) || substr(word, n + 1) FROM generate_series(1, length(word)) AS n)
$$;
CREATE INDEX word_shapes ON gallery_word USING gin (gallery_shapes(word)) WITH (fastupdate = off)
  WHERE length(word) <= 8;
"""
UNDO = "DROP INDEX word_shapes; DROP FUNCTION gallery_shapes;"


class Migration(migrations.Migration):
    """The shapes of words, and an index of them."""

    dependencies: ClassVar = [("gallery", "0006_rehang")]
    operations: ClassVar = [migrations.RunSQL(SHAPES, UNDO)]
