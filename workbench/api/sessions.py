"""The agents' HTTP API. Each view is a job on a database thread: who is it, authorise, read, act, answer.

What changes a session is authorised by its action, on the row that it locks.

CSRF is checked by Django's middleware before any of this runs.
"""

import functools
from collections.abc import Callable
from typing import Annotated, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel, Field

from chatbot.conversations import errors
from chatbot.conversations.names import check_name
from chatbot.conversations.selectors import position_of
from chatbot.models import Status
from chatbot.web.digests import KEY_DIGITS, digest
from chatbot.web.json_api import Job, Text, View, json_response, json_view, read_allowed_json, read_query
from chatbot.web.rate_limits import check_rate
from chatbot.web.schemas import EmptyBody, MessageBody, MessagePageQuery
from realtime import groups
from workbench import selectors
from workbench.access.agents import Agent, logged_in_agent
from workbench.access.sessions import find_session, readable_session
from workbench.actions.close import close
from workbench.actions.release import release
from workbench.actions.reply import reply
from workbench.actions.take_over import take_over

DEFAULT_PAGE = 30
MAX_PAGE = 100
MAX_SEARCH_LENGTH = 100
MAX_CURSOR_LENGTH = 200


class SessionListQuery(BaseModel):
    """Which sessions; `before` is the `next` of the page before."""

    status: Status | None = None
    mine: Literal["", "0", "1"] = "0"
    q: Annotated[Text, Field(max_length=MAX_SEARCH_LENGTH)] = ""
    before: Annotated[Text, Field(max_length=MAX_CURSOR_LENGTH)] = ""
    limit: Annotated[int, Field(gt=0, le=MAX_PAGE)] = DEFAULT_PAGE


class TakeOverBody(BaseModel):
    force: bool = False


async def guard_write(request: HttpRequest, **kwargs: str) -> None:
    """Refuse who is not logged in, and what comes too often.

    Counted by login session: the agent's name would take a query, and what nobody else knows nobody else can use up.
    Logging in again begins a new count, but logins have a rate of their own.
    """
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not key:
        raise errors.Unauthenticated
    await check_rate(request, "replies", digest(key)[:KEY_DIGITS])


def agent_view(method: str) -> Callable[[Job], View]:
    """A call of a logged-in agent: the job gets the agent after the request."""

    def decorate(job: Job) -> View:
        @functools.wraps(job)
        def authenticated(request: HttpRequest, **kwargs: str) -> HttpResponse:
            return job(request, logged_in_agent(request), **kwargs)

        return json_view(method, guard_write if method == "POST" else None)(authenticated)

    return decorate


@agent_view("GET")
def sessions(request: HttpRequest, agent: Agent) -> HttpResponse:
    query = read_query(request, SessionListQuery)
    position = position_of([groups.agent(agent.id), groups.BROADCAST])
    items, following = selectors.session_page(
        agent,
        status=query.status,
        mine=query.mine == "1",
        q=query.q.strip(),
        before=query.before,
        limit=query.limit,
    )
    return json_response({"items": items, "next": following, "position": position})


@agent_view("GET")
def queue(request: HttpRequest, agent: Agent) -> HttpResponse:
    position = position_of([groups.agent(agent.id), groups.BROADCAST])
    items, total = selectors.queue_page()
    return json_response({"items": items, "total": total, "position": position})


@agent_view("GET")
def session(request: HttpRequest, agent: Agent, name: str) -> HttpResponse:
    position = position_of([check_name(name), groups.agent(agent.id), groups.BROADCAST])
    readable = readable_session(agent, name)
    page = read_query(request, MessagePageQuery)
    detail = selectors.session_detail(readable, agent, before=page.before, limit=page.limit)
    return json_response({**detail, "position": position})


@agent_view("POST")
def takeover(request: HttpRequest, agent: Agent, name: str) -> HttpResponse:
    check_name(name)
    body = read_allowed_json(request, TakeOverBody, lambda: find_session(name))
    taken = take_over(session_name=name, agent=agent, force=body.force)
    return json_response(selectors.session_item(taken, agent))


@agent_view("POST")
def messages(request: HttpRequest, agent: Agent, name: str) -> HttpResponse:
    check_name(name)
    body = read_allowed_json(request, MessageBody, lambda: readable_session(agent, name))
    message, created = reply(session_name=name, agent=agent, content=body.content, client_id=body.client_id)
    return json_response(message, status=201 if created else 200)


@agent_view("POST")
def release_session(request: HttpRequest, agent: Agent, name: str) -> HttpResponse:
    check_name(name)
    read_allowed_json(request, EmptyBody, lambda: readable_session(agent, name))
    return json_response(selectors.session_item(release(session_name=name, agent=agent), agent))


@agent_view("POST")
def close_session(request: HttpRequest, agent: Agent, name: str) -> HttpResponse:
    check_name(name)
    read_allowed_json(request, EmptyBody, lambda: readable_session(agent, name))
    return json_response(selectors.session_item(close(session_name=name, agent=agent), agent))
