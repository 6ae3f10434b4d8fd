"""What a message asks, without what is said around it: that is what the knowledge base is asked."""

import re

from chatbot.bot.understanding.anger import is_mere_anger
from chatbot.bot.understanding.clauses import Clause, clauses_of
from chatbot.bot.understanding.smalltalk import reply_to

_ASKING = (
    "(?:i|i'm|where|how|what|what's|when|can|could|do|does|did|is|are|my|why|who|which|please|would|may|you|we|need|if)"
)
# What runs into the question without a comma.
_RUNS_IN = re.compile(
    rf"(?:(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks|thank you)(?: there)? (?={_ASKING}\b)"
    rf"|(?:(?:just|please|can you|could you|so) )*tell me (?={_ASKING}\b)"
    r"|(?:i (?:just )?(?:want|need|would like)|i'd like) to know (?:if )?"
    r"|(?:你好|您好|请问|麻烦问一?下|我?想问一?下|问一?下|我想知道|你?直接告诉我|请告诉我)(?=.{2})){1,3}",
    re.IGNORECASE,
)
# Clauses that announce one.
_ANNOUNCES = re.compile(
    r"(?:and )?(?:one more|another|one last|a|just a|a quick|quick) (?:thing|question)"
    r"|(?:还有|另外|再问)(?:一个|个)?(?:问题)?"
)


# Letters at the beginning and at the end of a long message. Patterns over 4,000 letters take the event loop 0.17 s.
UNDERSTOOD = 500


def excerpt(text: str) -> str:
    """What is understood of a message: all of one that is not very long."""
    return text if len(text) <= 2 * UNDERSTOOD else f"{text[:UNDERSTOOD]}\n{text[-UNDERSTOOD:]}"


def question_of(text: str) -> str:
    """The message without small talk, curses and "no human, please" before and after its question, and not shouted.

    The whole of one that is nothing else.
    """
    asking = [clause for clause in clauses_of(text) if not _is_beside_it(clause)]
    if not asking:
        return text
    # With the mark that ends it.
    question = text[asking[0].start : asking[-1].end + 1].strip(" \t\n,;:，；：、")
    question = question[found.end() :] if (found := _RUNS_IN.match(question)) else question
    return question.lower() if question.isupper() else question


def _is_beside_it(clause: Clause) -> bool:
    return bool(reply_to(clause.plain)) or is_mere_anger(clause.plain) or bool(_ANNOUNCES.fullmatch(clause.plain))
