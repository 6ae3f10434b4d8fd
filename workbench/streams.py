"""The workbench's streams. They are ASGI routes in front of Django (realtime/serving/routes.py), not views."""

from workbench.access import authorise_agent_streams, authorise_session_streams

STREAM_ROUTES = [
    ("api/agent/events", authorise_agent_streams),
    ("api/sessions/<str:name>/events", authorise_session_streams),
]
