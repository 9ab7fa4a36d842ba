"""A signature only takes the steps of its life, and what was signed stays as it was mailed.

ENABLE ALWAYS, because a plain trigger sleeps under session_replication_role = replica.
"""

from django.db import migrations

SIGNATURE = """
CREATE FUNCTION statement_guard_signature() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    emptied text[] := ARRAY['name', 'role', 'place', 'link', 'email'];
    fixed text[] := ARRAY['id', 'version_id', 'asked_at', 'anonymous', 'tier'];
    old_row jsonb; new_row jsonb; col text;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'signatures are never deleted: TRUNCATE refused'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'waiting' THEN RETURN OLD; END IF;
        RAISE EXCEPTION 'a signature that the log knows is never deleted'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('waiting', 'counted'), ('counted', 'invalid'), ('invalid', 'counted'),
        ('counted', 'withdrawn'), ('invalid', 'withdrawn')
    ) THEN
        RAISE EXCEPTION 'a signature does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.state <> 'waiting' THEN fixed := fixed || ARRAY['confirmed_at', 'ticket']; END IF;
    IF NEW.state <> 'withdrawn' THEN fixed := fixed || ARRAY['person']; END IF;
    old_row := to_jsonb(OLD); new_row := to_jsonb(NEW);
    FOREACH col IN ARRAY fixed LOOP
        IF old_row -> col IS DISTINCT FROM new_row -> col THEN
            RAISE EXCEPTION 'the % of a signature is never changed', col
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    END LOOP;
    FOREACH col IN ARRAY emptied LOOP
        IF new_row ->> col <> '' AND old_row -> col IS DISTINCT FROM new_row -> col THEN
            RAISE EXCEPTION 'the % of a signature is only ever erased', col
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
"""
INVALIDATION = """
CREATE FUNCTION statement_guard_invalidation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    people text[] := ARRAY['made_by_id', 'undone_by_id'];
    undoing text[] := ARRAY['undone_at', 'undone_note', 'undone_by_id'];
    undone boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        undone := OLD.undone_at IS NULL AND NEW.undone_at IS NOT NULL;
        IF to_jsonb(NEW) - people = to_jsonb(OLD) - people
            AND (NEW.made_by_id IS NULL OR NEW.made_by_id = OLD.made_by_id)
            AND (NEW.undone_by_id IS NULL OR NEW.undone_by_id = OLD.undone_by_id)
        THEN
            RETURN NEW;
        END IF;
        IF undone AND to_jsonb(NEW) - undoing = to_jsonb(OLD) - undoing THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'an invalidation is never changed, only undone once: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""
TRIGGERS = """
CREATE TRIGGER {table}_unchanged BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {function}();
CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION {function}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_unchanged;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_kept;
"""
UNDO = """
DROP TRIGGER {table}_unchanged ON {table};
DROP TRIGGER {table}_kept ON {table};
"""
GUARDED = {
    "statement_signature": "statement_guard_signature",
    "statement_invalidation": "statement_guard_invalidation",
    "statement_translation": "statement_refuse_change",
    "statement_act": "statement_refuse_change",
}
HASH = """
ALTER TABLE statement_translation ADD CONSTRAINT statement_translation_hash_is_of_the_text
    CHECK (sha256 = encode(sha256(convert_to(text, 'UTF8')), 'hex'));
"""


class Migration(migrations.Migration):
    dependencies = [("statement", "0003_signatures")]

    operations = [
        migrations.RunSQL(SIGNATURE, "DROP FUNCTION statement_guard_signature();"),
        migrations.RunSQL(INVALIDATION, "DROP FUNCTION statement_guard_invalidation();"),
        *(
            migrations.RunSQL(
                TRIGGERS.format(table=table, function=function), UNDO.format(table=table)
            )
            for table, function in GUARDED.items()
        ),
        migrations.RunSQL(
            HASH,
            "ALTER TABLE statement_translation"
            " DROP CONSTRAINT statement_translation_hash_is_of_the_text;",
        ),
    ]
