"""A customer asks for a human, by button or by word."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chatbot.conversations.credentials import Credentials
from chatbot.conversations.errors import InvalidBody
from chatbot.conversations.escalation import enqueue
from chatbot.conversations.history import CUSTOMER
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession, Team
from realtime.api import send_many


def escalate(
    *, session_name: str, reason: str, credentials: Credentials | None, team_id: int | None = None
) -> tuple[ChatSession, int]:
    """Put a session into the queue; return it and its place there, from 1.

    Every open workbench of the team shows it: of the default one, or of one that the customer may choose. A closed
    session is reopened.
    Locks the session; raises NotFound, also where `credentials` is given and does not cover it, AlreadyEscalated,
    QueueFull, and InvalidBody for a team that cannot be chosen.
    """
    with transaction.atomic():
        locked = lock_session(session_name, credentials)
        team = None if team_id is None else _chosen(team_id)
        position, outgoing = enqueue(locked.session, actor=CUSTOMER, reason=reason, now=locked.now, team=team)
        send_many(outgoing)
    return locked.session, position


def _chosen(team_id: int) -> Team:
    team = Team.objects.filter(pk=team_id, is_offered_to_customers=True).first()
    if team is None:
        raise InvalidBody(_("This team cannot be chosen. Choose one of the list, or none."), code="INVALID_TEAM")
    return team
