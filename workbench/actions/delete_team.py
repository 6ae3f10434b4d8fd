"""A team is given up; who waits for it waits for the default team."""

from django.db import transaction

from chatbot.conversations import events, queue
from chatbot.conversations.errors import Conflict, TeamNotFound
from chatbot.conversations.history import Actor
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession, Status, Team
from realtime.api import send_many
from workbench.actions.move import move


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
            locked = lock_session(name)
            if locked.session.status == Status.PENDING_MANUAL:  # else taken between the look and the lock
                outgoing += move(locked, team=None, actor=actor)
        team.delete()
        queue.announce_queue()
        send_many(outgoing)
