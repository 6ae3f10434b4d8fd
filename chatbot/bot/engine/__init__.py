"""The bot: a message in, a reply or the wish to hand over out. It knows texts only: no session, no database."""

from chatbot.bot.engine.decision import Decision, Escalate, KnownAnswer, Reply
from chatbot.bot.engine.engine import apologise, decide

__all__ = ["Decision", "Escalate", "KnownAnswer", "Reply", "apologise", "decide"]
