"""The URL map: one line a room."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from sora_archive import health

urlpatterns = [
    path("", include("sora_archive.gallery.urls")),
    path("", include("generation.urls")),
    path("statement/", include("sora_archive.statement.urls")),
    path("verify/", include("provenance.verify.urls")),
    path("log/", include("provenance.log.urls")),
    path("accounts/login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("healthz", health.healthz, name="healthz"),
    path("admin/", admin.site.urls),
]
