"""Conversations whose hold ends by itself, at the time that their agents have set."""

from django.db.models import QuerySet
from django.db.models.functions import Now

from chatbot.models import ChatSession, Status
from workbench.actions.resume import resume_in_time
from workbench.assignment.turn import take_turn

# In one look, each in a transaction of its own.
MAX_RESUMED = 200


def holds_that_are_over() -> QuerySet[ChatSession]:
    return ChatSession.objects.filter(status=Status.MANUAL_LIVE, held_since__isnull=False, hold_until__lte=Now())


def end_holds() -> int:
    """Resume what is to be resumed, and return how many; one query where there is nothing. Raises NotOurTurn."""
    done = 0
    for name in holds_that_are_over().order_by("hold_until").values_list("name", flat=True)[:MAX_RESUMED]:
        take_turn()
        done += resume_in_time(session_name=name)
    return done
