"""What a message asks, without what is said around it: that is what the knowledge base is asked."""

import re

from chatbot.bot.understanding.anger import is_mere_anger
from chatbot.bot.understanding.clauses import Clause, clauses_of
from chatbot.bot.understanding.smalltalk import reply_to

# A greeting or thanks that runs into the question without a comma.
_RUNS_IN = re.compile(
    r"(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks|thank you)(?: there)? "
    r"(?=(?:i|i'm|where|how|what|what's|when|can|could|do|does|did|is|are|my|why|who|which|please|would|may|you|we|need)\b)"
    r"|(?:你好|您好|请问|麻烦问一?下)(?=.{2})",
    re.IGNORECASE,
)


def question_of(text: str) -> str:
    """The message without small talk, curses and "no human, please" before and after its question.

    The whole of one that is nothing else.
    """
    asking = [clause for clause in clauses_of(text) if not _is_beside_it(clause)]
    if not asking:
        return text
    # With the mark that ends it.
    question = text[asking[0].start : asking[-1].end + 1].strip(" \t\n,;:，；：、")
    return _RUNS_IN.sub("", question, count=1) if _RUNS_IN.match(question) else question


def _is_beside_it(clause: Clause) -> bool:
    return bool(reply_to(clause.plain)) or is_mere_anger(clause.plain)
