"""A team is given up; who waits for it waits for the default team."""

from django.db import transaction

from chatbot.conversations import events, lifecycle, queue
from chatbot.conversations.errors import Conflict, TeamNotFound
from chatbot.conversations.events import desk_of
from chatbot.conversations.history import Actor
from chatbot.conversations.locking import LockedSession, lock_session
from chatbot.conversations.selectors import queue_rank
from chatbot.models import ChatSession, Status, Team
from realtime.api import send_many


def delete_team(*, team_id: int, actor: Actor) -> None:
    """Delete a team, its hours and memberships. Its sessions are the default team's; waiting ones keep their time.

    Locks the team and, by id, the sessions that wait for it. Raises TeamNotFound, Conflict for the default team.
    """
    with transaction.atomic():
        team = Team.objects.select_for_update().filter(pk=team_id).first()
        if team is None:
            raise TeamNotFound
        if team.is_default:
            raise Conflict
        waiting = ChatSession.objects.filter(team=team, status=Status.PENDING_MANUAL).order_by("pk")
        outgoing: list[events.Outgoing] = []
        for name in waiting.values_list("name", flat=True):
            outgoing += _move_to_default(lock_session(name), actor)
        team.delete()
        queue.announce_queue()
        send_many(outgoing)


def _move_to_default(locked: LockedSession, actor: Actor) -> list[events.Outgoing]:
    session = locked.session
    if session.status != Status.PENDING_MANUAL:
        return []  # taken between the look and the lock
    former_desk = desk_of(session.team_id)
    change = lifecycle.move(session, team=None, actor=actor, now=locked.now)
    since = session.waiting_since or locked.now
    return [
        *events.session_updated(session, source=events.WORKBENCH, former_desk=former_desk),
        *events.transfer_request(session, waiting_since=since, position=queue_rank(session), source=events.WORKBENCH),
        *events.status_change(session, change=change, source=events.WORKBENCH),
    ]
