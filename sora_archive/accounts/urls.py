"""Addresses of one's own account."""

from django.urls import path

from . import views

app_name = "accounts"
urlpatterns = [
    path("", views.account, name="account"),
    path("factors/app/code.svg", views.qr, name="qr"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/others/", views.end_others, name="end_others"),
    path("sessions/<int:session_id>/end/", views.end_session, name="end_session"),
]
