"""Numbers leave the vocabulary: no other number is what somebody meant who typed one.

Titles are full of them; a million clips would bring a million such words, and every mistyped one
would be held against them all.
"""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

rehang = import_module("sora_archive.gallery.migrations.0006_rehang")
BEFORE = "WHERE length(w.word) BETWEEN 2 AND 60 GROUP BY"
AFTER = r"WHERE length(w.word) BETWEEN 2 AND 60 AND w.word ~ '[^\d.,-]' GROUP BY"
COUNT = rehang.COUNT.replace(BEFORE, AFTER)
FORGET = r"DELETE FROM gallery_word WHERE word !~ '[^\d.,-]';"
REMEMBER = r"""
INSERT INTO gallery_word (word, clips)
  SELECT w.word, count(*) FROM gallery_hanging h
  CROSS JOIN LATERAL unnest(tsvector_to_array(h.words)) AS w(word)
  WHERE length(w.word) BETWEEN 2 AND 60 AND w.word !~ '[^\d.,-]' GROUP BY w.word;
"""


class Migration(migrations.Migration):
    """The counter without numbers, and those it had counted."""

    dependencies: ClassVar = [("gallery", "0007_short_words")]
    operations: ClassVar = [migrations.RunSQL(COUNT + FORGET, rehang.COUNT + REMEMBER)]
