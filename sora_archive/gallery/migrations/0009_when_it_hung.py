"""An index that tells a stretch of time, and statistics that are never far behind: with both a
search finds its newest clips without gathering all of them (reaching.py)."""

from typing import ClassVar

import django.contrib.postgres.indexes
from django.db import migrations

FRESH = "ALTER TABLE gallery_hanging SET (autovacuum_analyze_scale_factor = 0.02)"
AS_EVER = "ALTER TABLE gallery_hanging RESET (autovacuum_analyze_scale_factor)"


class Migration(migrations.Migration):
    """The index of stretches of time, and how often the statistics are made anew."""

    dependencies: ClassVar = [("gallery", "0008_numbers_are_no_words")]
    operations: ClassVar = [
        migrations.AddIndex(
            model_name="hanging",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True,
                fields=["published_at"],
                name="hanging_when",
                opclasses=["timestamptz_minmax_multi_ops"],
            ),
        ),
        migrations.RunSQL(FRESH, AS_EVER),
    ]
