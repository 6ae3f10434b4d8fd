"""Is a customer angry? "This is ridiculous" and "你们什么破服务" say so; "I am not angry" and "垃圾桶" do not."""

import re
from collections.abc import Iterable

from chatbot.bot.understanding.clauses import clauses_of, is_negated
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
            r"\bhow many (?:more )?times (?:do|must|should) i\b",
            r"\b(?:third|fourth|fifth|tenth|hundredth|\d+th) time(?: (?:that )?i(?:'m| am|'ve| have)?(?: \w+)?)?\b",
            r"\bworst\b.{0,20}\bever\b|\bsucks?$|\brip ?offs?\b|\bi hate (?:you|your|this)\b",
            r"^(?:what a |it's a |this is a )?scam$",
            r"\b(?:very|really|so|extremely|deeply) disappoint(?:ed|ing)\b|\btak(?:es|ing) forever\b",
            r"\bnever (?:order|buy|shop|com)(?:ing)?\b.{0,25}\bagain\b|\bnever again\b|\bthanks for nothing\b",
            r"\bi (?:want|need|would like|wish) to (?:complain|(?:make|file) a complaint)\b|\bi'd like to complain\b",
            # Of the bot's answers.
            r"(?:not|isn't|wasn't) what i (?:asked|meant|wanted)|^wrong answer$",
            r"\byou(?:'re| are) not help(?:ing|ful)\b",
            r"\b(?:that|this|it|you) (?:didn't|doesn't|does not|did not|don't) (?:help|understand)(?: me| at all)*$",
        )
    )
)
_ZH = re.compile(
    "|".join(
        (
            "(?:你们|这)?(?:都?是)?(?:什么|个)?破(?:服务|公司|平台|店|客服|网站|东西|玩意|机器人|软件|快递)",
            "垃圾(?!桶|袋|箱|分类|邮件|短信|处理|车|站|粉碎)|烂(?:透|死|公司|服务|客服|平台|店)",
            "什么(?:破|烂|鬼|玩意|态度)|什么(?:服务|公司|客服|平台)[啊呀嘛]*$|搞什么|搞毛",
            "(?:气|烦|急|坑|无语)死(?:我|人|了)|气炸|气疯|太气人|真气人|生气|愤怒|火大|恼火|忍无可忍|受够|受不了(?:你|了)",
            "(?:太|真|好|真是|简直)(?:是)?(?:无语|恶心|离谱|过分|坑|差劲|垃圾|烂)|无语了|离谱|过分了|差劲|态度.{0,3}(?:差|恶劣)",
            "坑爹|坑人|骗子|骗钱|黑店|黑心|投诉你们|没人管|耍我|忽悠|糊弄|敷衍|浪费(?:我)?(?:的)?时间",
            "废物|傻[逼叉子瓜]|智障|脑残|白痴|弱智|蠢货|笨死|妈的|他妈|尼玛|特么|滚(?:[蛋开]|$)|操你|狗屎|王八蛋",
            "(?:太|真|很|非常|好)(?:让人|令人)?失望|让人失望|再也不(?:买|来|用|会)|(?:服务|客服)(?:真|太|很|这么|也太)?差",
            "死哪去|有病(?:吧|啊)|(?:听不懂|说)人话|效率(?:太|真|这么)?低|骗人的(?!吗)|我(?:要|想)投诉",
            "答非所问|没用的东西|(?:你|机器人)(?:真|太)?没用|没(?:有)?解决(?:我的)?(?:任何)?问题|烦死",
            r"第[三四五六七八九十\d]+[次遍]|说了?(?:多少|几|好几|八百)[次遍]|还要我?等多久",
        )
    )
)
# Who asks whether something is so is not angry.
_ASKS = re.compile(r"\bhow (?:do|can) i\b|怎么投诉|如何投诉|stupid question|silly question")
_SHOUTED_WORDS = 3
_EMOJI = frozenset("😠😡🤬👿💢🖕")
# Letters. "You do not answer this is ridiculous" denies nothing.
_DENIED_WITHIN = 6


def is_angry(text: str, phrases: Iterable[str] = ()) -> bool:
    """Whether the text says or shows it; `phrases` are what supervisors have written, normalised."""
    if _is_shouted(text) or not _EMOJI.isdisjoint(text):
        return True
    return any(_angry_words(clause.plain) for clause in clauses_of(text)) or says_one_of(phrases, normalise(text))


def is_anger_alone(text: str) -> bool:
    """Whether every clause of the text is: nothing is asked."""
    return all(is_mere_anger(clause.plain) for clause in clauses_of(text))


def is_mere_anger(plain: str) -> bool:
    """Whether at least half of a clause is: in "nothing has come this is ridiculous" something else is said, too."""
    return 2 * len(_angry_words(plain)) >= len(plain)


def _angry_words(plain: str) -> str:
    """Those of a clause that say it, "" if none do."""
    found = _EN.search(plain) or _ZH.search(plain)
    if not found or _ASKS.search(plain) or is_negated(plain[: found.start()], within=_DENIED_WITHIN):
        return ""
    return found[0]


def _is_shouted(text: str) -> bool:
    """All capitals, with more than one exclamation mark: names, order numbers and OK are not."""
    words = re.findall(r"[A-Za-z']{2,}", text)
    return len(words) >= _SHOUTED_WORDS and text.count("!") + text.count("！") > 1 and all(map(str.isupper, words))
