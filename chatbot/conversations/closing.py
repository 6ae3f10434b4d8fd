"""The end of a conversation: who ended it and why, and the customer's rating of it."""

from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User

from chatbot.conversations import lifecycle, queue
from chatbot.conversations.change import Change
from chatbot.conversations.errors import NotRatable
from chatbot.conversations.history import CUSTOMER, Actor, agent_actor
from chatbot.models import SILENCE, SPAM, ChatSession, Closing, Status

NEVER_RATED = (SPAM, SILENCE)


def close(
    session: ChatSession,
    *,
    now: datetime,
    agent: User | None = None,
    actor: Actor | None = None,
    why: dict[str, Any] | None = None,
    reason: str = "",
    summary: str = "",
    follow_up_on: date | None = None,
) -> Change:
    """End the conversation and note how; `agent` is None where the customer ends it, or `actor`. Returns the change.

    `why` are facts for the history, instead of the reason. The session must be locked. Raises InvalidStatus if it is
    closed.
    """
    said = {"reason": reason} if reason else {}
    change = lifecycle.close(session, actor=actor or _actor(agent), now=now, why=why or said)
    Closing.objects.create(
        session=session,
        version=session.version,
        agent=agent,
        reason=reason,
        summary=summary,
        follow_up_on=follow_up_on,
        closed_at=now,
    )
    if change.previous == Status.PENDING_MANUAL:
        queue.announce_queue()
    return change


def _actor(agent: User | None) -> Actor:
    return agent_actor(agent) if agent else CUSTOMER


def last_closing(session: ChatSession) -> Closing | None:
    """How a closed session ended, with the agent; None for one that is open, or was closed before this was noted.

    One query if it is closed.
    """
    if session.status != Status.CLOSED:
        return None
    return Closing.objects.select_related("agent").filter(session=session, version=session.version).first()


def is_ratable(closing: Closing | None) -> bool:
    """Whether the customer is still to be asked: once, after an agent ended it, never after spam or silence."""
    return (
        closing is not None
        and closing.agent_id is not None
        and closing.reason not in NEVER_RATED
        and closing.score is None
    )


def rate(session: ChatSession, *, score: int, comment: str) -> Closing:
    """Note the customer's rating of the session's end. The session must be locked. Raises NotRatable."""
    closing = last_closing(session)
    if closing is None or not is_ratable(closing):
        raise NotRatable
    closing.score, closing.comment = score, comment
    closing.save(update_fields=["score", "comment"])
    return closing
