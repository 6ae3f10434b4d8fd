"""What belongs to a message of the bot beside its words, as it is stored with it and as callers see it."""

from typing import NotRequired

from typing_extensions import TypedDict

from chatbot.models import Message


class SourceJson(TypedDict):
    """Where an answer comes from; `url` may be empty."""

    title: str
    url: str


class BotReply(TypedDict, total=False):
    """What `Message.reply` holds.

    The next answer is decided by `is_unsure`, `entry` (the key of the entry that was the answer) and `had_trouble` (the
    engine failed, and the built-in one answered); callers do not see them. `ending` says why an answer did not come to
    its end: `stopped` by the customer, or `interrupted` with the process that made it.
    """

    sources: list[SourceJson]
    suggestions: list[str]
    offer_human: bool
    entry: str
    is_unsure: bool
    had_trouble: bool
    ending: str
    helpful: bool


class WithReply(TypedDict):
    """The fields that a message object of the bot has beside those of all others.

    `helpful` is what the customer said of it, null if nothing yet.
    """

    sources: NotRequired[list[SourceJson]]
    suggestions: NotRequired[list[str]]
    offer_human: NotRequired[bool]
    ending: NotRequired[str | None]
    helpful: NotRequired[bool | None]


def reply_json(message: Message) -> WithReply:
    """Those fields of a message of the bot."""
    reply: BotReply = message.reply or BotReply()
    return {
        "sources": reply.get("sources", []),
        "suggestions": reply.get("suggestions", []),
        "offer_human": reply.get("offer_human", False),
        "ending": reply.get("ending"),
        "helpful": reply.get("helpful"),
    }
