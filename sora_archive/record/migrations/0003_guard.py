"""A captured copy is never changed: only who kept it can be forgotten, when that person leaves.

ENABLE ALWAYS, because a plain trigger sleeps under session_replication_role = replica.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION record_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.kept_by_id IS NULL AND to_jsonb(NEW) - 'kept_by_id' = to_jsonb(OLD) - 'kept_by_id' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a captured copy is never changed: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""
TRIGGERS = """
CREATE TRIGGER record_capture_unchanged BEFORE UPDATE OR DELETE ON record_capture
    FOR EACH ROW EXECUTE FUNCTION record_refuse_change();
CREATE TRIGGER record_capture_kept BEFORE TRUNCATE ON record_capture
    FOR EACH STATEMENT EXECUTE FUNCTION record_refuse_change();
ALTER TABLE record_capture ENABLE ALWAYS TRIGGER record_capture_unchanged;
ALTER TABLE record_capture ENABLE ALWAYS TRIGGER record_capture_kept;
"""
UNDO = """
DROP TRIGGER record_capture_unchanged ON record_capture;
DROP TRIGGER record_capture_kept ON record_capture;
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0002_captures")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION record_refuse_change();"),
        migrations.RunSQL(TRIGGERS, UNDO),
    ]
