"""A live conversation goes back to the queue: its agent hands it back, or was deactivated."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from chatbot.conversations import events, lifecycle, queue, transcript
from chatbot.conversations.errors import TeamNotFound
from chatbot.conversations.history import SYSTEM, Actor, agent_actor
from chatbot.conversations.locking import LockedSession, lock_if_free, lock_session
from chatbot.conversations.metrics import REQUEUES
from chatbot.conversations.places import place_of
from chatbot.models import ChatSession, Status, Team
from realtime.api import send_many
from workbench.access.agents import Agent
from workbench.access.assignee import check_assignee

HANDED_BACK = gettext_noop("The agent has handed the conversation back. You have your place in the queue back.")

NOTICE = gettext_noop("The agent is no longer available. You have your place in the queue back.")

STRANDED = Q(status=Status.MANUAL_LIVE, assignee__is_active=False)


def requeue(*, session_name: str, agent: Agent, team: int | None = None) -> ChatSession:
    """Put a live session back to the queue with its first waiting time, by its assignee or a supervisor.

    Of its own team, unless another one is named. Locks the session; raises NotFound, InvalidStatus (it is not live),
    NotAssignee, TeamNotFound.
    """
    with transaction.atomic():
        locked = lock_session(session_name)
        if not agent.is_supervisor or locked.session.status != Status.MANUAL_LIVE:
            check_assignee(locked.session, agent)
        to = None if team is None else find_team(team)
        actor = agent_actor(agent.user)
        send_many(put_back(locked, HANDED_BACK, notice="requeued", actor=actor, by=agent.user, team=to))
    return locked.session


def requeue_stranded(*, session_name: str) -> bool:
    """Put a live session of an agent who is not active back to the queue, at its first place; whether this call did.

    It did not if somebody else has moved the session on, or the agent is active again. Locks the session.
    """
    with transaction.atomic():
        locked = lock_if_free(session_name)
        if locked is None:
            return False
        if not ChatSession.objects.filter(STRANDED, pk=locked.session.pk).exists():
            return False
        former = locked.session.assignee
        why = {"code": "deactivated"}
        send_many(put_back(locked, NOTICE, notice="stranded", actor=SYSTEM, by=former, why=why))
    return True


def find_team(pk: int) -> Team:
    """One query. Raises TeamNotFound."""
    team = Team.objects.filter(pk=pk).first()
    if team is None:
        raise TeamNotFound
    return team


def put_back(
    locked: LockedSession,
    text: str,
    *,
    notice: transcript.Notice | None,
    actor: Actor,
    by: User | None,
    why: dict[str, Any] | None = None,
    team: Team | None = None,
    **values: str,
) -> list[events.Outgoing]:
    """Put a locked live session back to the queue, of this team if one is given, and return what to send.

    `text`, filled with `values`, tells the customer; `by` is the agent whom the notice names, `actor` who did it. The
    request comes first, so that open pages announce it as one.
    """
    session = locked.session
    former, former_desk = session.assignee.username if session.assignee else None, events.desk_of(session.team_id)
    change = lifecycle.requeue(session, actor=actor, now=locked.now, why=why, team=team)
    message = transcript.write_notice(session, text, now=locked.now, notice=notice, by=by, **values)
    queue.announce_queue()
    transaction.on_commit(lambda: REQUEUES.labels(notice or "team").inc())
    since, position = session.waiting_since or locked.now, place_of(session).rank
    is_elsewhere = events.desk_of(session.team_id) != former_desk
    moved = events.session_updated(session, source=events.WORKBENCH, former_desk=former_desk) if is_elsewhere else []
    return [
        *moved,
        *events.transfer_request(session, waiting_since=since, position=position, source=events.WORKBENCH),
        *events.change_with_notice(session, message, change=change, source=events.WORKBENCH, former_assignee=former),
    ]
