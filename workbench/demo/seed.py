"""Conversations in the database as if they had been held: data to look at.

They have a history and no events: the log's channels stay as they are, so that every position stays right, and a page
that opens one of them reads rows and begins its stream where the (empty) log of the session ends. Pages that are open
meanwhile hear of those who wait, and of what is removed, by events that are not logged.
A name that begins with `demo-` makes a session one of these. Nobody owns them: no customer can open one.
"""

import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from chatbot.conversations import events, queue
from chatbot.conversations.change import Change
from chatbot.models import (
    QUEUE_ORDER,
    Attachment,
    BotTurn,
    ChatSession,
    Closing,
    HistoryEntry,
    Language,
    Message,
    Offer,
    Presence,
    SeenMessage,
    SessionInterval,
    Status,
    TriedRule,
)
from realtime.api import send_many
from workbench.demo.afterwards import RECEIPTS, Told
from workbench.demo.agents import USERNAMES
from workbench.demo.conversations import Teller
from workbench.demo.rows import lay_out
from workbench.demo.sorting import sort, suggest_labels

PREFIX = "demo-"
BATCH = 50  # sessions in one transaction, for which writers of a running product wait some 0.2 s

# Of all: so many of each, and no more.
SHARES = ((Status.PENDING_MANUAL, 0.15, 42), (Status.MANUAL_LIVE, 0.2, 44), (Status.BOT_ACTIVE, 0.06, 40))
# How many matters a conversation has; the mean makes 40 messages.
TOPICS = ((1, 45), (2, 20), (3, 12), (6, 13), (12, 8), (20, 2))

