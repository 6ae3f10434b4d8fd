"""Addresses of the agents' API."""

from chatbot.conversations.errors import Forbidden, NotAssignee, NotFound, Unauthenticated
from chatbot.web.documents import document_addresses
from chatbot.web.json_api import ServiceAPI
from chatbot.web.openapi import NAME, event_stream
from workbench.access.streams import MAX_WATCHED
from workbench.api import (
    agents,
    assistance,
    attachments,
    editing,
    handling,
    history,
    messages,
    offers,
    queue,
    sessions,
    teams,
    today,
)
from workbench.api.guards import Login

api = ServiceAPI(
    "Handover: agents",
    "Agents see who waits, take conversations over and answer.",
    auth=Login(),
    is_csrf_exempt=False,
)

# Django tries them in this order: what is called most comes first, and `queue` before the names of sessions.
for router in (
    messages.router,
    queue.router,
    sessions.router,
    handling.router,
    offers.transfers,
    attachments.uploads,
    history.router,
    assistance.router,
):
    api.add_router("/sessions", router)
api.add_router("/attachments", attachments.router)
api.add_router("/labels", editing.labels)
api.add_router("/teams", teams.router)
api.add_router("/agents", agents.router)
api.add_router("/agent/availability", agents.own)
api.add_router("/agent/activity", agents.signs)
api.add_router("/agent/offers", offers.own)
api.add_router("/offers", offers.router)
api.add_router("/today", today.router)

# Of workbench/api/streams.py.
WATCH = {
    "name": "watch",
    "in": "query",
    "description": "Names of sessions to read in the same stream.",
    "schema": {"type": "array", "items": {"type": "string"}, "maxItems": MAX_WATCHED},
}
STREAMS = {
    "/api/agent/events": event_stream("Events of an agent", Login(), [Unauthenticated, Forbidden], [WATCH]),
    "/api/sessions/{name}/events": event_stream(
        "Events of a session", Login(), [Unauthenticated, Forbidden, NotFound, NotAssignee], [NAME]
    ),
}

urlpatterns = [*api.addresses(), *document_addresses(api, STREAMS)]
