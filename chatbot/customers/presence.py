"""Notes in the database which customers have a stream in this process."""

from chatbot.conversations import presence
from chatbot.conversations.presence_keeper import PresenceKeeper, keep
from chatbot.customers.access import authorise_streams
from realtime import process

GRACE_SECONDS = 5.0


async def keep_presence() -> None:
    """Do it for as long as this process lives."""
    streams = process.current().streams
    keeper = PresenceKeeper(presence.change, GRACE_SECONDS)

    async def look() -> None:
        await keeper.look({request.kwargs["name"] for request in streams.requests_of(authorise_streams)})

    await keep(look)
