"""What counts as small talk, clause by clause, and what is said to it."""

import re

from django.utils.translation import gettext_noop

GREETING = gettext_noop("Hello! I am the assistant. What can I do for you?")
THANKS = gettext_noop("You are welcome! Is there anything else I can help with?")
GOODBYE = gettext_noop("Goodbye, and thank you for your visit!")
# Translators: as the button of the chat page is called; in Chinese that is “转人工客服”.
IDENTITY = gettext_noop(
    "I am a computer program that answers common questions. If you would rather talk to a person, "
    "press “Talk to a human”."
)
APOLOGY = gettext_noop("No problem at all! What can I do for you?")
AGREED = gettext_noop("All right. If there is anything else, just ask.")
PRAISE = gettext_noop("Thank you, that is kind of you! Is there anything else I can help with?")
LAUGHTER = gettext_noop("Good to see you in high spirits! What can I do for you?")
WELLBEING = gettext_noop("I am fine, thank you! What can I do for you?")
ABILITY = gettext_noop(
    "I answer common questions: just ask, in your own words. For anything else press “Talk to a human”."
)
EMOJI = gettext_noop("I am here if you need anything: just ask.")

_ZH_TAIL = "[啊呀吗哈哦噢呢吧啦了的嘛亲]*"
_A = "(?:an? )?(?:real |actual |live )?"
_BEING = "(?:human(?: being)?|person|robot|bot|chatbot|machine|computer|ai|(?:chat ?)?gpt)"
_YOU_ZH = "(?:你|您)"
_HELLO_ZH = "(?:哈喽|哈罗|哈啰|你好|您好|嗨|嘿|喂|亲|客服|hi|hello)"
_EN_ASKING = "how|where|when|what|why|who|which|can|could|will|would|do|does|did|is|are|need|want|to|nothing"
_ZH_ASKING = "吗|怎|哪|什么|多少|几|能|可以|如何|要|想|不"
_VERY = "(?:so |very |really |quite |pretty )*"

