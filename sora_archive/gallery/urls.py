"""Addresses of the gallery."""

from django.urls import path

from . import api, desk, embedding, feeds, machines, views

app_name = "gallery"
urlpatterns = [
    path("", views.home, name="home"),
    path("clips/", views.find, name="find"),
    path("clips/feed.atom", feeds.atom, name="feed"),
    path("clips/<uuid:clip_id>/", views.clip, name="clip"),
    path("clips/<uuid:clip_id>/embed/", embedding.player, name="embed"),
    path("collections/", views.collections, name="collections"),
    path("collections/begin/", desk.begin, name="collection_begin"),
    path("collections/<slug:slug>/", views.collection, name="collection"),
    path("collections/<slug:slug>/desk/", desk.desk, name="collection_desk"),
    path("collections/<slug:slug>/desk/pieces/", desk.put_in, name="collection_put_in"),
    path(
        "collections/<slug:slug>/desk/pieces/<int:piece_id>/", desk.change, name="collection_change"
    ),
    path("collections/<slug:slug>/desk/end/", desk.end, name="collection_end"),
    path("patterns/", views.patterns, name="patterns"),
    path("oembed", embedding.oembed, name="oembed"),
    path("api/v1/", api.guide, name="api"),
    path("api/v1/openapi.json", api.openapi, name="openapi"),
    path("api/v1/clips", api.clips, name="api_clips"),
    path("api/v1/clips/<str:clip_id>", api.clip, name="api_clip"),
    path("robots.txt", machines.robots, name="robots"),
    path("ai.txt", machines.ai, name="ai"),
    path(".well-known/tdmrep.json", machines.tdmrep, name="tdmrep"),
    path(".well-known/security.txt", machines.security, name="security"),
    path("sitemap.xml", machines.sitemap, name="sitemap"),
    path("sitemap/pages.xml", machines.sitemap_pages, name="sitemap_pages"),
    path("sitemap/<str:day>.xml", machines.sitemap_day, name="sitemap_day"),
]
