"""What happened to a conversation."""

from django.http import HttpRequest
from ninja import Router
from typing_extensions import TypedDict

from chatbot.conversations.errors import NotAssignee
from chatbot.web.json_api import reads
from workbench.access.agents import logged_in_agent
from workbench.access.sessions import readable_session
from workbench.api.guards import check_readable
from workbench.lists.history import HistoryLine, history_of

router = Router(tags=["sessions"])


class HistoryJson(TypedDict):
    """Oldest first; of a very long history the newest lines."""

    items: list[HistoryLine]


@router.get("/{name}/history", response=HistoryJson)
@reads(NotAssignee, access=check_readable)
def read_history(request: HttpRequest, name: str) -> HistoryJson:
    """For who may read the conversation."""
    return {"items": history_of(readable_session(logged_in_agent(request), name))}
