"""Addresses of the statement."""

from django.urls import path

from . import views

app_name = "statement"
urlpatterns = [path("", views.show, name="show")]
