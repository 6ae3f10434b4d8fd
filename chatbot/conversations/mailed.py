"""What agents are told of the e-mails that went to a customer."""

from typing_extensions import TypedDict

from chatbot.conversations.events.base import iso
from chatbot.models import ChatSession, ReplyMail


class MailedJson(TypedDict):
    """The last e-mail with replies that were not seen: `sending`, `sent`, `delayed` (will be tried again), `failed`.

    One that stays `sending` was begun by a process that died: whether it was sent is not known.
    """

    state: str
    at: str


def mailed_json(session: ChatSession) -> MailedJson | None:
    """None where there was none, or the customer left no address; one query, without an address none."""
    if not session.customer_email:
        return None
    mail = ReplyMail.objects.filter(session=session, at__isnull=False).exclude(state="").first()
    return {"state": mail.state, "at": iso(mail.at)} if mail and mail.at else None
