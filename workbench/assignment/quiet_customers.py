"""Customers who fall silent in a live conversation: they are reminded, and later the conversation is closed.

Each team says after how long, and whether at all, so that silent conversations do not fill its agents' capacity. Who
waits for his agent, or whose conversation rests, is never hurried: `quiet_since` is set by what an agent writes, and
cleared by what the customer writes and by a hold (chatbot/conversations/transcript.py, lifecycle.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext_noop

from chatbot.conversations import closing, events, transcript
from chatbot.conversations.history import SYSTEM
from chatbot.conversations.locking import LockedSession, lock_if_free
from chatbot.conversations.teams import team_key
from chatbot.models import SILENCE, ChatSession, Status, Team
from realtime.api import send_many
from workbench.assignment.matching import TeamKey
from workbench.assignment.turn import take_turn

REMINDER = gettext_noop("Are you still there? Write whenever you are ready, and we will go on.")
REMINDER_BEFORE_END = gettext_noop(
    "Are you still there? If we do not hear from you, this conversation will be closed; you can go on with it later."
)
CLOSED = gettext_noop(
    "We have not heard from you, and have closed this conversation. Write again at any time to reopen it."
)

# In one look, each in a transaction of its own.
MAX_CHANGES = 200

Teams = Mapping[TeamKey, Team]


def attend_quiet_customers() -> int:
    """Remind and close what is due, longest first, and return how many; one query where no team wants it, else three.

    Raises NotOurTurn.
    """
    teams = {team_key(team): team for team in Team.objects.filter(remind_seconds__isnull=False)}
    if not teams:
        return 0
    return _each(_to_close(teams), close_quiet) + _each(_to_remind(teams), remind)


def _each(sessions: QuerySet[ChatSession], change: Callable[[str], bool]) -> int:
    done = 0
    for name in list(sessions.order_by("quiet_since").values_list("name", flat=True)[:MAX_CHANGES]):
        take_turn()
        done += change(name)
    return done


def remind(session_name: str) -> bool:
    """Ask a customer who has not answered whether he is there, once in a silence; whether this call did.

    Locks the session, and looks again under that lock.
    """
    with transaction.atomic():
        found = _lock_if_due(session_name, _to_remind)
        if found is None:
            return False
        session, now = found.locked.session, found.locked.now
        text = REMINDER if found.team.close_seconds is None else REMINDER_BEFORE_END
        occasion = f"quiet-{session.quiet_since:%Y%m%d%H%M%S%f}"
        message = transcript.write_aside(session, text, occasion=occasion, now=now, notice="reminded")
        session.reminded_at = now
        session.save(update_fields=["reminded_at"])
        send_many(events.new_message(session, message, source=events.WORKBENCH))
    return True


def close_quiet(session_name: str) -> bool:
    """Close a session whose customer has not answered the reminder either, and tell him; whether this call did.

    Nobody is asked for a rating. Locks the session, and looks again under that lock.
    """
    with transaction.atomic():
        found = _lock_if_due(session_name, _to_close)
        if found is None:
            return False
        session, now = found.locked.session, found.locked.now
        former = session.assignee.username if session.assignee else None
        why = {"code": "quiet", "seconds": found.team.close_seconds}
        change = closing.close(session, now=now, actor=SYSTEM, reason=SILENCE, why=why)
        notice = transcript.write_notice(session, CLOSED, now=now, notice="quiet")
        told = events.change_with_notice(
            session, notice, change=change, source=events.WORKBENCH, former_assignee=former
        )
        send_many(told)
    return True


@dataclass(frozen=True, slots=True)
class _Due:
    """A locked session for which the rule of its team holds."""

    locked: LockedSession
    team: Team


def _lock_if_due(session_name: str, rule: Callable[[Teams], QuerySet[ChatSession]]) -> _Due | None:
    locked = lock_if_free(session_name)
    if locked is None:
        return None
    key = locked.session.team_id
    team = Team.objects.filter(Q(pk=key) if key else Q(is_default=True), remind_seconds__isnull=False).first()
    if team is None or not rule({key: team}).filter(pk=locked.session.pk).exists():
        return None
    return _Due(locked, team)


def _to_remind(teams: Teams) -> QuerySet[ChatSession]:
    limits = {key: team.remind_seconds or 0 for key, team in teams.items()}
    return _older("quiet_since", limits).filter(reminded_at=None)


def _to_close(teams: Teams) -> QuerySet[ChatSession]:
    limits = {key: team.close_seconds for key, team in teams.items() if team.close_seconds is not None}
    return _older("reminded_at", limits) if limits else ChatSession.objects.none()


def _older(moment: str, limits: Mapping[TeamKey, int]) -> QuerySet[ChatSession]:
    """Live sessions that wait for their customers, `moment` being as long ago as their team says.

    What was said since counts, also where an older version noted it. The first time is for the index session_quiet.
    """
    live = ChatSession.objects.filter(status=Status.MANUAL_LIVE, held_since=None, unanswered_since=None)
    in_index = live.filter(quiet_since__lte=Now() - timedelta(seconds=min(limits.values())))
    due = Q()
    for key, seconds in limits.items():
        of_team = Q(team=key) if key is not None else Q(team__isnull=True)
        due |= of_team & Q(since__lte=Now() - timedelta(seconds=seconds))
    return in_index.filter(**{f"{moment}__isnull": False}).alias(since=Greatest(moment, "last_activity_at")).filter(due)
