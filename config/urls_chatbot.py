"""URLs of the chatbot service (its streams are in chatbot/streams.py)."""

from django.urls import include, path
from django.views.i18n import JavaScriptCatalog

from chatbot import views
from realtime.serving import health

urlpatterns = [
    path("", views.chat_page, name="chat"),
    path("", include("chatbot.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("language/", views.set_language, name="language"),
    path("jsi18n/", JavaScriptCatalog.as_view(), name="jsi18n"),
]

handler400 = "chatbot.http.bad_request"
handler404 = "chatbot.http.not_found"
handler500 = "chatbot.http.server_error"
