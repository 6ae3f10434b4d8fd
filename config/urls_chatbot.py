"""URLs of the chatbot service (its streams are in chatbot/customers/streams.py)."""

from django.urls import include, path
from django.views.decorators.gzip import gzip_page
from django.views.i18n import JavaScriptCatalog

from chatbot.customers.page import chat_page
from chatbot.web.language import set_language
from realtime.serving import health

urlpatterns = [
    path("", chat_page, name="chat"),
    path("", include("chatbot.customers.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("language/", set_language, name="language"),
    path("jsi18n/", gzip_page(JavaScriptCatalog.as_view()), name="jsi18n"),
]

handler400 = "chatbot.web.error_pages.bad_request"
handler404 = "chatbot.web.error_pages.not_found"
handler500 = "chatbot.web.error_pages.server_error"