T = TypeVar("T")

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one conversation is to be; `age` is how long ago its last message was written."""

    status: Status
    language: Language
    agent: str
    topics: int
    age: timedelta


SAMPLES = (
    Wanted(Status.PENDING_MANUAL, Language.ENGLISH, "", 1, timedelta(minutes=4)),
    Wanted(Status.PENDING_MANUAL, Language.CHINESE, "", 1, timedelta(minutes=2)),
    Wanted(Status.PENDING_MANUAL, Language.ENGLISH, "", 1, timedelta(minutes=1)),
    Wanted(Status.MANUAL_LIVE, Language.ENGLISH, "alice", 1, timedelta(minutes=3)),
    Wanted(Status.CLOSED, Language.CHINESE, "bob", 2, timedelta(hours=5)),
    Wanted(Status.BOT_ACTIVE, Language.CHINESE, "", 1, timedelta(minutes=8)),
)


def seed(*, sessions: int, days: float, chance: random.Random, progress: Progress) -> int:
    """Add so many conversations of the last `days` days; return the number of their messages.

    The demo agents must exist. `progress` hears how many are there.
    """
    return _write(list(_plan(sessions, days, chance)), chance, progress)


def make_samples() -> int:
    """Add a handful to a database without any conversation; return how many (0 where there are some)."""
    if ChatSession.objects.exists():
        return 0
    _write(SAMPLES, random.Random(7), lambda done: None)
    return len(SAMPLES)


def remove_seeded(progress: Progress) -> int:
    """Delete what was seeded, with everything that was written in it since; return how many conversations.

    Events that were logged for them since stay until the log is pruned: its numbers have no holes.
    """
    seeded = ChatSession.objects.filter(name__startswith=PREFIX).order_by("id")
    ids = list(seeded.values_list("pk", flat=True))
    for done, batch in _batches(ids):
        with transaction.atomic():
            gone = list(seeded.select_for_update().filter(pk__in=batch))
            _delete_rows(batch)
            send_many([event for session in gone for event in _farewell(session)])
        progress(done)
    queue.send_queue()
    return len(ids)


def _plan(sessions: int, days: float, chance: random.Random) -> Iterator[Wanted]:
    statuses = [status for status, share, most in SHARES for _ in range(min(most, round(sessions * share)))][:sessions]
    statuses += [Status.CLOSED] * (sessions - len(statuses))
    numbers, weights = zip(*TOPICS, strict=True)
    # Every other live conversation is the first agent's, so that one desk is full.
    first, *others = USERNAMES
    live = 0
    for status in statuses:
        agent = ""
        if status in (Status.MANUAL_LIVE, Status.CLOSED):
            agent = first if live % 2 == 0 else chance.choice(others)
            live += 1
        [topics] = chance.choices(numbers, weights)
        yield Wanted(status, chance.choice(list(Language)), agent, topics, _age(status, days, chance))


def _age(status: Status, days: float, chance: random.Random) -> timedelta:
    if status == Status.CLOSED:
        return timedelta(days=days) * chance.random()
    return timedelta(minutes=chance.uniform(0.2, 25 if status == Status.PENDING_MANUAL else 90))


def _write(wanted: Sequence[Wanted], chance: random.Random, progress: Progress) -> int:
    agents = {user.username: user for user in User.objects.filter(username__in=USERNAMES)}
    teller = Teller(chance)
    messages = 0
    for done, batch in _batches(wanted):
        with transaction.atomic():
            messages += _write_batch(batch, agents, teller, chance)
        progress(done)
    suggest_labels()
    _tell_of_waiting()
    return messages


def _write_batch(batch: Sequence[Wanted], agents: dict[str, User], teller: Teller, chance: random.Random) -> int:
    now = timezone.now()
    laid_out = []
    for each in batch:
        conversation = teller.tell(language=each.language, status=each.status, topics=each.topics)
        laid_out.append(
            lay_out(
                conversation,
                name=f"{PREFIX}{secrets.token_hex(10)}",
                status=each.status,
                agent=agents.get(each.agent),
                end=now - each.age,
            )
        )
    for session, _ in laid_out:
        sort(session, chance)
    ChatSession.objects.bulk_create([session for session, _ in laid_out])
    messages = [message for _, written in laid_out for message in written]
    Message.objects.bulk_create(messages, batch_size=1_000)
    told = [
        Told(session, written, agents.get(each.agent)) for each, (session, written) in zip(batch, laid_out, strict=True)
    ]
    ChatSession.objects.bulk_update([each.with_receipts() for each in told], RECEIPTS)
    SeenMessage.objects.bulk_create([seen for each in told for seen in each.seen()])
    Closing.objects.bulk_create([closing for each in told for closing in each.closing(chance)])
    return len(messages)


def _tell_of_waiting() -> None:
    waiting = ChatSession.objects.filter(name__startswith=PREFIX, status=Status.PENDING_MANUAL)
    told = [
        events.unlogged(event)
        for place, session in enumerate(waiting.order_by(*QUEUE_ORDER), 1)
        for event in events.transfer_request(
            session, waiting_since=session.waiting_since or session.created_at, position=place, source=events.WORKBENCH
        )
    ]
    send_many(told)
    queue.send_queue()


def _delete_rows(session_ids: Sequence[int]) -> None:
    """Without reading the rows, as Django does for what others point at."""
    BotTurn.objects.filter(message__session__in=session_ids).delete()
    Attachment.objects.filter(session__in=session_ids).update(session=None, message=None)  # their files go later
    for model in (SeenMessage, Closing, Presence, Offer, HistoryEntry, SessionInterval, TriedRule, Message):
        rows = model.objects.filter(session__in=session_ids)
        rows._raw_delete(rows.db)
    sessions = ChatSession.objects.filter(pk__in=session_ids)
    sessions._raw_delete(sessions.db)


def _farewell(session: ChatSession) -> list[events.Outgoing]:
    if session.status == Status.CLOSED:
        return []
    previous, session.status, session.assignee = session.status, Status.CLOSED, None
    session.version += 1
    return [
        events.unlogged(event)
        for event in events.status_change(session, change=Change(previous), source=events.WORKBENCH)
    ]


def _batches(items: Sequence[T]) -> Iterator[tuple[int, Sequence[T]]]:
    """Parts of BATCH, each with how many are done after it."""
    for start in range(0, len(items), BATCH):
        yield min(start + BATCH, len(items)), items[start : start + BATCH]
