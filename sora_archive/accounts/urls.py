"""Addresses of one's own account."""

from django.urls import path

from . import inviting, leaving_pages, passkeys, signing, token_pages, views

app_name = "accounts"
urlpatterns = [
    path("", views.account, name="account"),
    path("factors/app/code.svg", views.qr, name="qr"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/others/", views.end_others, name="end_others"),
    path("sessions/<int:session_id>/end/", views.end_session, name="end_session"),
    path("keys/<int:key_id>/", passkeys.key, name="key"),
    path("tokens/", token_pages.mine, name="tokens"),
    path("tokens/<int:token_id>/revoke/", token_pages.revoke, name="revoke_token"),
    path("sign/<uuid:proposal_id>/", signing.sign, name="sign"),
    path("signatures/<uuid:generation_id>/share/", signing.share, name="share_signature"),
    path("signatures/<uuid:generation_id>.json", signing.evidence, name="signature"),
    path("export.json", leaving_pages.export, name="export"),
    path("erase/", leaving_pages.erase, name="erase"),
    path("name/", views.rename, name="rename"),
    path("invited/<str:token>/", inviting.invited, name="invited"),
    path("invitations/", inviting.invite, name="invitations"),
    path("invitations/<int:invitation_id>/withdraw/", inviting.withdraw, name="withdraw"),
    path("people/<int:person_id>/", inviting.allow, name="allow"),
]
