"""Addresses of moderation."""

from django.urls import path

from . import desk, views

app_name = "moderation"
urlpatterns = [
    path("report/<uuid:clip_id>/", views.report, name="report"),
    path("report/signature/<int:number>/", views.report_signature, name="report_signature"),
    path("report/status/<str:token>/", views.status, name="status"),
    path("decisions/", views.decisions, name="decisions"),
    path("decisions/<uuid:decision_id>/", views.decision, name="decision"),
    path("reasons/<uuid:clip_id>/", views.reasons, name="reasons"),
    path("queue/", desk.queue, name="queue"),
    path("queue/<slug:about>/<uuid:clip_id>/", desk.case, name="case"),
    path("queue/<uuid:clip_id>/file", desk.file, name="file"),
    path("queue/signature/<int:number>/", desk.signature_case, name="signature_case"),
    path("rules/", desk.rules, name="rules"),
    path("rules/words/", desk.add_word, name="add_word"),
    path("rules/files/", desk.add_file, name="add_file"),
    path("rules/<slug:which>/<int:rule_id>/remove/", desk.remove, name="remove"),
]
