"""Is a customer angry? "This is ridiculous" and "你们什么破服务" say so; "I am not angry" and "垃圾桶" do not."""

import re
from collections.abc import Iterable

from chatbot.bot.understanding.clauses import CLAUSE_END, is_negated
from chatbot.bot.understanding.phrases import says_one_of
from chatbot.knowledge.language import normalise

_EN_VERY = "(?: (?:just|so|really|absolutely|totally|completely|truly|beyond|fucking|such|getting|simply|utterly))*"
_EN_BAD = (
    "(?:ridiculous|unacceptable|outrageous|absurd|terrible|awful|horrible|pathetic|disgusting|disgraceful|useless"
    "|rubbish|garbage|crap|trash|shit|bullshit|bs|insane|infuriating|frustrating|annoying|stupid|shameful|the worst"
    "|a waste of (?:my )?time|an? (?:total |complete |huge |big |sick )?(?:joke|disgrace|scandal|mess|shame|nightmare))"
)
_EN_SERVICE = (
    "(?:customer |delivery )?(?:service|company|shop|store|support|bot|robot|chatbot|machine|website|experience)"
)
_EN = re.compile(
    "|".join(
        (
            r"\b(?:this|it|that|you|u|you guys|you people|your \w+|your \w+ \w+|the (?:service|support|bot|shop))"
            rf"(?:'s|'re| is| are| was| has been|s)?{_EN_VERY} {_EN_BAD}\b",
            rf"^(?:what |what an? |how |so |just |absolutely |totally |such an? )?{_EN_BAD}(?: {_EN_SERVICE})?$",
            r"\b(?:terrible|awful|horrible|pathetic|useless|rubbish|crap|worst|shitty|lousy|appalling|stupid|dumb|damn"
            rf"|bloody) {_EN_SERVICE}\b",
            r"\b(?:wtf|fuck\w*|bullshit|bastards?|assholes?|idiots?|morons?|scammers?|thieves|crooks|liars?)\b",
            r"\b(?:piss(?:ed)? off|shame on you|screw you|shut up|nobody (?:cares|helps|answers|listens))\b",
            r"\b(?:fed up|sick (?:and tired )?of|had enough of|running out of patience|losing (?:my )?patience)\b",
            r"\bi(?:'m| am)(?: (?!not\b)\w+)? (?:angry|furious|pissed|livid|mad|outraged|annoyed|disgusted)\b",
            r"\bare you (?:kidding|joking)\b|\bwhat the (?:hell|heck|fuck)\b|\bwaste of (?:time|money)\b",
            r"\bhow many (?:more )?times (?:do|must|should) i\b|\b(?:third|fourth|fifth|tenth|hundredth|\d+th) time\b",
            r"\bworst\b.{0,20}\bever\b",
        )
    )
)
_ZH = re.compile(
    "|".join(
        (
            "破(?:服务|公司|平台|店|客服|网站|东西|玩意|机器人|软件|快递)",
            "垃圾(?!桶|袋|箱|分类|邮件|短信|处理|车|站|粉碎)|烂(?:透|死|公司|服务|客服|平台|店)",
            "什么(?:破|烂|鬼|玩意|态度)|什么(?:服务|公司|客服|平台)[啊呀嘛]*$|搞什么|搞毛",
            "(?:气|烦|急|坑|无语)死(?:我|人|了)|气炸|气疯|太气人|真气人|生气|愤怒|火大|恼火|忍无可忍|受够|受不了(?:你|了)",
            "(?:太|真|好|真是|简直)(?:是)?(?:无语|恶心|离谱|过分|坑|差劲|垃圾|烂)|无语了|离谱|过分了|差劲|态度.{0,3}(?:差|恶劣)",
            "坑爹|坑人|骗子|骗钱|黑店|黑心|投诉你们|没人管|耍我|忽悠|糊弄|敷衍|浪费(?:我)?(?:的)?时间",
            "废物|傻[逼叉子瓜]|智障|脑残|白痴|弱智|蠢货|笨死|妈的|他妈|尼玛|特么|滚(?:[蛋开]|$)|操你|狗屎|王八蛋",
            r"第[三四五六七八九十\d]+[次遍]|说了?(?:多少|几|好几|八百)[次遍]|还要我?等多久",
        )
    )
)
# Who asks whether something is so is not angry.
_ASKS = re.compile(r"\bhow (?:do|can) i\b|怎么投诉|如何投诉|stupid question|silly question")
_SHOUTED_WORDS = 3
_LETTER = re.compile(r"\w")
_EMOJI = frozenset("😠😡🤬👿💢🖕")
# Letters. "You do not answer this is ridiculous" denies nothing.
_DENIED_WITHIN = 6


def is_angry(text: str, phrases: Iterable[str] = ()) -> bool:
    """Whether the text says or shows it; `phrases` are what supervisors have written, normalised."""
    if _is_shouted(text) or not _EMOJI.isdisjoint(text):
        return True
    plain = normalise(text)
    return any(_is_angry_clause(each) for each in CLAUSE_END.split(plain)) or says_one_of(phrases, plain)


def is_anger_alone(text: str) -> bool:
    """Whether every clause of the text is: nothing is asked."""
    return all(_is_angry_clause(each) for each in CLAUSE_END.split(normalise(text)) if _LETTER.search(each))


def _is_angry_clause(clause: str) -> bool:
    clause = clause.strip()
    found = _EN.search(clause) or _ZH.search(clause)
    if not found or _ASKS.search(clause):
        return False
    return not is_negated(clause[: found.start()], within=_DENIED_WITHIN)


def _is_shouted(text: str) -> bool:
    """All capitals, with more than one exclamation mark: names, order numbers and OK are not."""
    words = re.findall(r"[A-Za-z']{2,}", text)
    return len(words) >= _SHOUTED_WORDS and text.count("!") + text.count("！") > 1 and all(map(str.isupper, words))
