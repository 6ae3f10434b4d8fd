"""The only writer of a session's status, assignee and version.

    bot_active ──escalate──► pending_manual ──take_over──► manual_live
        ▲  ▲                   │    ▲                        │  │
        │  └─give_up_waiting───┘    └────────requeue─────────┘  │
        └───────────────────────release─────────────────────────┘
    bot_active ──take_from_bot──► manual_live
    any of them ──close──► closed ──reopen──► bot_active, or ──escalate──► pending_manual

A live session may be on hold meanwhile (hold, resume), which is no status; whatever moves it on ends that.

`waiting_since` is when the customer asked for an agent. A live session keeps it: re-queued, it gets its place back.

Every function takes a session locked by lock_session and the time of that lock, changes it by compare-and-swap, keeps
the instance in step and returns the Change. With it it writes the line of history and the intervals from which reports
are made, notes who is idle, and ends the session's open offer. Each raises a Conflict if the status does not allow the
change.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from chatbot.conversations import history, intervals, offers
from chatbot.conversations.agents import agent_json, note_idle
from chatbot.conversations.change import Change
from chatbot.conversations.errors import AlreadyEscalated, AlreadyTaken, InvalidStatus
from chatbot.conversations.history import Actor, agent_actor
from chatbot.conversations.locking import time_under_lock
from chatbot.models import PREVIEW_LENGTH, BotThread, ChatSession, Phase, Priority, Status, Team, What

logger = logging.getLogger(__name__)

_NOT_WAITING: dict[str, Any] = {"waiting_since": None, "escalation_reason": "", "unanswered_since": None}

_NOT_HELD: dict[str, Any] = {"held_since": None, "hold_until": None}

_NOT_QUIET: dict[str, Any] = {"quiet_since": None, "reminded_at": None}

# What only a live session has, and its agent's alone.
_LEFT = {**_NOT_HELD, **_NOT_QUIET}


def escalate(
    session: ChatSession,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    question: str = "",
    team: Team | None = None,
    priority: int = Priority.LOW,
    why: dict[str, Any] | None = None,
    summary: str = "",
) -> Change:
    """Put the session into the queue of a team (None: the default one), for an answer to `question`.

    `summary` says what came before, with the bot.
    Its priority rises to `priority`, if that is higher; that of a closed one does not count any more. Raises
    AlreadyEscalated if it waits or has an agent.
    """
    if session.status in (Status.PENDING_MANUAL, Status.MANUAL_LIVE):
        raise AlreadyEscalated
    before = Priority.NORMAL if session.status == Status.CLOSED else session.priority
    session.priority = max(before, priority)
    return _move(
        session,
        Status.PENDING_MANUAL,
        _Line(What.ESCALATED, actor, now, why or {}),
        team=team,
        priority=session.priority,
        waiting_since=now,
        unanswered_since=now,
        escalation_reason=reason,
        question=question[:PREVIEW_LENGTH],
        handover_summary=summary,
        closed_at=None,
        **_queued(session, now),
    )


def take_over(session: ChatSession, *, agent: User, now: datetime, what: What = What.TAKEN) -> Change:
    """Give a waiting session to an agent. Raises AlreadyTaken if somebody has it, InvalidStatus if it does not wait."""
    if session.status == Status.MANUAL_LIVE:
        raise AlreadyTaken(agent_json(session.assignee), is_callers=session.assignee_id == agent.pk)
    if session.status != Status.PENDING_MANUAL:
        raise InvalidStatus
    return _move(session, Status.MANUAL_LIVE, _Line(what, agent_actor(agent), now), assignee=agent)


def take_from_bot(session: ChatSession, *, agent: User, now: datetime) -> Change:
    """Give a session of the bot to an agent. Raises AlreadyTaken if somebody has it, InvalidStatus if it is closed."""
    if session.status != Status.BOT_ACTIVE:
        return take_over(session, agent=agent, now=now)
    return _move(session, Status.MANUAL_LIVE, _Line(What.TAKEN, agent_actor(agent), now), assignee=agent)


def reassign(session: ChatSession, *, agent: User, now: datetime, what: What = What.TAKEN) -> Change:
    """Give a live session to another agent. Raises AlreadyTaken if it is theirs, InvalidStatus if it is not live."""
    if session.status != Status.MANUAL_LIVE:
        raise InvalidStatus
    if session.assignee == agent:
        raise AlreadyTaken(agent_json(agent), is_callers=True)
    why = {"from": agent_json(session.assignee)}
    moved = {**_LEFT, "quiet_since": now if session.quiet_since else None}  # the customer's time begins anew
    return _move(session, Status.MANUAL_LIVE, _Line(what, agent_actor(agent), now, why), assignee=agent, **moved)


def release(session: ChatSession, *, actor: Actor, now: datetime) -> Change:
    """Give a live session back to the bot."""
    line = _Line(What.RELEASED, actor, now)
    left = {**_NOT_WAITING, **_LEFT, "handover_summary": ""}
    return _move_from(Status.MANUAL_LIVE, session, Status.BOT_ACTIVE, line, assignee=None, **left)


def requeue(
    session: ChatSession, *, actor: Actor, now: datetime, why: dict[str, Any] | None = None, team: Team | None = None
) -> Change:
    """Put a live session back into the queue, at the place of its first waiting time (`now` if that is unknown).

    Of this team, by its row, also of the default one; None: it stays in its own. A customer who had his answer waits
    for one again.
    """
    moved = {} if team is None else {"team": None if team.is_default else team}
    what = What.REQUEUED if team is None else What.MOVED
    return _move_from(
        Status.MANUAL_LIVE,
        session,
        Status.PENDING_MANUAL,
        _Line(what, actor, now, why or {}),
        assignee=None,
        last_agent=None,  # who gives it up does not want it back
        waiting_since=session.waiting_since or now,
        unanswered_since=session.unanswered_since or now,
        **moved,
        **_queued(session, now),
        **_LEFT,
    )


def move(
    session: ChatSession, *, team: Team | None, actor: Actor, now: datetime, why: dict[str, Any] | None = None
) -> Change:
    """Have a waiting session wait for another team (None: the default one), with its first waiting time."""
    line = _Line(What.MOVED, actor, now, why or {})
    queued = _queued(session, now)
    return _move_from(Status.PENDING_MANUAL, session, Status.PENDING_MANUAL, line, team=team, **queued)


def _queued(session: ChatSession, now: datetime) -> dict[str, Any]:
    """What a place in the queue is counted from (places.py), not before the lock: others were told theirs meanwhile."""
    return {"queued_at": time_under_lock(now), "best_priority": session.priority, "raised_at": None}


def give_up_waiting(session: ChatSession, *, actor: Actor, now: datetime, why: dict[str, Any] | None = None) -> Change:
    """Give a waiting session back to the bot."""
    line = _Line(What.GAVE_UP, actor, now, why or {})
    return _move_from(Status.PENDING_MANUAL, session, Status.BOT_ACTIVE, line, **_NOT_WAITING)


def close(session: ChatSession, *, actor: Actor, now: datetime, why: dict[str, Any] | None = None) -> Change:
    """End the conversation: with the bot, waiting or live. The customer's next message reopens it.

    Bots outside forget it: one that read the old hand-over again would hand over again.
    """
    if session.status == Status.CLOSED:
        raise InvalidStatus
    BotThread.objects.filter(session=session).delete()
    line = _Line(What.CLOSED, actor, now, why or {})
    known = {"last_agent": session.assignee} if session.assignee else {}
    return _move(session, Status.CLOSED, line, assignee=None, closed_at=now, **known, **_NOT_WAITING, **_LEFT)


def reopen(session: ChatSession, *, now: datetime) -> Change:
    """Give a closed session to the bot."""
    line = _Line(What.REOPENED, history.CUSTOMER, now)
    fresh = {"closed_at": None, "priority": Priority.NORMAL, "handover_summary": ""}
    return _move_from(Status.CLOSED, session, Status.BOT_ACTIVE, line, **fresh)


def hold(session: ChatSession, *, until: datetime | None, actor: Actor, now: datetime) -> bool:
    """Put a live session on hold: until a moment in UTC, its customer writes or an agent resumes it.

    Of one that is on hold the moment is changed. Returns whether anything changed; raises InvalidStatus unless it is
    live.
    """
    if session.status != Status.MANUAL_LIVE:
        raise InvalidStatus
    was_held = session.held_since is not None
    if was_held and session.hold_until == until:
        return False
    _set_hold(session, held_since=session.held_since or now, hold_until=until, quiet_since=None)
    why = {"code": "held_until", "until": f"{until:%Y-%m-%d %H:%M}"} if until else {}
    history.note(session, What.HELD, actor=actor, now=now, why=why)
    if not was_held:
        intervals.begin(session, Phase.HOLD, agent=session.assignee, now=now)
    return True


def resume(session: ChatSession, *, actor: Actor, now: datetime, why: dict[str, Any] | None = None) -> bool:
    """End the hold of a live session; whether it was on hold. Raises InvalidStatus unless it is live."""
    if session.status != Status.MANUAL_LIVE:
        raise InvalidStatus
    if session.held_since is None:
        return False
    _set_hold(session, **_NOT_HELD, quiet_since=None if session.unanswered_since else now)
    history.note(session, What.RESUMED, actor=actor, now=now, why=why)
    intervals.end(session, Phase.HOLD, now=now)
    return True


def sort(
    session: ChatSession,
    *,
    actor: Actor,
    now: datetime,
    priority: int | None = None,
    labels: Sequence[str] | None = None,
    why: dict[str, Any] | None = None,
) -> bool:
    """Give a session, in whatever status, another priority, other labels, or both; whether anything changed."""
    changes: dict[str, Any] = {}
    if labels is not None and list(labels) != session.labels:
        changes["labels"] = list(labels)
        history.note(session, What.LABELLED, actor=actor, now=now, why={**(why or {}), "labels": list(labels)})
    if priority is not None and priority != session.priority:
        changes["priority"] = priority
        changes["best_priority"] = max(session.best_priority, priority)
        changes["raised_at"] = time_under_lock(now) if priority > session.priority else session.raised_at
        facts = {**(why or {}), "priority": Priority(priority).name.lower()}
        history.note(session, What.PRIORITISED, actor=actor, now=now, why=facts)
    if changes:
        session.version += 1
        for name, value in changes.items():
            setattr(session, name, value)
        session.save(update_fields=["version", *changes])
    return bool(changes)


def _set_hold(
    session: ChatSession, *, held_since: datetime | None, hold_until: datetime | None, quiet_since: datetime | None
) -> None:
    """Under the lock of the session, which the caller has: nobody else changes its version."""
    session.version += 1
    session.held_since, session.hold_until = held_since, hold_until
    session.quiet_since, session.reminded_at = quiet_since, None
    session.save(update_fields=["version", "held_since", "hold_until", "quiet_since", "reminded_at"])


@dataclass(frozen=True, slots=True)
class _Line:
    """What the history says of a change."""

    what: What
    actor: Actor
    now: datetime
    why: dict[str, Any] = field(default_factory=dict)


def _move_from(expected: Status, session: ChatSession, to: Status, line: _Line, **fields: Any) -> Change:
    if session.status != expected:
        raise InvalidStatus
    return _move(session, to, line, **fields)


def _move(session: ChatSession, to: Status, line: _Line, **fields: Any) -> Change:
    """Compare-and-swap on status and version: raises InvalidStatus if the row is no longer as the instance says."""
    previous, former = session.status, session.assignee_id
    changed = ChatSession.objects.filter(pk=session.pk, status=previous, version=session.version).update(
        status=to, version=F("version") + 1, **fields
    )
    if changed != 1:
        raise InvalidStatus
    session.status = to
    session.version += 1
    entry = (session.name, previous, to, session.version)
    transaction.on_commit(lambda: logger.info("status changed session=%s from=%s to=%s version=%s", *entry))
    for name, value in fields.items():
        setattr(session, name, value)
    history.note(session, line.what, actor=line.actor, now=line.now, why=line.why)
    intervals.follow(session, previous=previous, now=line.now)
    if former != session.assignee_id:
        note_idle(former, session.assignee_id, now=line.now)
    # Nothing else is ever offered: a message that reopens a session pays nothing for it.
    is_offerable = previous in (Status.PENDING_MANUAL, Status.MANUAL_LIVE)
    return Change(previous, offers.end_by_change(session, now=line.now) if is_offerable else None)
