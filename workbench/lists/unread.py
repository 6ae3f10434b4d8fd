"""What an agent has not read yet."""

from collections.abc import Sequence

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from chatbot.models import ChatSession, Message, Role, SeenMessage
from workbench.access.agents import Agent


def unread_counts(sessions: Sequence[ChatSession], agent: Agent) -> dict[int, int]:
    """By session id, how many messages of the customer the agent has not seen; one query for all (none for none).

    Sessions where there is none are left out.
    """
    ids = [session.pk for session in sessions]
    if not ids:
        return {}
    seen = SeenMessage.objects.filter(session=OuterRef("session"), agent=agent.user).values("message_id")
    customers = Message.objects.filter(session__in=ids, role=Role.CUSTOMER)
    unseen = customers.alias(seen=Coalesce(Subquery(seen), 0)).filter(Q(id__gt=F("seen")))
    return dict(unseen.order_by().values("session_id").annotate(count=Count("id")).values_list("session_id", "count"))
