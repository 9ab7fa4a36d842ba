"""Addresses of the line."""

from django.urls import path

from . import views

app_name = "generation"
urlpatterns = [
    path("ask/", views.ask, name="ask"),
    path("generations/", views.mine, name="mine"),
    path("generations/<uuid:generation_id>/", views.show, name="show"),
    path("generations/<uuid:generation_id>/state/", views.state, name="state"),
    path("generations/<uuid:generation_id>/cancel/", views.cancel, name="cancel"),
    path("generations/<uuid:generation_id>/publish/", views.publish, name="publish"),
    path("media/<uuid:clip_id>.mp4", views.clip_file, name="clip_file"),
    path("media/<uuid:clip_id>/poster.webp", views.poster, name="poster"),
    path("media/<uuid:clip_id>/preview.webp", views.preview, name="preview"),
]
