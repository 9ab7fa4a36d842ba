"""Addresses of the statement."""

from django.urls import path

from . import curating, drafting, signing_views, views

app_name = "statement"
urlpatterns = [
    path("", views.show, name="show"),
    path("versions/", views.versions_made, name="versions"),
    path("versions/<int:number>/", views.version, name="version"),
    path("versions/<int:number>.txt", views.text, name="text"),
    path("versions/<int:number>/changes/", views.changes, name="changes"),
    path("versions.atom", views.feed, name="feed"),
    path("versions/<int:number>/signatures/", signing_views.signatures, name="signatures"),
    path("versions/<int:number>/signatures.jsonl", signing_views.openings, name="openings"),
    path("versions/<int:number>/<slug:language>/", views.translation, name="translation"),
    path("versions/<int:number>/<slug:language>.txt", views.translated, name="translated"),
    path("sign/", signing_views.sign, name="sign"),
    path("sign/sent/", signing_views.sent, name="sent"),
    path("confirm/<str:token>/", signing_views.confirm, name="confirm"),
    path("mine/<str:token>/", signing_views.own, name="own"),
    path("count/", signing_views.count, name="count"),
    path("count.json", signing_views.count_json, name="count_json"),
    path("embed/", signing_views.embed, name="embed"),
    path("translate/", curating.translate, name="translate"),
    path("curate/", curating.overview, name="curate"),
    path("curate/signatures/", curating.signatures, name="curate_signatures"),
    path("curate/signatures.csv", curating.table, name="curate_table"),
    path("curate/signatures/<uuid:signature_id>/", curating.signature, name="curate_signature"),
    path("curate/signatures/<uuid:signature_id>/tier/", curating.tier, name="curate_tier"),
    path("curate/signatures/<uuid:signature_id>/erase/", curating.erase, name="curate_erase"),
    path("curate/sources/<int:source_id>/", curating.source, name="curate_source"),
    path("curate/invalidate/", curating.invalidate, name="invalidate"),
    path("curate/invalidations/<int:invalidation_id>/undo/", curating.undo, name="undo"),
    path("draft/", drafting.draft, name="draft"),
    path("draft/make/", drafting.make, name="make"),
]
