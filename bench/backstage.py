"""A process of the product beside the services: makes sessions and logins, and sends durable events.

`main` reads one JSON command a line ({"do": name, …arguments}) and answers each with a line; Django must be set up.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from chatbot.customers.actions.cancel_escalation import cancel_escalation
from chatbot.customers.actions.escalate import escalate
from chatbot.models import BotTurn, ChatSession, Message, Role, Status, Team, TeamMember
from chatbot.web.digests import digest
from realtime import log
from realtime.api import send_many
from realtime.events import Event, encode
from realtime.groups import Channel, parse
from realtime.models import ChannelHead, LoggedEvent

BACKEND = "django.contrib.auth.backends.ModelBackend"

CHANNELS_A_TRANSACTION = 100
WAITING_AT_DESK, LIVE_AT_DESK = 24, 16
MAKE_HEADS = """
    INSERT INTO realtime_channelhead (channel, last, pruned) SELECT value, 0, 0 FROM json_each(%s) WHERE true
    ON CONFLICT (channel) DO NOTHING
"""
ADD_EVENTS = """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
    INSERT INTO realtime_loggedevent (channel, number, type, envelope, created_at)
    SELECT h.channel, h.last + n, 'bench_event', %s || ',"id":' || (h.last + n) || '}', CURRENT_TIMESTAMP
    FROM realtime_channelhead h, numbers WHERE h.channel IN (SELECT value FROM json_each(%s))
    ORDER BY h.channel, n
"""
RAISE_HEADS = """
    UPDATE realtime_channelhead SET last = last + %s WHERE channel IN (SELECT value FROM json_each(%s))
