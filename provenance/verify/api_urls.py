"""Addresses of the check for programs, below /api/v1/."""

from django.urls import path

from . import api

app_name = "verify-api"
urlpatterns = [
    path("verify", api.verify, name="verify"),
    path("verify/<str:name>", api.issued, name="issued"),
]
