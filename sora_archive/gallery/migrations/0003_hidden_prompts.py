"""A hidden prompt is not among the words that a clip is found by, until its artist reveals it."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

hang = import_module("sora_archive.gallery.migrations.0002_hang")
SHOWN = "CASE WHEN g.prompt_hidden AND g.prompt_revealed_at IS NULL THEN '' ELSE g.prompt END"
BEFORE = hang.REHANG.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
AFTER = BEFORE.replace("g.prompt,", f"{SHOWN},")

FOLLOW = """
CREATE OR REPLACE TRIGGER gallery_follows_prompt
  AFTER UPDATE OF prompt, artist_id, prompt_hidden, prompt_revealed_at ON generation_generation
  FOR EACH ROW WHEN (OLD.prompt <> NEW.prompt OR OLD.artist_id <> NEW.artist_id
    OR OLD.prompt_hidden <> NEW.prompt_hidden
    OR OLD.prompt_revealed_at IS DISTINCT FROM NEW.prompt_revealed_at)
  EXECUTE FUNCTION gallery_follow_prompt();
"""
UNFOLLOW = """
CREATE OR REPLACE TRIGGER gallery_follows_prompt
  AFTER UPDATE OF prompt, artist_id ON generation_generation
  FOR EACH ROW WHEN (OLD.prompt <> NEW.prompt OR OLD.artist_id <> NEW.artist_id)
  EXECUTE FUNCTION gallery_follow_prompt();
"""


class Migration(migrations.Migration):
    """The words of the wall know what is hidden."""

    dependencies: ClassVar = [
        ("gallery", "0002_hang"),
        ("generation", "0002_choices_and_parent"),
    ]
    operations: ClassVar = [migrations.RunSQL(AFTER + FOLLOW, UNFOLLOW + BEFORE)]
