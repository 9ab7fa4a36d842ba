"""The attempts without outcome, found once among the entries there are."""

from django.db import migrations, models

FILL = """
INSERT INTO log_openattempt (attempt, index)
SELECT attempt, min(index) FROM log_entry WHERE attempt IS NOT NULL
GROUP BY attempt
HAVING bool_or(kind = 'attempt')
   AND NOT bool_or(kind IN ('generated', 'failed', 'refused', 'cancelled'));
"""


class Migration(migrations.Migration):
    dependencies = [("log", "0002_guard")]

    operations = [
        migrations.CreateModel(
            name="OpenAttempt",
            fields=[
                ("attempt", models.CharField(max_length=32, primary_key=True, serialize=False)),
                (
                    "index",
                    models.BigIntegerField(help_text="of the entry that began it"),
                ),
            ],
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
