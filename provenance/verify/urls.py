"""Addresses of the verify page, of its reports, and of the trust list."""

from django.urls import path

from . import report_views, views

app_name = "verify"
urlpatterns = [
    path("", views.upload, name="upload"),
    path("find/", views.find, name="find"),
    path("clips/<uuid:clip_id>/", views.clip, name="clip"),
    path("clips/<uuid:clip_id>/bundle.zip", views.clip_bundle, name="clip-bundle"),
    path("reports/<slug:report_id>/", report_views.report, name="report"),
    path("reports/<slug:report_id>.json", report_views.report_json, name="report-json"),
    path("reports/<slug:report_id>/bundle.zip", report_views.bundle, name="bundle"),
    path("reports/<slug:report_id>/delete/<slug:key>/", report_views.delete, name="delete"),
    path("trust.json", views.trust_list, name="trust-list"),
]
