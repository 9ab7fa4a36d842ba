"""Rows of the log are never changed: triggers that also bind the owner and replication.

ENABLE ALWAYS, because a plain trigger sleeps under session_replication_role = replica.
"""

from django.db import migrations

GUARDED = ("log_origin", "log_entry", "log_tile", "log_head", "log_checkpoint")

FUNCTION = """
CREATE FUNCTION log_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is only ever added to: % on % refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""
TRIGGERS = """
CREATE TRIGGER {table}_unchanged BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION log_refuse_change();
CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION log_refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_unchanged;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_kept;
"""
UNDO = """
DROP TRIGGER {table}_unchanged ON {table};
DROP TRIGGER {table}_kept ON {table};
"""
# Hashes do not compress: out of line, so that looking up a root does not read 8 kB beside it.
STORAGE = "ALTER TABLE log_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;"


class Migration(migrations.Migration):
    dependencies = [("log", "0001_initial")]

    operations = [
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION log_refuse_change();"),
        *(
            migrations.RunSQL(TRIGGERS.format(table=table), UNDO.format(table=table))
            for table in GUARDED
        ),
    ]
