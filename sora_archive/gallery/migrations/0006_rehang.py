"""The wall's rows with their labels, licences and collections, and triggers that follow these too.

From here on `gallery_rehang` works under the lock of the counters, so that two changes of one clip
at the same time wait for each other; for clips that neither hang nor shall hang it does nothing.
"""

from typing import ClassVar

from django.db import migrations

LENGTHS = """
CASE WHEN c.frames < 2 * c.fps THEN 'to-2' WHEN c.frames < 5 * c.fps THEN '2-5'
     WHEN c.frames < 15 * c.fps THEN '5-15' ELSE '15-up' END
"""
NAME = "CASE WHEN g.name_erased_at IS NULL THEN u.pseudonym ELSE '' END"
PROMPT = "CASE WHEN g.prompt_hidden AND g.prompt_revealed_at IS NULL THEN '' ELSE g.prompt END"

REHANG = f"""
CREATE OR REPLACE FUNCTION gallery_rehang(touched uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM generation_clip
                 WHERE id = ANY(touched) AND visibility = 'published')
     AND NOT EXISTS (SELECT FROM gallery_hanging WHERE clip_id = ANY(touched)) THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('gallery_count'));
  DELETE FROM gallery_hanging WHERE clip_id = ANY(touched);
  INSERT INTO gallery_hanging (clip_id, published_at, artist, model, length, licence, collections,
                               title, width, height, frames, fps, ticket, words)
  SELECT c.id, c.published_at, {NAME}, c.model_title, {LENGTHS}, g.licence,
         ARRAY(SELECT o.title FROM gallery_piece p JOIN gallery_collection o ON o.id = p.collection_id
               WHERE p.clip_id = c.id AND o.shown ORDER BY o.title),
         c.title, c.width, c.height, c.frames, c.fps, k.generated_ticket,
         to_tsvector('simple', concat_ws(' ', c.title, {PROMPT}, c.description, {NAME}))
  FROM generation_clip c
  JOIN generation_generation g ON g.id = c.generation_id
  JOIN verify_credential k ON k.id = c.credential_id
  JOIN accounts_user u ON u.id = g.artist_id
  WHERE c.id = ANY(touched) AND c.visibility = 'published'
  ORDER BY c.published_at, c.id;  -- neighbours on the wall lie side by side in the table
END $$;
"""

COUNT = """
CREATE OR REPLACE FUNCTION gallery_count() RETURNS trigger LANGUAGE plpgsql AS $$
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
      ('artist', t.artist), ('model', t.model), ('length', t.length), ('licence', t.licence),
      ('year', to_char(t.published_at AT TIME ZONE 'UTC', 'YYYY')),
      ('day', to_char(t.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'))
    ) AS f(facet, value) WHERE f.value <> '' GROUP BY f.facet, f.value
    UNION ALL
    SELECT 'collection', o.title, count(*) * sign
    FROM touched t CROSS JOIN LATERAL unnest(t.collections) AS o(title) GROUP BY o.title
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
"""

FOLLOW = """
CREATE OR REPLACE TRIGGER gallery_follows_prompt
  AFTER UPDATE OF prompt, artist_id, prompt_hidden, prompt_revealed_at, licence
  ON generation_generation
  FOR EACH ROW WHEN (OLD.prompt <> NEW.prompt OR OLD.artist_id <> NEW.artist_id
    OR OLD.prompt_hidden <> NEW.prompt_hidden OR OLD.licence <> NEW.licence
    OR OLD.prompt_revealed_at IS DISTINCT FROM NEW.prompt_revealed_at)
  EXECUTE FUNCTION gallery_follow_prompt();

CREATE FUNCTION gallery_follow_pieces() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gallery_rehang(ARRAY(SELECT clip_id FROM touched));
  RETURN NULL;
END $$;
CREATE TRIGGER gallery_follows_piece_in AFTER INSERT ON gallery_piece
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION gallery_follow_pieces();
CREATE TRIGGER gallery_follows_piece_out AFTER DELETE ON gallery_piece
  REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION gallery_follow_pieces();

CREATE FUNCTION gallery_follow_piece() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gallery_rehang(ARRAY[OLD.clip_id, NEW.clip_id]);
  RETURN NULL;
END $$;
CREATE TRIGGER gallery_follows_piece AFTER UPDATE OF clip_id, collection_id ON gallery_piece
  FOR EACH ROW WHEN (OLD.clip_id <> NEW.clip_id OR OLD.collection_id <> NEW.collection_id)
  EXECUTE FUNCTION gallery_follow_piece();

CREATE FUNCTION gallery_follow_collection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gallery_rehang(ARRAY(SELECT clip_id FROM gallery_piece WHERE collection_id = NEW.id));
  RETURN NULL;
END $$;
CREATE TRIGGER gallery_follows_collection AFTER UPDATE OF title, shown ON gallery_collection
  FOR EACH ROW WHEN (OLD.title <> NEW.title OR OLD.shown <> NEW.shown)
  EXECUTE FUNCTION gallery_follow_collection();
"""

BACKFILL = """
SELECT gallery_rehang(ARRAY(SELECT id FROM generation_clip WHERE visibility = 'published'));
"""


class Migration(migrations.Migration):
    """The functions anew, the triggers of collections, and the clips that hang."""

    dependencies: ClassVar = [("gallery", "0005_collections")]
    operations: ClassVar = [migrations.RunSQL(REHANG + COUNT + FOLLOW + BACKFILL)]
