"""Each row of the log is sealed as it is written, so that damage to any bit of it can be found.

Rows that are there already are sealed as they are now. A table is rewritten for that rather than
updated, which its guards would refuse.
"""

from django.db import migrations, models

# What each seal is over; a text as it is sent to a client whose encoding is UTF-8, as Django's is.
ROWS = {
    "log_origin": "{0}id, {0}origin, {0}vkey, {0}created_at",
    "log_opening": "{0}id, {0}ticket, {0}field, {0}salt, {0}value",
    "log_head": "{0}size, {0}prev_size, {0}root, {0}created_at",
    "log_checkpoint": "{0}size, {0}note, {0}signed_at",
    "log_heartbeat": "{0}id, {0}beat_at, {0}problem",
    "log_cosignature": "{0}id, {0}size, {0}cosigner, {0}at, {0}line",
    "log_witness": "{0}cosigner, {0}asked_at, {0}size, {0}problem",
    "log_anchor": "{0}id, {0}size, {0}authority, {0}at, {0}token, {0}ticket",
    "log_contradiction": "{0}id, {0}size, {0}root, {0}note, {0}ours, {0}seen_at",
}
SEALS = {table: f"sha256(record_send(ROW({columns})))" for table, columns in ROWS.items()} | {
    "log_pending": "sha256(int8send({0}id) || uuid_send({0}ticket) || timestamptz_send({0}created_at)"
    " || sha256('\\x00'::bytea || {0}data))",
}
# The two that tell how somebody is doing, and are written over and over.
REWRITTEN = {"log_heartbeat", "log_witness"}

# No trigger seals an entry: it would cost the sequencer too much, who does it by itself.
FILL_ENTRIES = """
ALTER TABLE log_entry ALTER COLUMN seal TYPE bigint USING index
    # ('x' || encode(substr(uuid_send(ticket), 1, 8), 'hex'))::bit(64)::bigint
    # ('x' || encode(substr(uuid_send(ticket), 9, 8), 'hex'))::bit(64)::bigint;
"""
FILL = "ALTER TABLE {table} ALTER COLUMN seal TYPE bytea USING {seal};"
TRIGGER = """
CREATE FUNCTION {table}_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.seal := {seal};
    RETURN NEW;
END $$;
CREATE TRIGGER {table}_sealed BEFORE {orders} ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_seal();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed;
"""
UNDO = """
DROP TRIGGER {table}_sealed ON {table};
DROP FUNCTION {table}_seal();
"""


def _sealing(table, seal):
    orders = "INSERT OR UPDATE" if table in REWRITTEN else "INSERT"
    return migrations.RunSQL(
        FILL.format(table=table, seal=seal.format(""))
        + TRIGGER.format(table=table, orders=orders, seal=seal.format("NEW.")),
        UNDO.format(table=table),
    )


class Migration(migrations.Migration):
    dependencies = [("log", "0004_confirmations")]

    operations = [
        *(
            migrations.AddField(
                model_name=table.removeprefix("log_"),
                name="seal",
                field=models.BinaryField(default=b"", max_length=32),
            )
            for table in SEALS
        ),
        migrations.AddField(
            model_name="entry",
            name="seal",
            field=models.BigIntegerField(default=0),
        ),
        migrations.RunSQL(FILL_ENTRIES, migrations.RunSQL.noop),
        *(_sealing(table, seal) for table, seal in SEALS.items()),
    ]
