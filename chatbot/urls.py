"""Addresses of the customers' API."""

from django.urls import path

from chatbot import api

urlpatterns = [
    path("api/sessions", api.sessions),
    path("api/sessions/<str:name>", api.session),
    path("api/sessions/<str:name>/messages", api.messages),
    path("api/sessions/<str:name>/escalate", api.escalation),
    path("api/sessions/<str:name>/cancel-escalation", api.escalation_end),
]
