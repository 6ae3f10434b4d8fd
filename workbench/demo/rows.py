"""The rows that a told conversation would have left in the database."""

from datetime import datetime, timedelta
from secrets import token_hex

from django.contrib.auth.models import User
from django.utils.translation import gettext, override

from chatbot.conversations import transcript
from chatbot.conversations.agents import display_name
from chatbot.conversations.handover_summary import last_turns
from chatbot.conversations.waiting import ASKED
from chatbot.models import PREVIEW_LENGTH, ChatSession, Message, Role, Status
from workbench.actions.close import NOTICE as CLOSED
from workbench.actions.take_over import NOTICE as TAKEN
from workbench.demo.conversations import Conversation, Line

SENDERS = {Role.CUSTOMER: transcript.CUSTOMER, Role.BOT: transcript.BOT}
NOTICES: dict[str, transcript.Notice] = {ASKED: "asked", TAKEN: "taken", CLOSED: "closed"}


def lay_out(
    conversation: Conversation, *, name: str, status: Status, agent: User | None, end: datetime
) -> tuple[ChatSession, list[Message]]:
    """The session and its messages, not saved; the last one was written at `end`. `agent` is who handled it."""
    session = ChatSession(
        name=name,
        status=status,
        customer_name=conversation.customer_name,
        customer_email=conversation.customer_email,
        language=conversation.language,
        owner_digest=token_hex(32),  # nobody's
        token_digest=token_hex(32),
        last_activity_at=end,
        question=conversation.question,
    )
    at = end - timedelta(seconds=sum(line.pause_seconds for line in conversation.lines))
    session.created_at = at
    messages: list[Message] = []
    with override(conversation.language):
        for number, line in enumerate(conversation.lines):
            at += timedelta(seconds=line.pause_seconds)
            if line.content == ASKED:
                _hand_over(session, messages)
            messages.append(_message(session, line, number, agent, at))
            _note(session, line, at)
    session.last_activity_at = at
    _settle(session, agent, at)
    return session, messages


def _message(session: ChatSession, line: Line, number: int, agent: User | None, at: datetime) -> Message:
    is_agents = (line.role == Role.AGENT or line.content in (TAKEN, CLOSED)) and agent is not None
    if line.role == Role.SYSTEM:
        session.version += 1
        content = gettext(line.content).format(agent=display_name(agent) if agent else "")
        client_id = f"version-{session.version}"
    else:
        content, client_id = line.content, f"demo-{number}"
    return Message(
        session=session,
        role=line.role,
        content=content,
        agent=agent if is_agents else None,
        sender=_sender_of(line, agent),
        client_id=client_id,
        created_at=at,
        reply=line.reply,
    )


def _sender_of(line: Line, agent: User | None) -> str:
    if line.role == Role.SYSTEM:
        return transcript.notice_sender(NOTICES[line.content])
    return SENDERS.get(line.role) or (transcript.agent_sender(agent) if agent else transcript.CUSTOMER)


def _note(session: ChatSession, line: Line, at: datetime) -> None:
    """What this line changes of the session."""
    if line.role in transcript.PEOPLE:
        session.unanswered_since = _unanswered_since(session, line, at)
        session.last_message = " ".join(line.content.split())[:PREVIEW_LENGTH]
    if line.content == ASKED:
        session.waiting_since = session.unanswered_since = at


def _hand_over(session: ChatSession, spoken: list[Message]) -> None:
    """As the bot does: the reason is the wish, where it was written; the summary is what was said before."""
    wish = spoken[-1] if spoken and spoken[-1].role == Role.CUSTOMER else None
    session.escalation_reason = wish.content if wish else ""
    session.handover_summary = last_turns(spoken[:-1] if wish else spoken)


def _unanswered_since(session: ChatSession, line: Line, at: datetime) -> datetime | None:
    """As chatbot/conversations/transcript.py: from the first message to an agent that has no answer."""
    if line.role == Role.AGENT or session.waiting_since is None:
        return None
    return session.unanswered_since or at


def _settle(session: ChatSession, agent: User | None, end: datetime) -> None:
    """What the status says at the end."""
    if session.status == Status.MANUAL_LIVE:
        session.assignee = agent
    elif session.status == Status.CLOSED:
        session.closed_at, session.waiting_since, session.unanswered_since = end, None, None
        session.escalation_reason = ""
