"""The URL map: one line a room."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from sora_archive import health, mailroom, metrics, notices, preferences
from sora_archive.gallery.api import unknown

# One way in for everybody: the admin's own login page knows neither throttles nor second steps.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class Anything(StringConverter):
    """Whatever is left of an address, line breaks too."""

    regex = r"[\s\S]+"


register_converter(Anything, "any")

urlpatterns = [
    path("", include("sora_archive.gallery.urls")),
    path("", include("generation.urls")),
    path("statement/", include("sora_archive.statement.urls")),
    path("record/", include("sora_archive.record.urls")),
    path("moderation/", include("sora_archive.moderation.urls")),
    path("verify/", include("provenance.verify.urls")),
    path("api/v1/", include("provenance.verify.api_urls")),
    path("log/", include("provenance.log.urls")),
    path("accounts/", include("sora_archive.accounts.signin_urls")),
    path("accounts/", include("sora_archive.accounts.urls")),
    path("preferences/", preferences.choose, name="preferences"),
    path("privacy/", notices.privacy, name="privacy"),
    path("terms/", notices.terms, name="terms"),
    path("contact/", notices.contact, name="contact"),
    path("mail/", mailroom.page, name="mailroom"),
    path("metrics", metrics.metrics, name="metrics"),
    path("healthz", health.healthz, name="healthz"),
    path("admin/", admin.site.urls),
    path("api/v1/<any:rest>", unknown, name="api_unknown"),  # last: what no room knows
]
