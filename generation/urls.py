"""Addresses of the line."""

from django.urls import path

from . import acts, api, files, hidden, history, pausepage, presets, queueing, views

app_name = "generation"
urlpatterns = [
    path("api/v1/generations", api.generations, name="api_generations"),
    path("api/v1/generations/<uuid:generation_id>", api.generation, name="api_generation"),
    path("api/v1/generations/<uuid:generation_id>/cancel", api.cancel, name="api_cancel"),
    path("api/v1/generations/<uuid:generation_id>/retry", api.retry, name="api_retry"),
    path("api/v1/models", api.models, name="api_models"),
    path("api/v1/generations/<uuid:generation_id>/clip.mp4", api.clip_file, name="api_clip_file"),
    path("ask/", views.ask, name="ask"),
    path("queue/", queueing.queue, name="queue"),
    path("queue/cancel/", queueing.cancel_all, name="cancel_all"),
    path("prompts/", history.prompts, name="prompts"),
    path("presets/", presets.listed, name="presets"),
    path("presets/<int:preset_id>/remove/", presets.remove, name="remove_preset"),
    path("pause/", pausepage.switch, name="pause"),
    path("generations/", views.mine, name="mine"),
    path("generations/<uuid:generation_id>/", views.show, name="show"),
    path("generations/<uuid:generation_id>/state/", views.state, name="state"),
    path("generations/<uuid:generation_id>/look/", queueing.look, name="look"),
    path("generations/<uuid:generation_id>/cancel/", views.cancel, name="cancel"),
    path("generations/<uuid:generation_id>/retry/", queueing.retry, name="retry"),
    path("generations/<uuid:generation_id>/describe/", views.describe, name="describe"),
    path("generations/<uuid:generation_id>/publish/", views.publish, name="publish"),
    path("generations/<uuid:generation_id>/reveal/", hidden.reveal, name="reveal"),
    path("generations/<uuid:generation_id>/prompt.json", hidden.own_opening, name="own_opening"),
    path("generations/<uuid:generation_id>/withdraw/", acts.withdraw, name="withdraw"),
    path("generations/<uuid:generation_id>/restore/", acts.restore, name="restore"),
    path("generations/<uuid:generation_id>/erase/", acts.choose, name="erase_choice"),
    path("generations/<uuid:generation_id>/erase/<str:kind>/", acts.erase, name="erase"),
    path("media/<uuid:clip_id>.mp4", files.clip_file, name="clip_file"),
    path("media/<uuid:clip_id>/prompt.json", hidden.opening, name="opening"),
    path("media/<uuid:clip_id>/poster.webp", files.poster, name="poster"),
    path("media/<uuid:clip_id>/poster.avif", files.poster, {"kind": "avif"}, name="poster_avif"),
    path("media/<uuid:clip_id>/poster.jpg", files.poster, {"kind": "jpeg"}, name="poster_jpeg"),
    path("media/<uuid:clip_id>/preview.webp", files.preview, name="preview"),
]
