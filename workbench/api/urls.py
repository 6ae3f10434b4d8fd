"""Addresses of the agents' API."""

from django.urls import path

from workbench.api import sessions as api

# Django tries them in this order: what is called most comes first.
urlpatterns = [
    path("api/sessions/<str:name>/messages", api.messages),
    path("api/sessions/queue", api.queue),
    path("api/sessions/<str:name>", api.session),
    path("api/sessions", api.sessions),
    path("api/sessions/<str:name>/takeover", api.takeover),
    path("api/sessions/<str:name>/release", api.release_session),
    path("api/sessions/<str:name>/close", api.close_session),
]
