"""An agent takes the first in his queue: that of his teams, of a supervisor that of all."""

from chatbot.conversations.errors import Conflict, NotFound, QueueEmpty
from chatbot.models import QUEUE_ORDER, ChatSession
from workbench.access.agents import Agent
from workbench.access.sessions import waiting_for
from workbench.actions.take_over import take_over


def take_next(*, agent: Agent) -> ChatSession:
    """Give the first waiting session of his queue to an agent. Raises QueueEmpty.

    Where somebody else gets that one between our look and our lock, it is the next: callers never race for one. Locks
    the session.
    """
    while True:
        waiting = ChatSession.objects.filter(waiting_for(agent)).order_by(*QUEUE_ORDER)
        name = waiting.values_list("name", flat=True).first()
        if name is None:
            raise QueueEmpty
        try:
            return take_over(session_name=name, agent=agent)
        except (Conflict, NotFound):
            continue  # it no longer waits, so that the next look finds another one first
