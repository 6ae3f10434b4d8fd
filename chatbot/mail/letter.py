"""The e-mail with the replies that a customer has not seen."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import gettext, override

from chatbot.conversations.agents import display_name
from chatbot.mail.links import link_to
from chatbot.models import ChatSession, Message


def write_letter(session: ChatSession, messages: Sequence[Message]) -> EmailMultiAlternatives:
    """One e-mail with all these messages of agents (with `agent` and `files`), in the customer's language; no query.

    Sent again it has the same Message-ID, by which mail servers and programs know it.
    """
    with override(session.language):
        facts = {"session": session, "messages": [_shown(each) for each in messages], "link": link_to(session)}
        subject = gettext("{agent} has replied to you").format(agent=_name(messages[-1]))
        letter = EmailMultiAlternatives(
            subject=" ".join(subject.split()),  # a name of several lines would be refused
            body=render_to_string("chatbot/mail/replies.txt", facts),
            to=[session.customer_email],
            headers={"Message-ID": _message_id(session, messages[-1]), "Auto-Submitted": "auto-generated"},
        )
        letter.attach_alternative(render_to_string("chatbot/mail/replies.html", facts), "text/html")
    return letter


def _shown(message: Message) -> dict[str, object]:
    return {"name": _name(message), "content": message.content, "files": [each.name for each in message.files]}


def _name(message: Message) -> str:
    return display_name(message.agent) if message.agent else gettext("Agent")


def _message_id(session: ChatSession, last: Message) -> str:
    return f"<{session.name}.{last.pk}@{urlsplit(settings.CHAT_URL).hostname}>"
