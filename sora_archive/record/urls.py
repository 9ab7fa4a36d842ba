"""Addresses of the record."""

from django.urls import path

from . import keeping, views

app_name = "record"
urlpatterns = [
    path("", views.timeline, name="timeline"),
    path("search/", views.search, name="search"),
    path("sides/", views.sides, name="sides"),
    path("facts/<slug:slug>/", views.fact, name="fact"),
    path("facts/<slug:slug>.bib", views.fact_bibtex, name="fact_bibtex"),
    path("sources/<slug:slug>/", keeping.source, name="source"),
    path("captures/<int:capture_id>/", keeping.capture, name="capture"),
    path("captures/<int:capture_id>/file", keeping.download, name="download"),
    path("documents/<slug:slug>/", views.document, name="document"),
    path("documents/<slug:slug>.bib", views.document_bibtex, name="document_bibtex"),
]
