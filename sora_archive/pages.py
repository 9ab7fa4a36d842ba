"""What every page of the site knows."""

from django.conf import settings
from django.http import HttpRequest

from sora_archive import preferences


def site(request: HttpRequest) -> dict[str, object]:
    """Template context: the site's name and public address, and whether nothing may move."""
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "still": preferences.of(request).still,
    }