"""


def prepare() -> None:
    """Migrate the database and make the demo agents: here, since each management command takes a second to start."""
    for command in ("migrate", "create_demo"):
        call_command(command, stdout=StringIO())


def create_sessions(names: Sequence[str], assignee: str | None = None) -> None:
    """Sessions whose token is their name; with an agent if `assignee` is given, else with the bot."""
    agent = User.objects.get(username=assignee) if assignee else None
    ChatSession.objects.bulk_create(
        ChatSession(
            name=name,
            status=Status.MANUAL_LIVE if agent else Status.BOT_ACTIVE,
            assignee=agent,
            owner_digest=digest(f"owner of {name}"),
            token_digest=digest(name),
        )
        for name in names
    )


def fill_desk(agent: str, total: int) -> None:
    """Add sessions until there are so many: 24 wait, 16 are the agent's, the others are closed; two messages each."""
    user = User.objects.get(username=agent)
    now, known = timezone.now(), ChatSession.objects.count()
    sessions = ChatSession.objects.bulk_create(
        _desk_session(number, user, now - timedelta(seconds=total - number)) for number in range(known, total)
    )
    Message.objects.bulk_create(
        Message(session=session, role=Role.CUSTOMER, content="hi", sender="customer", client_id=f"c-{number}")
        for session in sessions
        for number in range(2)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _desk_session(number: int, agent: User, moment: datetime) -> ChatSession:
    is_waiting, is_live = number < WAITING_AT_DESK, WAITING_AT_DESK <= number < WAITING_AT_DESK + LIVE_AT_DESK
    status = Status.PENDING_MANUAL if is_waiting else Status.MANUAL_LIVE if is_live else Status.CLOSED
    return ChatSession(
        name=f"desk-{number}",
        status=status,
        assignee=agent if is_live else None,
        waiting_since=moment if is_waiting else None,
        unanswered_since=moment if is_waiting or is_live else None,
        last_activity_at=moment,
    )


def log_in(usernames: Sequence[str]) -> list[str]:
    """Create these agents and return the session cookie of each."""
    with transaction.atomic():
        User.objects.bulk_create((User(username=name, password="!") for name in usernames), ignore_conflicts=True)
        users = {user.username: user for user in User.objects.filter(username__in=usernames)}
        return [_login_cookie(users[name]) for name in usernames]


def _login_cookie(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def form_teams(usernames: Sequence[str], count: int) -> list[int]:
    """Have these agents form so many teams of one size; one team is the default one. Returns the ids of the others."""
    if count == 1:
        return []
    with transaction.atomic():
        teams = [Team.objects.create(name=f"team {n}", is_offered_to_customers=True) for n in range(count)]
        agents = User.objects.filter(username__in=usernames).order_by("pk")
        TeamMember.objects.bulk_create(TeamMember(team=teams[n % count], agent=agent) for n, agent in enumerate(agents))
    return [team.pk for team in teams]


def ask_teams(names: Sequence[str], teams: Sequence[int]) -> None:
    """A request for a human in each of these sessions, of the teams in turn."""
    for number, name in enumerate(names):
        team = teams[number % len(teams)] if teams else None
        escalate(session_name=name, reason="bench", credentials=None, team_id=team)


def give_up_teams(names: Sequence[str]) -> None:
    """There is one team again, and nobody waits in these sessions."""
    ChatSession.objects.filter(name__in=names).update(status=Status.CLOSED)
    Team.objects.filter(is_default=False).delete()


def send(channels: Sequence[str], text: str) -> None:
    """One durable event to each channel, in one transaction, published after commit."""
    send_many([(parse(channel), Event("bench_event", {"text": text})) for channel in channels])


def fill_log(channels: Sequence[str], count: int) -> None:
    """Write `count` events to each channel without publishing them: what a client was away for."""
    data = encode(Event("bench_event", {"text": "missed"}))
    items: list[tuple[Channel, str, bytes]] = [(parse(channel), "bench_event", data) for channel in channels]
    with transaction.atomic():
        for _ in range(count):
            log.append(items)


def grow_log(channels: Sequence[str], rows: int) -> dict[str, int]:
    """Write unpublished events, spread over the channels, until the log has about so many; return each channel's last.

    In SQL of SQLite, a few channels a transaction: services go on meanwhile.
    """
    missing = max(0, rows - LoggedEvent.objects.count())
    each = -(-missing // len(channels))
    data = encode(Event("bench_event", {"text": "missed"})).decode()
    for start in range(0, len(channels), CHANNELS_A_TRANSACTION):
        wanted = json.dumps(channels[start : start + CHANNELS_A_TRANSACTION])
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(MAKE_HEADS, [wanted])
            cursor.execute(ADD_EVENTS, [each, data[:-1], wanted])
            cursor.execute(RAISE_HEADS, [each, wanted])
    with connection.cursor() as cursor:  # or the services would pay for copying all this from the journal
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return dict(ChannelHead.objects.filter(channel__in=channels).order_by("channel").values_list("channel", "last"))


def change_status(names: Sequence[str], threads: int, seconds: float) -> list[float]:
    """Escalate these sessions and take it back, in turn, for some time; return the seconds of each escalation."""
    with ThreadPoolExecutor(threads) as pool:
        parts = [pool.submit(_change_in_turn, names[number::threads], seconds) for number in range(threads)]
        return [duration for part in parts for duration in part.result()]


def _change_in_turn(names: Sequence[str], seconds: float) -> list[float]:
    durations: list[float] = []
    deadline = time.perf_counter() + seconds
    while (started := time.perf_counter()) < deadline:
        name = names[len(durations) % len(names)]
        escalate(session_name=name, reason="bench", credentials=None)
        durations.append(time.perf_counter() - started)
        cancel_escalation(session_name=name, credentials=None)
    connection.close()
    return durations


def last_number(channel: str) -> int:
    """The number of the channel's last event, 0 before the first."""
    return ChannelHead.objects.filter(channel=channel).values_list("last", flat=True).first() or 0


def drop_turns() -> None:
    """Forget the answers that the bot still owes: the next service would spend its time on them."""
    BotTurn.objects.all().delete()


COMMANDS: dict[str, Callable[..., Any]] = {
    "prepare": prepare,
    "create_sessions": create_sessions,
    "fill_desk": fill_desk,
    "log_in": log_in,
    "form_teams": form_teams,
    "ask_teams": ask_teams,
    "give_up_teams": give_up_teams,
    "send": send,
    "drop_turns": drop_turns,
    "change_status": change_status,
    "last_number": last_number,
    "fill_log": fill_log,
    "grow_log": grow_log,
}


def main() -> None:
    for line in sys.stdin:
        command = json.loads(line)
        print(json.dumps(COMMANDS[command.pop("do")](**command)), flush=True)
