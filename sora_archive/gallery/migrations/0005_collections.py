"""Collections; and the wall's own copy of what a label says. Rows of the wall come back in 0006."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.constraints
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gallery', '0004_erased_names'),
        ('generation', '0004_erasing'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Derived, all of it: 0006 writes it anew.
        migrations.RunSQL(
            "TRUNCATE gallery_hanging, gallery_tally, gallery_word", migrations.RunSQL.noop
        ),
        migrations.CreateModel(
            name='Collection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(help_text='stays, whatever the title', max_length=60, unique=True)),
                ('title', models.CharField(max_length=120, unique=True)),
                ('introduction', models.TextField(blank=True)),
                ('shown', models.BooleanField(default=False, help_text='to the public')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Piece',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('note', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.AddField(
            model_name='hanging',
            name='collections',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), default=list, size=None),
        ),
        migrations.AddField(
            model_name='hanging',
            name='fps',
            field=models.PositiveSmallIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='hanging',
            name='frames',
            field=models.PositiveSmallIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='hanging',
            name='height',
            field=models.PositiveSmallIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='hanging',
            name='licence',
            field=models.CharField(default='', max_length=20),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='hanging',
            name='ticket',
            field=models.UUIDField(default=uuid.UUID(int=0), help_text="the log's ticket of `generated`"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='hanging',
            name='title',
            field=models.CharField(default='', max_length=200),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='hanging',
            name='width',
            field=models.PositiveSmallIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name='hanging',
            name='words',
            field=django.contrib.postgres.search.SearchVectorField(help_text='of title, public prompt, description and pseudonym, as they are written'),
        ),
        migrations.AddIndex(
            model_name='hanging',
            index=models.Index(models.F('licence'), models.OrderBy(models.F('published_at'), descending=True), models.OrderBy(models.F('clip'), descending=True), name='hanging_of_licence'),
        ),
        migrations.AddIndex(
            model_name='hanging',
            index=django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['collections'], name='hanging_of_collection'),
        ),
        migrations.AddField(
            model_name='collection',
            name='curator',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='piece',
            name='clip',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generation.clip'),
        ),
        migrations.AddField(
            model_name='piece',
            name='collection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pieces', to='gallery.collection'),
        ),
        migrations.AddConstraint(
            model_name='collection',
            constraint=models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='collection_has_title'),
        ),
        migrations.AddConstraint(
            model_name='piece',
            constraint=models.UniqueConstraint(models.F('collection'), models.F('clip'), name='piece_once'),
        ),
        migrations.AddConstraint(
            model_name='piece',
            constraint=models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('collection', 'position'), name='piece_place_of_its_own'),
        ),
    ]
