"""Addresses of the verify page and of the trust list."""

from django.urls import path

from . import views

app_name = "verify"
urlpatterns = [
    path("", views.upload, name="upload"),
    path("trust.json", views.trust_list, name="trust-list"),
]
