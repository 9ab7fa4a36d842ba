"""The triggers that keep the gallery's tables true, and the rows of what is published already.

`gallery_rehang` takes clips off the wall and hangs those of them that are published; triggers call
it for every change of a clip, its prompt or its artist's pseudonym. Triggers of the wall itself
keep the counters, under one lock, so that two publications cannot wait for each other.
"""

from typing import ClassVar

from django.conf import settings
from django.db import migrations

LENGTHS = """
CASE WHEN c.frames < 2 * c.fps THEN 'to-2' WHEN c.frames < 5 * c.fps THEN '2-5'
     WHEN c.frames < 15 * c.fps THEN '5-15' ELSE '15-up' END
"""

REHANG = f"""
CREATE FUNCTION gallery_rehang(touched uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM gallery_hanging WHERE clip_id = ANY(touched);
  INSERT INTO gallery_hanging (clip_id, published_at, artist, model, length, words)
  SELECT c.id, c.published_at, u.pseudonym, c.model_title, {LENGTHS},
         to_tsvector('simple', concat_ws(' ', c.title, g.prompt, u.pseudonym))
  FROM generation_clip c
  JOIN generation_generation g ON g.id = c.generation_id
  JOIN accounts_user u ON u.id = g.artist_id
  WHERE c.id = ANY(touched) AND c.visibility = 'published';
END $$;
"""

COUNT = """
CREATE FUNCTION gallery_count() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sign integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
  IF NOT EXISTS (SELECT FROM touched) THEN
    RETURN NULL;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('gallery_count'));
  CREATE TEMPORARY TABLE gallery_step ON COMMIT DROP AS
    SELECT f.facet, f.value, count(*) * sign AS step
    FROM touched t CROSS JOIN LATERAL (VALUES
      ('artist', t.artist), ('model', t.model), ('length', t.length),
      ('year', to_char(t.published_at AT TIME ZONE 'UTC', 'YYYY')),
      ('day', to_char(t.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'))
    ) AS f(facet, value) GROUP BY f.facet, f.value
    UNION ALL
    SELECT 'word', w.word, count(*) * sign
    FROM touched t CROSS JOIN LATERAL unnest(tsvector_to_array(t.words)) AS w(word)
    WHERE length(w.word) BETWEEN 2 AND 60 GROUP BY w.word;
  UPDATE gallery_tally t SET clips = t.clips + s.step FROM gallery_step s
    WHERE t.facet = s.facet AND t.value = s.value;
  UPDATE gallery_word w SET clips = w.clips + s.step FROM gallery_step s
    WHERE s.facet = 'word' AND w.word = s.value;
  IF sign > 0 THEN
    INSERT INTO gallery_tally (facet, value, clips)
      SELECT facet, value, step FROM gallery_step WHERE facet <> 'word' ON CONFLICT DO NOTHING;
    INSERT INTO gallery_word (word, clips)
      SELECT value, step FROM gallery_step WHERE facet = 'word' ON CONFLICT DO NOTHING;
  ELSE
    DELETE FROM gallery_tally t USING gallery_step s
      WHERE t.facet = s.facet AND t.value = s.value AND t.clips = 0;
    DELETE FROM gallery_word w USING gallery_step s
      WHERE s.facet = 'word' AND w.word = s.value AND w.clips = 0;
  END IF;
  DROP TABLE gallery_step;
  RETURN NULL;
END $$;
CREATE TRIGGER gallery_counts_hung AFTER INSERT ON gallery_hanging
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION gallery_count();
CREATE TRIGGER gallery_counts_taken AFTER DELETE ON gallery_hanging
  REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION gallery_count();
"""

FOLLOW = """
CREATE FUNCTION gallery_follow_clips() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gallery_rehang(ARRAY(SELECT id FROM touched));
  RETURN NULL;
END $$;
CREATE TRIGGER gallery_follows_new AFTER INSERT ON generation_clip
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION gallery_follow_clips();
CREATE TRIGGER gallery_follows_changed AFTER UPDATE ON generation_clip
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION gallery_follow_clips();

CREATE FUNCTION gallery_follow_prompt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gallery_rehang(ARRAY(SELECT id FROM generation_clip WHERE generation_id = NEW.id));
  RETURN NULL;
END $$;
CREATE TRIGGER gallery_follows_prompt AFTER UPDATE OF prompt, artist_id ON generation_generation
  FOR EACH ROW WHEN (OLD.prompt <> NEW.prompt OR OLD.artist_id <> NEW.artist_id)
  EXECUTE FUNCTION gallery_follow_prompt();

CREATE FUNCTION gallery_follow_pseudonym() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gallery_rehang(ARRAY(
    SELECT c.id FROM generation_clip c JOIN generation_generation g ON g.id = c.generation_id
    WHERE g.artist_id = NEW.id AND c.visibility = 'published'));
  RETURN NULL;
END $$;
CREATE TRIGGER gallery_follows_pseudonym AFTER UPDATE OF pseudonym ON accounts_user
  FOR EACH ROW WHEN (OLD.pseudonym <> NEW.pseudonym) EXECUTE FUNCTION gallery_follow_pseudonym();
"""

BACKFILL = """
SELECT gallery_rehang(ARRAY(SELECT id FROM generation_clip WHERE visibility = 'published'));
"""

UNDO = """
DROP TRIGGER gallery_follows_pseudonym ON accounts_user;
DROP TRIGGER gallery_follows_prompt ON generation_generation;
DROP TRIGGER gallery_follows_changed ON generation_clip;
DROP TRIGGER gallery_follows_new ON generation_clip;
DROP TRIGGER gallery_counts_taken ON gallery_hanging;
DROP TRIGGER gallery_counts_hung ON gallery_hanging;
DROP FUNCTION gallery_follow_pseudonym, gallery_follow_prompt, gallery_follow_clips,
  gallery_count, gallery_rehang;
"""


class Migration(migrations.Migration):
    """Functions, triggers, and the clips that hang already."""

    dependencies: ClassVar = [
        ("gallery", "0001_initial"),
        ("generation", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [migrations.RunSQL(REHANG + COUNT + FOLLOW + BACKFILL, UNDO)]
