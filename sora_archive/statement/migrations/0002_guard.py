"""A version is never changed: only who made it can be forgotten, when that person leaves.

ENABLE ALWAYS, because a plain trigger sleeps under session_replication_role = replica.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION statement_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.made_by_id IS NULL AND to_jsonb(NEW) - 'made_by_id' = to_jsonb(OLD) - 'made_by_id' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a version of the statement is never changed: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""
TRIGGERS = """
CREATE TRIGGER statement_version_unchanged BEFORE UPDATE OR DELETE ON statement_version
    FOR EACH ROW EXECUTE FUNCTION statement_refuse_change();
CREATE TRIGGER statement_version_kept BEFORE TRUNCATE ON statement_version
    FOR EACH STATEMENT EXECUTE FUNCTION statement_refuse_change();
ALTER TABLE statement_version ENABLE ALWAYS TRIGGER statement_version_unchanged;
ALTER TABLE statement_version ENABLE ALWAYS TRIGGER statement_version_kept;
"""
UNDO = """
DROP TRIGGER statement_version_unchanged ON statement_version;
DROP TRIGGER statement_version_kept ON statement_version;
"""
HASH = """
ALTER TABLE statement_version ADD CONSTRAINT statement_hash_is_of_the_text
    CHECK (sha256 = encode(sha256(convert_to(text, 'UTF8')), 'hex'));
"""


class Migration(migrations.Migration):
    dependencies = [("statement", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION statement_refuse_change();"),
        migrations.RunSQL(TRIGGERS, UNDO),
        migrations.RunSQL(
            HASH, "ALTER TABLE statement_version DROP CONSTRAINT statement_hash_is_of_the_text;"
        ),
    ]
