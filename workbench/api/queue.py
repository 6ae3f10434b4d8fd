"""Who waits for an agent."""

from django.http import HttpRequest
from ninja import Router
from typing_extensions import TypedDict

from chatbot.conversations.selectors import position_of
from chatbot.web.json_api import reads
from realtime import groups
from workbench import selectors
from workbench.access.agents import logged_in_agent
from workbench.selectors import QueueItem

router = Router(tags=["queue"])


class QueueJson(TypedDict):
    """The head of the queue, who waits longest first; `total` counts all who wait."""

    items: list[QueueItem]
    total: int
    position: str


@router.get("/queue", response=QueueJson)
@reads(access=logged_in_agent)
def read_queue(request: HttpRequest) -> QueueJson:
    agent = logged_in_agent(request)
    position = position_of([groups.agent(agent.id), groups.BROADCAST])
    items, total = selectors.queue_page()
    return {"items": items, "total": total, "position": position}
