"""What every page of the site knows."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, str]:
    """Template context: the site's name and public address."""
    return {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
