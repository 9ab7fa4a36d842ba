"""Addresses of the statement."""

from django.urls import path

from . import drafting, views

app_name = "statement"
urlpatterns = [
    path("", views.show, name="show"),
    path("versions/", views.versions_made, name="versions"),
    path("versions/<int:number>/", views.version, name="version"),
    path("versions/<int:number>.txt", views.text, name="text"),
    path("versions/<int:number>/changes/", views.changes, name="changes"),
    path("versions.atom", views.feed, name="feed"),
    path("draft/", drafting.draft, name="draft"),
    path("draft/make/", drafting.make, name="make"),
]
