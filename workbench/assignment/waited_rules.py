"""Rules about waiting: who has waited so long gets another team, a priority or a label, once in each wait."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from chatbot.conversations import events, lifecycle, queue
from chatbot.conversations.escalation import label
from chatbot.conversations.history import SYSTEM
from chatbot.conversations.locking import LockedSession, lock_if_free
from chatbot.conversations.queue_rules import Asker, Outcome, outcome_of
from chatbot.conversations.teams import team_key
from chatbot.models import ChatSession, Phase, QueueRule, SessionInterval, Status, TriedRule
from realtime.api import send_many
from workbench.actions.move import move
from workbench.assignment.turn import take_turn

# In one look and of one rule, each in a transaction of its own.
MAX_TRIED = 200


def try_waited_rules() -> int:
    """Try the rules on who has waited long enough, longest first; return on how many. Raises NotOurTurn.

    One query, and one for each such rule.
    """
    rules = list(QueueRule.objects.filter(is_active=True, waited_seconds__isnull=False).select_related("team"))
    names = dict.fromkeys(name for rule in rules for name in find_untried(rule))
    tried = 0
    for name in names:
        take_turn()
        tried += try_rules(rules, session_name=name)
    return tried


def find_untried(rule: QueueRule) -> Sequence[str]:
    """Names of sessions on which a rule about waiting is to be tried, longest wait first; one query."""
    return list(_untried(rule).order_by("waiting_since", "id").values_list("name", flat=True)[:MAX_TRIED])


def _untried(rule: QueueRule) -> QuerySet[ChatSession]:
    """By this wait, not by the first one: who was served and comes back to a queue waits anew."""
    tried = TriedRule.objects.filter(rule=rule, session=OuterRef("session"), tried_at__gte=OuterRef("began_at"))
    limit = Now() - timedelta(seconds=rule.waited_seconds or 0)
    waits = SessionInterval.objects.filter(
        ~Exists(tried), session=OuterRef("pk"), phase=Phase.WAITING, ended_at=None, began_at__lte=limit
    )
    return ChatSession.objects.filter(Exists(waits), status=Status.PENDING_MANUAL)


def try_rules(rules: Sequence[QueueRule], *, session_name: str) -> bool:
    """Try on one session those that are due, as one; whether any was.

    None is if it does not wait any more, or another process tried them.
    """
    with transaction.atomic():
        locked = lock_if_free(session_name)
        if locked is None:
            return False
        session = locked.session
        due = [rule for rule in rules if _untried(rule).filter(pk=session.pk).exists()]
        for rule in due:
            TriedRule.objects.update_or_create(rule=rule, session=session, defaults={"tried_at": locked.now})
        outcome = outcome_of(due, Asker(session, (session.question, session.escalation_reason)))
        if outcome.rules:
            send_many(_apply(outcome, locked))
            queue.announce_queue()
    return bool(due)


def _apply(outcome: Outcome, locked: LockedSession) -> list[events.Outgoing]:
    session, now = locked.session, locked.now
    is_changed = label(session, outcome, now=now)
    if outcome.priority > session.priority:
        is_changed |= lifecycle.sort(session, priority=outcome.priority, actor=SYSTEM, now=now, why=outcome.why)
    team = outcome.team
    if team is not None and team_key(team) != session.team_id:
        to = None if team.is_default else team
        return move(locked, team=to, actor=SYSTEM, why=outcome.why)  # which tells of the rest, too
    return events.session_updated(session, source=events.WORKBENCH) if is_changed else []
