"""The versions of the statement as an Atom feed (RFC 4287)."""

from django.conf import settings
from django.urls import reverse
from django.utils import feedgenerator

from .models import Version
from .words import parse

MOST = 50


def atom() -> str:
    """The newest versions, at most MOST; each entry says why it was made and its hash."""
    feed = feedgenerator.Atom1Feed(
        title=f"{settings.SITE_NAME}: versions of the statement",
        link=settings.SITE_URL + reverse("statement:show"),
        feed_url=settings.SITE_URL + reverse("statement:feed"),
        description="",
        language="en",
    )
    for version in Version.objects.all()[:MOST]:
        address = settings.SITE_URL + version.get_absolute_url()
        title = parse(version.text.encode()).title
        feed.add_item(
            title=f"Version {version.number}: {_plain(title)}",
            link=address,
            unique_id=address,
            description=_plain(f"{version.reason}\n\nSHA-256 {version.sha256}"),
            pubdate=version.made_at,
            updateddate=version.made_at,
        )
    return feed.writeString("utf-8")


def _plain(text: str) -> str:
    """Without the control characters that XML 1.0 has no form for."""
    return "".join(letter for letter in text if letter >= " " or letter in "\n\t")
