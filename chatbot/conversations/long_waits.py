"""Who has waited for longer than his team allows is not left waiting: he is told, and is with the assistant again."""

import asyncio
import logging
import random
from datetime import timedelta

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop

from chatbot.conversations import events, lifecycle, queue, transcript
from chatbot.conversations.history import SYSTEM
from chatbot.conversations.locking import lock_if_free
from chatbot.conversations.opening_hours import hours_of
from chatbot.conversations.teams import team_key
from chatbot.models import ChatSession, Offer, Phase, SessionInterval, Status, Team
from realtime.api import send_many
from realtime.database import in_database, log_fault, read_database
from realtime.log import leases

LOOK_SECONDS = 5.0
TURN = timedelta(seconds=LOOK_SECONDS)

NOTICE = gettext_noop(
    "Nobody could take your conversation so far, and we do not want to keep you waiting. The assistant is here again; "
    "ask for an agent again at any time, or leave an e-mail address."
)

logger = logging.getLogger(__name__)


async def end_long_waits() -> None:
    """Look for them every few seconds, in one process of all, for as long as this one lives."""
    while True:
        await asyncio.sleep(LOOK_SECONDS * random.uniform(0.8, 1.2))
        try:
            await look()
        except DatabaseError as error:
            log_fault(logger, error, "could not look for who waits too long, will try again")


async def look() -> None:
    """End the waits that are too long, unless another process does. If there are none, nothing is written."""
    found = await read_database(find_long_waits)
    if not found or not await in_database(leases.take, "long waits", TURN):
        return
    for name in found:
        try:
            await in_database(end_wait, session_name=name)
        except DatabaseError as error:  # it may be locked: go on with the others
            log_fault(logger, error, "could not end a wait, will try again session=%s", name)


def find_long_waits() -> list[str]:
    """Sessions that wait for longer than their teams allow, without an offer to an agent.

    While a team is closed nobody waits too long for it: he was told when it opens. One query, and where a team has
    such a limit those for its hours and its sessions.
    """
    now = timezone.now()
    limited = Team.objects.filter(max_wait_seconds__isnull=False).prefetch_related("hours", "holidays")
    return [name for team in limited if hours_of(team).is_open(now) for name in _names(_too_long(team))]


def _names(sessions: QuerySet[ChatSession]) -> list[str]:
    return list(sessions.order_by("pk").values_list("name", flat=True))


def _too_long(team: Team) -> QuerySet[ChatSession]:
    """By this wait, not by the first one: who was served and comes back to the queue waits anew."""
    since = Now() - timedelta(seconds=team.max_wait_seconds or 0)
    waits = SessionInterval.objects.filter(
        session=OuterRef("pk"), phase=Phase.WAITING, ended_at=None, began_at__lt=since
    )
    offers = Offer.objects.filter(session=OuterRef("pk"), ended_at=None)
    waiting = ChatSession.objects.filter(status=Status.PENDING_MANUAL, team=team_key(team))
    return waiting.filter(Exists(waits), ~Exists(offers))


def end_wait(*, session_name: str) -> bool:
    """Give a session that waits too long back to the bot, and say so; whether this call did.

    It did not if somebody has taken it meanwhile, or the wait is another one. Locks the session.
    """
    with transaction.atomic():
        locked = lock_if_free(session_name)
        if locked is None:
            return False
        session = locked.session
        rules = Team.objects.filter(pk=session.team_id) if session.team_id else Team.objects.filter(is_default=True)
        team = rules.first()
        if team is None or team.max_wait_seconds is None or not _too_long(team).filter(pk=session.pk).exists():
            return False
        why = {"code": "waited", "seconds": team.max_wait_seconds}
        change = lifecycle.give_up_waiting(session, actor=SYSTEM, now=locked.now, why=why)
        notice = transcript.write_notice(session, NOTICE, now=locked.now)
        queue.announce_queue()
        send_many(events.change_with_notice(session, notice, change=change, source="system"))
    return True
