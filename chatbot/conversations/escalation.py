"""Putting a session into the queue: for the customer, who pressed the button, for the bot, or by his team's rule."""

from datetime import datetime

from django.utils.translation import gettext_noop

from chatbot.conversations import events, lifecycle, queue, transcript
from chatbot.conversations.bot_rule import FIRST, bot_answers
from chatbot.conversations.errors import QueueFull
from chatbot.conversations.events import desk_of
from chatbot.conversations.handover_summary import sum_up
from chatbot.conversations.history import SYSTEM, Actor
from chatbot.conversations.opening_hours import hours_of
from chatbot.conversations.places import place_of
from chatbot.conversations.queue import count_waiting
from chatbot.conversations.queue_rules import Asker, Outcome, know_labels, outcome_of, rules_of_arrival, with_labels
from chatbot.conversations.teams import default_team, team_key
from chatbot.conversations.waiting import notice_of, staffing_of
from chatbot.models import ChatSession, Message, Status, Team

FULL = gettext_noop(
    "Too many people are waiting for an agent. The assistant goes on; ask again later, or leave an e-mail address."
)


def enqueue(
    session: ChatSession,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    team: Team | None = None,
    calling_message: int | None = None,
    summary: str = "",
) -> tuple[int, list[events.Outgoing]]:
    """Do it to a session that the caller has locked; return its place and what the caller must send.

    It waits for `team`, without one for the team that a rule names, or the default team. He is told if nobody is there.
    `calling_message` is the id of a message that asked for it: the customer's question is what came before.
    `summary` is the bot's own for the agent; without one it is the last turns with it.
    Raises AlreadyEscalated; QueueFull, with nothing written.
    """
    was_known, former_desk, former_priority = session.version > 1, desk_of(session.team_id), session.priority
    question = transcript.last_words(session, before=calling_message)
    calling = session.last_message if calling_message else ""
    outcome = outcome_of(rules_of_arrival(), Asker(session, (question, reason, calling)))
    team = team or outcome.team or default_team()
    check_room(session, team)
    change = lifecycle.escalate(
        session,
        actor=actor,
        reason=reason,
        now=now,
        question=question,
        team=None if team.is_default else team,
        priority=outcome.priority,
        why=outcome.why,
        summary=summary or sum_up(session, before=calling_message),
    )
    is_labelled = label(session, outcome, now=now)
    notice = _tell(session, team, now)
    queue.announce_queue()
    position = place_of(session).rank
    is_other = (former_desk, former_priority) != (desk_of(session.team_id), session.priority)
    is_updated = is_labelled or (was_known and is_other)
    return position, [
        *(events.session_updated(session, source=events.BOT, former_desk=former_desk) if is_updated else []),
        *events.status_change(session, change=change, source=events.BOT),
        *events.transfer_request(session, waiting_since=now, position=position, source=events.BOT),
        *events.new_message(session, notice, source=events.BOT),
    ]


def label(session: ChatSession, outcome: Outcome, *, now: datetime) -> bool:
    """Give a session that is locked the labels that the rules say; whether it has others now."""
    if not outcome.labels:
        return False
    know_labels(outcome.labels)
    labels = with_labels(session, outcome.labels)
    return lifecycle.sort(session, labels=labels, actor=SYSTEM, now=now, why=outcome.why)


def check_room(session: ChatSession, team: Team) -> None:
    """Raise QueueFull if one more may not wait for this team."""
    if team.max_waiting is None or session.status in (Status.PENDING_MANUAL, Status.MANUAL_LIVE):
        return
    if count_waiting(team_key(team)) >= team.max_waiting:
        raise QueueFull


def tell_full(session: ChatSession, *, asked_by: Message, now: datetime) -> list[events.Outgoing]:
    """Tell a customer whose message asked for an agent that he cannot wait for one; return what to send."""
    notice = transcript.write_aside(session, FULL, occasion=f"about-{asked_by.pk}", now=now)
    return events.new_message(session, notice, source=events.BOT)


def is_for_people(session: ChatSession, *, now: datetime) -> bool:
    """Whether a customer's first message is for people at once, by the rule of his team.

    One query, more where the rule is about hours or the queue.
    """
    team = session.team or default_team()
    if team.bot == FIRST:
        return False
    return not bot_answers(
        team.bot,
        is_open=lambda: hours_of(team).is_open(now),
        count_waiting=lambda: count_waiting(team_key(team)),
    )


def _tell(session: ChatSession, team: Team, now: datetime) -> Message:
    staffing = staffing_of(team, now=now)
    # Pages have a sentence of their own for the usual case; what else there is to say they show as it is stored.
    notice, text, opening = notice_of(staffing, session.language)
    return transcript.write_notice(session, text, now=now, notice=notice, opening=opening)
