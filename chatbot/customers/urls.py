"""Addresses of the customers' API."""

from django.urls import path

from chatbot.customers import api

# Django tries them in this order: what is called most comes first.
urlpatterns = [
    path("api/sessions/<str:name>/messages", api.messages),
    path("api/sessions/<str:name>", api.session),
    path("api/sessions", api.sessions),
    path("api/sessions/<str:name>/escalate", api.escalation),
    path("api/sessions/<str:name>/cancel-escalation", api.escalation_end),
]
