"""Addresses below /log/; checkpoint and tile/ are those of C2SP tlog-tiles."""

from django.urls import path

from . import views

app_name = "log"
urlpatterns = [
    path("", views.index, name="index"),
    path("checkpoint", views.checkpoint, name="checkpoint"),
    path("checkpoint/<int:size>", views.checkpoint_of, name="checkpoint-of"),
    path("witnessed", views.witnessed, name="witnessed"),
    path("policy", views.policy, name="policy"),
    path("gossip", views.gossip, name="gossip"),
    path("contradictions/<int:number>", views.contradiction, name="contradiction"),
    path("find/", views.find, name="find"),
    path("vkey", views.vkey, name="vkey"),
    path("tile/<path:path>", views.tile, name="tile"),
    path("entry/<int:index>", views.entry, name="entry"),
    path("entry/<int:index>/data", views.entry_data, name="data"),
    path("entry/<int:index>/stamp", views.stamp, name="stamp"),
    path("entry/<int:index>/proof", views.proof, name="proof"),
]
