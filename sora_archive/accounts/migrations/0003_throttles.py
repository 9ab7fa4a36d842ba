"""The table of the cache, which remembers failed sign-ins and codes that were used.

Unlogged: after a crash it is empty, and that is all right.
"""

from django.db import migrations

MAKE = """
    CREATE UNLOGGED TABLE site_cache (
        cache_key varchar(255) PRIMARY KEY,
        value text NOT NULL,
        expires timestamptz NOT NULL
    );
    CREATE INDEX site_cache_expires ON site_cache (expires);
"""


class Migration(migrations.Migration):

    dependencies = [('accounts', '0002_roles')]

    operations = [migrations.RunSQL(MAKE, 'DROP TABLE site_cache')]
