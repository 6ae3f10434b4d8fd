"""Notes in the database which agents have a stream in this process."""

from collections.abc import Iterable, Mapping, Set

from chatbot.conversations import agent_presence
from chatbot.conversations.presence_keeper import PresenceKeeper, keep
from realtime import groups, process
from realtime.database import read_database
from realtime.groups import Channel
from realtime.stream.request import StreamRequest
from workbench.access.agents import agents_of
from workbench.access.streams import authorise_agent_streams, session_key

# A tab that sleeps, a network that changes, a service that is started anew: nobody has gone home.
GRACE_SECONDS = 30.0

# By an agent's id the logins with which his desks are open.
Logins = Mapping[str, Set[str]]


class DeskKeeper:
    """What one process has written of agents. Who has logged out, or may not come back, has no grace."""

    def __init__(self, keeper: PresenceKeeper) -> None:
        self._keeper = keeper
        self._logins: dict[str, Set[str]] = {}  # also of those whose last desk closed, while they may come back

    async def look(self, open_now: Logins) -> None:
        """Write what differs. Reads only while somebody is gone whose grace still runs. Raises DatabaseError."""
        gone = {agent: logins for agent, logins in self._logins.items() if agent not in open_now}
        over = await read_database(without_login, gone) if gone else frozenset()
        self._logins.update(open_now)
        await self._keeper.look(open_now.keys(), over=over)
        for agent in gone.keys() - self._keeper.written:
            del self._logins[agent]


async def keep_presence_of_agents() -> None:
    """Do it for as long as this process lives."""
    streams = process.current().streams
    keeper = DeskKeeper(PresenceKeeper(agent_presence.change, GRACE_SECONDS))

    async def look() -> None:
        await keeper.look(logins_of(streams.grants_of(authorise_agent_streams)))

    await keep(look)


def logins_of(grants: Iterable[tuple[StreamRequest, tuple[Channel, ...]]]) -> Logins:
    """Whose desks these streams are, by the agent's channel that each of them reads."""
    logins: dict[str, set[str]] = {}
    for request, channels in grants:
        for channel in channels:
            if (agent := groups.agent_of(channel)) is not None:
                logins.setdefault(agent, set()).add(session_key(request))
    return logins


def without_login(logins: Logins) -> Set[str]:
    """Those of these agents of whom none of these logins is valid any more: two queries for any number."""
    valid = agents_of(key for keys in logins.values() for key in keys)
    return {agent for agent, keys in logins.items() if not any(key in valid for key in keys)}
