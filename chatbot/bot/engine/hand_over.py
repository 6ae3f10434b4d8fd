"""When a customer is handed over whatever his engine says: he wishes it, or he is a VIP and it is not sure."""

from chatbot.bot.engine.interface import Action, Outcome, Question
from chatbot.bot.engine.wording import VIP_REASON, say
from chatbot.bot.understanding.phrases import Phrases
from chatbot.bot.understanding.question import excerpt
from chatbot.bot.understanding.wishes import asks_for_human

MAX_REASON_LENGTH = 200


def as_wished(question: Question, phrases: Phrases) -> Outcome | None:
    """The hand-over that the message asks for, if it does."""
    if not asks_for_human(excerpt(question.text), phrases.human):
        return None
    return Outcome(Action.HAND_OVER, reason=question.text[:MAX_REASON_LENGTH])


def as_vip(question: Question, outcome: Outcome) -> Outcome:
    """The hand-over of a VIP of whose question the bot is not sure; else its outcome as it is."""
    if not (outcome.is_unsure and question.context.is_vip):
        return outcome
    reason = say(VIP_REASON, question.context.language).format(question=question.text)
    return Outcome(Action.HAND_OVER, reason=reason[:MAX_REASON_LENGTH], confidence=outcome.confidence)
