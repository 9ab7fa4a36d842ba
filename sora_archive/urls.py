"""The URL map: one line a room."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from sora_archive import health, preferences

# LoginView would call the site by its host name.
LOGIN = auth.LoginView.as_view(
    redirect_authenticated_user=True, extra_context={"site_name": settings.SITE_NAME}
)

urlpatterns = [
    path("", include("sora_archive.gallery.urls")),
    path("", include("generation.urls")),
    path("statement/", include("sora_archive.statement.urls")),
    path("record/", include("sora_archive.record.urls")),
    path("verify/", include("provenance.verify.urls")),
    path("log/", include("provenance.log.urls")),
    path("accounts/login/", LOGIN, name="login"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("preferences/", preferences.choose, name="preferences"),
    path("healthz", health.healthz, name="healthz"),
    path("admin/", admin.site.urls),
]
