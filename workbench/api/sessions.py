"""Reading conversations. Each operation is a job on a database thread: who is it, authorise, read."""

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypedDict

from chatbot.conversations.errors import NotAssignee
from chatbot.conversations.names import check_name
from chatbot.conversations.selectors import position_of
from chatbot.models import MAX_LABEL_LENGTH, Status
from chatbot.web.bodies import Text
from chatbot.web.json_api import reads
from chatbot.web.schemas import MessagePageQuery
from realtime import groups
from workbench import selectors
from workbench.access.agents import logged_in_agent
from workbench.access.sessions import readable_session
from workbench.access.streams import desk_channels
from workbench.api.guards import check_readable
from workbench.selectors import SessionDetail, SessionItem

DEFAULT_PAGE = 30
MAX_PAGE = 100
MAX_SEARCH_LENGTH = 100
MAX_CURSOR_LENGTH = 200

router = Router(tags=["sessions"])


class SessionListQuery(BaseModel):
    """Which sessions, with this label if one is given; `before` is the `next` of the page before.

    With `sort=unanswered` only those whose customer waits for an agent's answer, longest first.
    """

    status: Status | SkipJsonSchema[None] = None
    mine: Literal["", "0", "1"] = "0"
    sort: Literal["latest", "unanswered"] = "latest"
    label: Annotated[Text, Field(max_length=MAX_LABEL_LENGTH)] = ""
    q: Annotated[Text, Field(max_length=MAX_SEARCH_LENGTH)] = ""
    before: Annotated[Text, Field(max_length=MAX_CURSOR_LENGTH)] = ""
    limit: Annotated[int, Field(gt=0, le=MAX_PAGE)] = DEFAULT_PAGE


class SessionListJson(TypedDict):
    """A page of sessions, newest activity first; `next` is the `before` of the page after it, null on the last."""

    items: list[SessionItem]
    next: str | None
    position: str


class SessionJson(SessionDetail):
    """With the position from which to open a stream."""

    position: str


@router.get("/{name}", response=SessionJson)
@reads(NotAssignee, access=check_readable)
def read_session(request: HttpRequest, name: str, page: Query[MessagePageQuery]) -> SessionJson:
    agent = logged_in_agent(request)
    position = position_of([check_name(name), groups.agent(agent.id), groups.BROADCAST])
    readable = readable_session(agent, name)
    detail = selectors.session_detail(readable, agent, before=page.before, limit=page.limit)
    return {**detail, "position": position}


@router.get("", response=SessionListJson)
@reads(access=logged_in_agent)
def list_sessions(request: HttpRequest, query: Query[SessionListQuery]) -> SessionListJson:
    agent = logged_in_agent(request)
    position = position_of(desk_channels(agent))
    items, following = selectors.session_page(
        agent,
        status=query.status,
        mine=query.mine == "1",
        label=query.label,
        by_unanswered=query.sort == "unanswered",
        q=query.q.strip(),
        before=query.before,
        limit=query.limit,
    )
    return {"items": items, "next": following, "position": position}
