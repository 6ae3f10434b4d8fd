"""Events of messages."""

from chatbot.conversations.agents import AgentJson, agent_json
from chatbot.conversations.attachments import AttachmentJson, attachment_json
from chatbot.conversations.bot_reply import WithReply, reply_json
from chatbot.conversations.events.base import Outgoing, Source, iso, to_session_and_assignee
from chatbot.models import ChatSession, Message, Role
from realtime.events import Event


class MessageJson(WithReply):
    """A message, in events and in HTTP answers alike. `created_at` is ISO 8601 UTC.

    `notice`, of a system message: what it tells of, so that a page can say it in its reader's words; `agent` did it.
    Of the bot's messages also what WithReply names.
    """

    id: int
    session_name: str
    role: str
    content: str
    agent: AgentJson | None
    created_at: str
    client_id: str
    attachments: list[AttachmentJson]
    notice: str | None


def message_json(session: ChatSession, message: Message) -> MessageJson:
    """A message as the API shows it; reads message.agent and message.files, so fetch these with the message."""
    plain: MessageJson = {
        "id": message.pk,
        "session_name": session.name,
        "role": message.role,
        "content": message.content,
        "agent": agent_json(message.agent),
        "created_at": iso(message.created_at),
        "client_id": message.client_id,
        "attachments": [attachment_json(each) for each in message.files],
        "notice": message.notice,
    }
    if message.role == Role.BOT:
        return {**plain, **reply_json(message)}
    return plain


def new_message(
    session: ChatSession, message: Message, *, source: Source, former_assignee: str | None = None
) -> list[Outgoing]:
    """Tell the session and its assignee of a message; also the agent who had the session until this very change."""
    event = Event("new_message", dict(message_json(session, message)), source)
    return to_session_and_assignee(session, event, former_assignee=former_assignee)
