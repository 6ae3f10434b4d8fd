"""Does a customer ask for a human? "Talk to a human" and "转人工" do; "travel agent" and "不要转人工" do not."""

import re
from collections.abc import Iterable

from chatbot.bot.understanding.clauses import CLAUSE_END
from chatbot.bot.understanding.phrases import says_one_of
from chatbot.knowledge.language import normalise

# Chinese. 人工智能 is artificial intelligence; 人工费 is a labour charge.
_ZH_HUMAN = r"(?:人工(?!智能|费|成本|合成|湖|材料)|真人|活人|客服人员|客服专员|坐席)"
_ZH_ASK = re.compile(
    rf"(?:转接?|换|找|要|接|叫|请|联系|呼叫|需要|想|跟|和|与|有没有|有|给我|来个?|帮我).{{0,6}}?{_ZH_HUMAN}"
    r"|人工(?:客服|服务|坐席|座席)|真人(?:客服|回复|回答|服务|接待|对话|聊天)|转人工"
    r"|(?:叫|让|找|请|换)(?:你们|你)?的?(?:经理|主管|领导|负责人|老板|店长)|换个人(?:来|吧|说|聊|$)"
    r"|(?:找|要|叫|转|接)(?:一下|一?个)?(?:你们的?)?客服(?!电话|热线|邮箱|微信|号)"
)
_ZH_ALONE = re.compile(rf"(?:{_ZH_HUMAN}|客服)(?:客服|服务)?(?:吧|啊|呢|谢谢)?")
_ZH_NEGATED = re.compile(
    r"(?:(?<!要)不要|(?<!用)不用|(?<!想)不想|(?<!需要)不需要|(?<!需)不需|不必|不愿意?|不转|不找|别|无需|无须|勿|没想|没有要|取消)"
    rf"(?:(?!机器|智能|ai|bot).){{0,8}}(?:{_ZH_HUMAN}|客服|经理|主管|领导)"
)
_ZH_QUESTION_ABOUT = re.compile(
    r"(?:是|是不是)真人|真人(?:吗|还是)|(?:人工|坐席|客服人员).{0,6}(?:几点|上班|下班|工作时间|服务时间|电话是)"
)

# English. `person` and the like count only with a verb of speaking: "I need a person to sign" is no such wish.
_EN_KIND = r"(?:(?:real|live|human|actual|proper|support|service|customer|another)\s+)*"
_EN_NOT_HUMAN = r"(?!\s+(?:string|strings|header|headers|resources?|rights|error|readable|fee|id|code))"
_EN_HUMAN = rf"(?:human(?:\s+being)?|agent|representative|rep|operator){_EN_NOT_HUMAN}"
_EN_REAL = r"(?:real|live|actual|human)\s+(?:person|people|someone|somebody)"
_EN_SOMEBODY = r"(?:person|someone|somebody|people|manager|supervisor|advis[eo]r|staff|support|customer\s+service)"
_EN_GAP = (
    r"(?:\s+(?:to|with|me|us|a|an|the|your|some|one|of|please|over|through|be|connected|transferred|talk|speak|now|for))*"
    r"\s+"
)
_EN_VERB = (
    r"(?:talk|talking|speak|speaking|chat|connect|transfer|get|put|switch|pass|escalate|hand|forward|reach|contact|"
    r"call|need|want|like|give|have|prefer|find|see|ask|asking)"
)
_EN_ASK = re.compile(
    rf"\b{_EN_VERB}{_EN_GAP}{_EN_KIND}(?:{_EN_HUMAN}|{_EN_REAL})s?\b"
    rf"|\b(?:talk|speak|chat|talking|speaking)\s+(?:to|with){_EN_GAP}{_EN_KIND}{_EN_SOMEBODY}\b"
    rf"|\b(?:{_EN_HUMAN}|person|someone|somebody)(?:\s+(?:here|there|that|who|whom))*\s+(?:i|we)\s+can\s+(?:talk|speak|chat)\b"
    r"|\b(?:someone|somebody|anyone|anybody)\s+(?:real|human|alive)\b"
    rf"|\bcan\s+(?:a|an|some)\s+{_EN_KIND}(?:{_EN_HUMAN}|person)s?\s+(?:help|assist|call|answer)"
)
_EN_ALONE = re.compile(
    rf"(?:please\s+|a\s+|an\s+)*{_EN_KIND}(?:human(?:\s+being)?|agent|representative|operator|real\s+person|live\s+person|customer\s+service|live\s+chat)s?"
    r"(?:\s+(?:please|now|pls|thanks))*"
)
_EN_NEGATED = re.compile(
    r"\b(?:don't|dont|do\s+not|doesn't|does\s+not|didn't|not|no\s+need|never|without|no\s+longer|cancel)\b"
    r"(?:(?!\b(?:bot|robot|machine|ai|chatbot|able|can\s+i)\b).){0,40}"
    r"\b(?:human|agent|person|representative|operator|someone|somebody|manager|supervisor|support|service)"
)

_EN_NONE = re.compile(r"no (?:human|agent|person|operator)s?(?: (?:needed|required|please|thanks))*$")
# Letters that may stand before and after a refusal that says nothing else.
_MARGIN = 8


def asks_for_human(text: str, phrases: Iterable[str] = ()) -> bool:
    """Whether some clause of the text asks for a human and does not refuse one.

    `phrases` are what supervisors have written beside the patterns, normalised.
    """
    plain = normalise(text)
    asks = any(_clause_asks(clause.strip()) for clause in CLAUSE_END.split(plain) if clause)
    return asks or says_one_of(phrases, plain)


def refuses_human(clause: str) -> bool:
    """Of a normalised clause: it says that no human is wished for, and nothing else."""
    found = _EN_NONE.match(clause) or _ZH_NEGATED.search(clause)
    if found is None and _EN_ASK.search(clause):
        found = _EN_NEGATED.search(clause)
    return found is not None and found.start() <= _MARGIN and len(clause) - found.end() <= _MARGIN


def _clause_asks(clause: str) -> bool:
    if _ZH_NEGATED.search(clause) or _EN_NEGATED.search(clause) or _ZH_QUESTION_ABOUT.search(clause):
        return False
    alone = _ZH_ALONE.fullmatch(clause) or _EN_ALONE.fullmatch(clause)
    return bool(alone or _ZH_ASK.search(clause) or _EN_ASK.search(clause))
