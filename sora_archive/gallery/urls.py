"""Addresses of the gallery."""

from django.urls import path

from . import views

app_name = "gallery"
urlpatterns = [
    path("", views.home, name="home"),
    path("clips/", views.find, name="find"),
    path("clips/<uuid:clip_id>/", views.clip, name="clip"),
]
