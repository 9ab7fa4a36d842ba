"""A clip whose artist's name was erased hangs without one, and the wall's counters know none."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

hang = import_module("sora_archive.gallery.migrations.0002_hang")
hidden = import_module("sora_archive.gallery.migrations.0003_hidden_prompts")
NAME = "CASE WHEN g.name_erased_at IS NULL THEN u.pseudonym ELSE '' END"
AFTER = hidden.AFTER.replace("u.pseudonym", NAME)

COUNT_BEFORE = hang.COUNT[: hang.COUNT.index("CREATE TRIGGER")].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
COUNT = COUNT_BEFORE.replace(
    "AS f(facet, value) GROUP BY", "AS f(facet, value) WHERE f.value <> '' GROUP BY"
)

FOLLOW = """
CREATE TRIGGER gallery_follows_erased_name
  AFTER UPDATE OF name_erased_at ON generation_generation
  FOR EACH ROW WHEN (OLD.name_erased_at IS DISTINCT FROM NEW.name_erased_at)
  EXECUTE FUNCTION gallery_follow_prompt();
"""
UNFOLLOW = "DROP TRIGGER gallery_follows_erased_name ON generation_generation;"


class Migration(migrations.Migration):
    """The wall knows what was erased."""

    dependencies: ClassVar = [
        ("gallery", "0003_hidden_prompts"),
        ("generation", "0004_erasing"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(AFTER + COUNT + FOLLOW, UNFOLLOW + hidden.AFTER + COUNT_BEFORE)
    ]
