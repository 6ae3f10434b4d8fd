"""Greetings, thanks, goodbyes and "are you a robot?": what no table of answers should have to hold."""

import re

from django.utils.translation import gettext_noop

from chatbot.knowledge.language import normalise

# Translators: “human” is what the customer should type; in Chinese that is “转人工”.
GREETING = gettext_noop(
    "Hello! I am the assistant. Ask me about orders, delivery, returns, invoices or your account. "
    "If you would rather talk to a person, say “human”."
)
THANKS = gettext_noop("You are welcome! Is there anything else I can help with?")
GOODBYE = gettext_noop("Goodbye, and thank you for your visit!")
# Translators: “human” is what the customer should type; in Chinese that is “转人工”.
IDENTITY = gettext_noop(
    "I am a computer program that answers common questions. If you would rather talk to a person, say “human”."
)

_PHRASES = (
    (re.compile(r"(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|greetings)(?: there)?"), GREETING),
    (re.compile(r"(?:你好|您好|嗨|哈喽|哈罗|早上好|下午好|晚上好|早安|在吗|在不在|你好在吗)[啊呀吗]?"), GREETING),
    (re.compile(r"(?:ok |okay |great |many )?(?:thanks|thank you|thx)(?: (?:a lot|so much|very much|again))?"), THANKS),
    (re.compile(r"(?:好的?)?(?:谢谢|多谢|感谢|谢了|非常感谢)(?:你|您|啦|了)?"), THANKS),
    (re.compile(r"(?:good ?bye|bye(?: bye)?|see you(?: later)?)"), GOODBYE),
    (re.compile(r"(?:再见|拜拜|回头见|下次见)[啊呀啦]?"), GOODBYE),
    (re.compile(r"are you (?:a |an )?(?:real )?(?:human|person|robot|bot|machine|ai)|who are you"), IDENTITY),
    (re.compile(r"你(?:是不是|是)(?:真人|机器人|人工智能|ai|谁)(?:吗|还是机器人|啊)?"), IDENTITY),
)


def answer_small_talk(text: str) -> str | None:
    """The English source of the reply if the whole message is small talk."""
    plain = re.sub(r"[^\w ]+", "", normalise(text)).strip()
    return next((reply for pattern, reply in _PHRASES if pattern.fullmatch(plain)), None)
