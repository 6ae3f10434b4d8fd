"""Taking a conversation over and giving it away. Each action authorises, on the row that it locks."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from chatbot.conversations.errors import AlreadyTaken, InvalidStatus, NotAssignee, TeamNotFound
from chatbot.conversations.names import check_name
from chatbot.models import MAX_CLOSING_REASON_LENGTH, MAX_SUMMARY_LENGTH, ChatSession
from chatbot.web.bodies import Body, Day, EmptyBody, Json, Moment, Text
from chatbot.web.json_api import changes
from chatbot.web.schemas import TeamId
from workbench import selectors
from workbench.access.agents import logged_in_agent
from workbench.actions.close import close
from workbench.actions.hold import hold
from workbench.actions.release import release
from workbench.actions.requeue import requeue
from workbench.actions.resume import resume
from workbench.actions.take_over import take_over
from workbench.api.guards import check_found, check_readable
from workbench.selectors import SessionItem

router = Router(tags=["handling"])


class TakeOverBody(Body):
    force: bool = False
    from_bot: bool = False


@router.post("/{name}/takeover", response=SessionItem)
@changes(AlreadyTaken, InvalidStatus, access=check_found)
def take_session_over(request: HttpRequest, name: str, body: Json[TakeOverBody]) -> SessionItem:
    """Exactly one caller gets a session that waits. A supervisor may `force` it away from its agent.

    With `from_bot` a conversation is taken that is with the bot, too.
    """
    return _handle(request, name, partial(take_over, force=body.force, from_bot=body.from_bot))


@router.post("/{name}/release", response=SessionItem)
@changes(NotAssignee, InvalidStatus, access=check_readable)
def release_session(request: HttpRequest, name: str, body: Json[EmptyBody]) -> SessionItem:
    """Back to the bot."""
    return _handle(request, name, release)


class RequeueBody(Body):
    """`team`: the id of another team, whose queue it goes to."""

    team: TeamId | SkipJsonSchema[None] = None


@router.post("/{name}/requeue", response=SessionItem)
@changes(NotAssignee, InvalidStatus, TeamNotFound, access=check_readable)
def requeue_session(request: HttpRequest, name: str, body: Json[RequeueBody]) -> SessionItem:
    """Back to the queue, with its first waiting time: by its agent or a supervisor."""
    return _handle(request, name, partial(requeue, team=body.team))


class CloseBody(Body):
    """How it ended, for colleagues. After the reasons `spam` and `no_reply` the customer is not asked for a rating."""

    reason: Annotated[Text, Field(max_length=MAX_CLOSING_REASON_LENGTH)] = ""
    summary: Annotated[Text, Field(max_length=MAX_SUMMARY_LENGTH)] = ""
    follow_up_on: Day | SkipJsonSchema[None] = None


@router.post("/{name}/close", response=SessionItem)
@changes(NotAssignee, InvalidStatus, access=check_readable)
def close_session(request: HttpRequest, name: str, body: Json[CloseBody]) -> SessionItem:
    how = partial(close, reason=body.reason, summary=body.summary, follow_up_on=body.follow_up_on)
    return _handle(request, name, how)


class HoldBody(Body):
    """`until`: when it goes on by itself, with an offset from UTC; null: when the customer writes."""

    until: Moment | None = None


@router.post("/{name}/hold", response=SessionItem)
@changes(NotAssignee, InvalidStatus, access=check_readable)
def hold_session(request: HttpRequest, name: str, body: Json[HoldBody]) -> SessionItem:
    """It does not count as live meanwhile. The customer's next message ends it, too."""
    return _handle(request, name, partial(hold, until=body.until))


@router.post("/{name}/resume", response=SessionItem)
@changes(NotAssignee, InvalidStatus, access=check_readable)
def resume_session(request: HttpRequest, name: str, body: Json[EmptyBody]) -> SessionItem:
    """The end of the hold."""
    return _handle(request, name, resume)


def _handle(request: HttpRequest, name: str, action: Callable[..., ChatSession]) -> SessionItem:
    """Do it for the agent who asks; the session as they see it afterwards."""
    agent = logged_in_agent(request)
    check_name(name)
    return selectors.session_item(action(session_name=name, agent=agent), agent)
