"""News for those who asked for them: that there is a new version, told to each once."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import Q, QuerySet

from . import mails, signing, versions
from .models import Kind, Signature, State, Version


def waiting(version: Version) -> QuerySet[Signature]:
    """Who wants news, has signed an earlier version, and was not told of this one."""
    signed = version.signatures.exclude(person="").values("person")
    told = Q(news_of__gte=version.number)
    wanted = Signature.objects.filter(
        state=State.COUNTED, wants_news=True, version__lt=version.number
    )
    return wanted.exclude(email="").exclude(told).exclude(person__in=signed).order_by("pk")


def tell(progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Write to everybody who waits for news of the newest version; returns how many.

    `progress` is told how many are done and of how many. Raises MailNotSent where the mail server
    takes no more; whoever has been told is not told again.
    """
    newest = versions.newest()
    if newest is None:
        return 0
    rows = list(waiting(newest).select_related("version"))
    for done, signature in enumerate(rows, 1):
        with transaction.atomic():  # the letter goes out last: without it nothing is noted
            own = signing.new_link(signature, Kind.OWN)
            Signature.objects.filter(pk=signature.pk).update(news_of=newest.number)
            mails.send(mails.news(signature, newest, own), signature.email)
        progress(done, len(rows))
    return len(rows)
