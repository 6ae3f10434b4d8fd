"""Addresses of the customers' API."""

from chatbot.conversations.errors import NotFound
from chatbot.customers.api import attachments, ending, escalation, links, messages, sessions, teams, typing
from chatbot.customers.api.guards import Owner
from chatbot.web.documents import document_addresses
from chatbot.web.json_api import ServiceAPI
from chatbot.web.openapi import NAME, event_stream

api = ServiceAPI(
    "Handover: customers",
    "A customer talks to a bot, and can ask for a human.",
    auth=Owner(),
    is_csrf_exempt=True,  # chatbot/customers/api/guards.py
)

# Django tries them in this order: what is called most comes first.
for router in (messages.router, typing.router, sessions.router, escalation.router, ending.router, attachments.uploads):
    api.add_router("/sessions", router)
api.add_router("/attachments", attachments.router)
api.add_router("/teams", teams.router)
api.add_router("/links", links.router)
api.add_router("/hand-overs", escalation.hand_overs)

# Of chatbot/customers/streams.py.
STREAMS = {"/api/sessions/{name}/events": event_stream("Events of a session", Owner(), [NotFound], [NAME])}

urlpatterns = [*api.addresses(), *document_addresses(api, STREAMS)]
