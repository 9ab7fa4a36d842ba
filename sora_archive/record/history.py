"""What curators have changed on the record, for everybody to read: who, when, which fields, why."""

from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet

from .models import Row

MOST = 50


def of(rows: Iterable[Row]) -> QuerySet[LogEntry]:
    """The changes of these rows by hand, the newest first, at most MOST.

    What a data file has brought stands in none of them.
    """
    ours = Q(pk__in=[])
    for row in rows:
        ours |= Q(content_type=ContentType.objects.get_for_model(row), object_id=row.pk)
    made = LogEntry.objects.select_related("user").filter(ours)
    return made.order_by("-action_time", "-pk")[:MOST]
