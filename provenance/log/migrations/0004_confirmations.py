"""What others say of the log: cosignatures, anchors, contradictions, none of them ever changed;
and what an entry can be looked up by, found once among the entries there are.
"""
import django.db.models.deletion
from django.db import migrations, models

from importlib import import_module

guard = import_module("provenance.log.migrations.0002_guard")

GUARDED = ("log_cosignature", "log_anchor", "log_contradiction")
FILL = """
INSERT INTO log_mention (term, index)
SELECT DISTINCT term, index
FROM (SELECT index, convert_from(data, 'UTF8')::jsonb AS body FROM log_entry) AS read,
     LATERAL (VALUES (body ->> 'clip'), (body ->> 'manifest'), (body ->> 'sha256')) AS named (term)
WHERE term IS NOT NULL AND length(term) BETWEEN 1 AND 100
ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('log', '0003_open_attempts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Anchor',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('authority', models.TextField(help_text='who stamped, as its certificate says')),
                ('at', models.DateTimeField(help_text='the time in the stamp')),
                ('token', models.BinaryField(help_text="the authority's whole answer, DER", max_length=65535)),
                ('ticket', models.UUIDField(help_text='of the entry `anchor`', unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='Contradiction',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('size', models.BigIntegerField()),
                ('root', models.BinaryField(max_length=32)),
                ('note', models.TextField(help_text="as it was shown to us, with the log's signature")),
                ('ours', models.TextField(help_text='the checkpoint of this log that it contradicts')),
                ('seen_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='Cosignature',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('cosigner', models.TextField(help_text='its vkey')),
                ('at', models.DateTimeField(help_text='what the witness signed as the time')),
                ('line', models.TextField(help_text='the signature line, with its newline')),
            ],
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('pk', models.CompositePrimaryKey('term', 'index', blank=True, editable=False, primary_key=True, serialize=False)),
                ('term', models.CharField(max_length=100)),
                ('index', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Witness',
            fields=[
                ('cosigner', models.TextField(help_text='its vkey', primary_key=True, serialize=False)),
                ('asked_at', models.DateTimeField()),
                ('size', models.BigIntegerField(default=0)),
                ('problem', models.TextField(blank=True, help_text='fit for the public')),
            ],
            options={
                'verbose_name_plural': 'witnesses',
            },
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(models.F('leaf_hash'), name='log_entry_leaf_hash'),
        ),
        migrations.AddField(
            model_name='anchor',
            name='checkpoint',
            field=models.ForeignKey(db_column='size', on_delete=django.db.models.deletion.PROTECT, related_name='anchors', to='log.checkpoint'),
        ),
        migrations.AddConstraint(
            model_name='contradiction',
            constraint=models.UniqueConstraint(models.F('size'), models.F('root'), name='log_contradiction_once'),
        ),
        migrations.AddField(
            model_name='cosignature',
            name='checkpoint',
            field=models.ForeignKey(db_column='size', on_delete=django.db.models.deletion.PROTECT, related_name='cosignatures', to='log.checkpoint'),
        ),
        migrations.AddConstraint(
            model_name='cosignature',
            constraint=models.UniqueConstraint(models.F('checkpoint'), models.F('cosigner'), name='log_cosigned_once'),
        ),
        *(
            migrations.RunSQL(
                guard.TRIGGERS.format(table=table), guard.UNDO.format(table=table)
            )
            for table in GUARDED
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
