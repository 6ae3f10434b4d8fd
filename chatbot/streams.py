"""The chatbot's streams. They are ASGI routes in front of Django (realtime/serving/routes.py), not views."""

from chatbot.access import authorise_streams

STREAM_ROUTES = [("api/sessions/<str:name>/events", authorise_streams)]
