"""Address of the verify page."""

from django.urls import path

from . import views

app_name = "verify"
urlpatterns = [path("", views.upload, name="upload")]