# Each line is a whole clause, in lower case and without signs. What comes first is answered first.
_CLAUSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        IDENTITY,
        (
            f"(?:are|r) (?:you|u) (?:just )?{_A}{_BEING}(?: or {_A}{_BEING})?",
            f"(?:am i|is this) (?:(?:talking|speaking|chatting) (?:to|with) )?{_A}{_BEING}(?: or {_A}{_BEING})?",
            "who are you|what are you|what(?:'s| is) your name|do you have a name",
            f"{_YOU_ZH}?(?:到底)?(?:是不是|是)(?:真人|活人|机器人?|人工智能|ai|谁|人)(?:还是(?:真人|机器人?|人|ai))?{_ZH_TAIL}",
            f"{_YOU_ZH}(?:叫什么|是什么)(?:名字|东西)?[啊呀呢]?",
            "是?(?:真人|机器人|人工智能|ai)(?:还是(?:真人|机器人))?在?(?:回复|回答|跟|和|服务)我?(?:聊天|说话)?[吗呢啊]?",
        ),
    ),
    (
        ABILITY,
        (
            "(?:please )?help(?: me)?(?: please)?|i need (?:some |your )?help|can you help(?: me)?(?: please)?",
            "what (?:can|do) you (?:do|know|answer)(?: for me)?|what can (?:you help(?: me)? with|i ask(?: you)?)",
            "how (?:can you help(?: me)?|does this work)",
            f"{_YOU_ZH}?(?:能|会|可以)(?:帮我)?(?:做|干|回答|解决|帮我)?(?:些?什么|点什么|啥)(?:问题|忙)?[吗呢啊]?",
            f"(?:请|麻烦)?{_YOU_ZH}?(?:能|可以)?帮(?:帮|个|一下)?(?:我|忙)(?:一下|个忙|吗)?{_ZH_TAIL}|求助|帮助",
        ),
    ),
    (
        THANKS,
        (
            "(?:ok(?:ay)? |great |many |perfect |cool |alright |no )*(?:thanks?|thank (?:you|u)|thx|tks|ty|cheers)"
            "(?: (?:a lot|so much|very much|again|you|anyway|everything|mate|man|guys|bye|(?:that|this) helped))*"
            "(?: for (?:your |the |all (?:your )?)?(?:help|answer|reply|info|information|support|time))?",
            # In a short clause that asks nothing.
            rf"(?=.{{1,40}}$)(?!.*\b(?:{_EN_ASKING})\b).*\b(?:thanks|thank (?:you|u)|thx|tks)\b.*",
            rf"(?=.{{1,12}}$)(?!.*(?:{_ZH_ASKING})).*(?:谢谢|感谢|多谢).*",
            "(?:much appreciated|(?:i )?appreciate it|much obliged)",
            f"you(?:'ve| have) been {_VERY}(?:helpful|kind|great)",
            "(?:that|this) (?:really )?(?:helped|helps|worked|works|solved (?:it|my problem)|answers my question)"
            "(?: (?:a lot|me))?",
            f"(?:that|this) was {_VERY}helpful",
            "(?:好的?|嗯|行|那|ok|太)*(?:谢谢|多谢|感谢|谢了|谢啦|辛苦)"
            f"(?:你|您|大家|客服)?(?:们)?(?:的?(?:帮忙|帮助|回复|解答))?{_ZH_TAIL}",
            "(?:问题)?(?:已经)?(?:解决|搞定)[了啦]|(?:麻烦|辛苦)(?:你|您)了",
        ),
    ),
    (
        GOODBYE,
        (
            "good ?bye|(?:ok )?bye(?: ?bye)?|see (?:you|ya)(?: later| soon)?|cya|good night",
            "have a (?:nice|good|great) (?:day|one|evening|weekend)",
            f"(?:再见|拜拜|拜|回头见|下次见|晚安|886?|先这样|没事了|没有了|没别的了|没有?(?:其他|别的)?问题了){_ZH_TAIL}",
        ),
    ),
    (
        APOLOGY,
        (
            "(?:i'm |i am |so |very |oh |oops |ah )*"
            "(?:sorry|my bad|my mistake|my apologies|apologies|i apologi[sz]e|pardon|excuse me)"
            "(?: (?:about|for) (?:that|this|it|the (?:trouble|confusion|typo)))?",
            f"(?:真是?)?(?:对不起|不好意思|抱歉|打错了?|发错了?字|说错了?|搞错了?){_ZH_TAIL}",
        ),
    ),
    (
        PRAISE,
        (
            f"(?:you(?:'re| are) |u r |that(?:'s| is) |it(?:'s| is) |well |how |what )?{_VERY}(?:such )?(?:an? )?"
            "(?:great|awesome|amazing|brilliant|excellent|nice|good|helpful|clever|smart|cute|fantastic|wonderful)"
            "(?: (?:bot|job|work|service|answer|help|one))?",
            f"(?:太|真|挺|非常)好{_ZH_TAIL}",
            "(?:you(?:'re| are) )?the best|well done|(?:i )?love (?:it|you|this)",
            f"(?:你|您|这个?机器人)?(?:真|好|太|很|挺|非常|真是)*"
            f"(?:棒|厉害|聪明|可爱|贴心|给力|牛|赞|不错|专业|优秀|好用|有用){_ZH_TAIL}",
        ),
    ),
    (
        LAUGHTER,
        (
            "(?:a?(?:ha){2,}h?|(?:he){2,}|lol+|lmao|rofl|xd)(?: (?:ok(?:ay)?|funny|good one|lol))*",
            f"(?:that's )?{_VERY}funny",
            "哈{2,}|呵{2,}|嘿{2,}|嘻{2,}|笑死我?了?|有意思|好笑",
        ),
    ),
    (
        WELLBEING,
        (
            "(?:and )?(?:how are (?:you|u|things)|how r u|how do you do|how(?:'s| is) it going|what's up|whats up|sup)"
            "(?: doing)?(?: today)?",
            f"{_YOU_ZH}?(?:最近)?(?:好吗|还好吗|怎么样|吃了吗|吃饭了吗|忙吗){_ZH_TAIL}",
        ),
    ),
    (
        AGREED,
        (
            "(?:(?:ok|okay|okey|k|kk|okie|alright|all right|got it|i see|understood|fine|sure|yes|yeah|yep|yup|no|nope"
            "|right|cool|noted|never ?mind|nothing|good|great|perfect|makes sense|nothing else"
            "|that(?:'s| was| is) all(?: i need(?:ed)?| i wanted)?"
            "|no more questions|hm+|mhm|oh|ah|lol|then)(?: |$))+",
            "(?:好|好的|好滴|好吧|行|行吧|可以|嗯+|哦+|噢+|喔+|额+|呃+|收到|明白|了解|知道了|懂了|没问题|是的?|对|对的"
            f"|不是|没有|不用了?|算了|ok){_ZH_TAIL}",
        ),
    ),
    (
        GREETING,
        (
            "(?:hi+|hello+|hey+|hiya|yo|howdy|good (?:morning|afternoon|evening|day)|morning|greetings|hallo)"
            "(?: (?:there|again|everyone|all|guys|team|dear|bot|assistant|sir|madam|mate|friend|to you|anybody|home))*",
            "dear (?:sir|madam|team|support)",
            "(?:is |are )?(?:anyone|anybody|someone|somebody|you)(?: (?:there|here|home|online))+",
            f"{_HELLO_ZH}?(?:在吗|在么|在不在|在不|有人吗|有人在吗|有人不)[啊呀呢]?",
            f"(?:{_HELLO_ZH}|早上好|上午好|中午好|下午好|晚上好|早安|早|大家好|小二|请问){_ZH_TAIL}",
        ),
    ),
)

PATTERNS = tuple((re.compile("|".join(clauses)), reply) for reply, clauses in _CLAUSES)

# Which reply is given to a message with several kinds.
ORDER = tuple(reply for reply, _ in _CLAUSES)
