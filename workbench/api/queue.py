"""Who waits for an agent."""

from django.http import HttpRequest
from ninja import Router
from typing_extensions import TypedDict

from chatbot.conversations.errors import QueueEmpty
from chatbot.conversations.selectors import position_of
from chatbot.web.bodies import EmptyBody, Json
from chatbot.web.json_api import changes, reads
from workbench import selectors
from workbench.access.agents import logged_in_agent
from workbench.access.sessions import served_teams
from workbench.access.streams import desk_channels
from workbench.actions.take_next import take_next
from workbench.selectors import QueueItem, SessionItem

router = Router(tags=["queue"])


class QueueJson(TypedDict):
    """The head of the agent's queue, who waits longest first; `total` counts all who wait in it.

    `teams` are the ids of those whose queue it is. Events of the default team come on broadcast, to everybody: who
    serves other teams alone leaves its customers out.
    """

    items: list[QueueItem]
    total: int
    teams: list[int]
    position: str


@router.post("/next", response=SessionItem)
@changes(QueueEmpty, access=logged_in_agent)
def take_next_session(request: HttpRequest, body: Json[EmptyBody]) -> SessionItem:
    """Take the session that has waited longest: the server chooses, so that two agents never race."""
    agent = logged_in_agent(request)
    return selectors.session_item(take_next(agent=agent), agent)


@router.get("/queue", response=QueueJson)
@reads(access=logged_in_agent)
def read_queue(request: HttpRequest) -> QueueJson:
    agent = logged_in_agent(request)
    position = position_of(desk_channels(agent))
    items, total = selectors.queue_page(agent)
    return {"items": items, "total": total, "teams": served_teams(agent), "position": position}
