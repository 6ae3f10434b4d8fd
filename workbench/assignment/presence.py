"""Notes in the database which agents have a stream in this process."""

from collections.abc import Set

from chatbot.conversations import agent_presence
from chatbot.conversations.presence_keeper import PresenceKeeper, keep
from realtime import groups, process
from workbench.access.streams import authorise_agent_streams

# A tab that sleeps, a network that changes, a service that is started anew: nobody has gone home.
GRACE_SECONDS = 30.0


async def keep_presence_of_agents() -> None:
    """Do it for as long as this process lives."""
    await keep(PresenceKeeper(agent_presence.change, GRACE_SECONDS), _open_now)


def _open_now() -> Set[str]:
    streams = process.current().streams.channels_of(authorise_agent_streams)
    agents = (groups.agent_of(channel) for channels in streams for channel in channels)
    return {agent for agent in agents if agent is not None}
