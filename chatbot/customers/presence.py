"""Notes in the database which customers have a stream in this process."""

from collections.abc import Set

from chatbot.conversations import presence
from chatbot.conversations.presence_keeper import PresenceKeeper, keep
from chatbot.customers.access import authorise_streams
from realtime import process

GRACE_SECONDS = 5.0


async def keep_presence() -> None:
    """Do it for as long as this process lives."""
    await keep(PresenceKeeper(presence.change, GRACE_SECONDS), _open_now)


def _open_now() -> Set[str]:
    requests = process.current().streams.requests_of(authorise_streams)
    return {request.kwargs["name"] for request in requests}
