"""What the bot understands, by example."""

import time
from collections.abc import Sequence

import pytest

from chatbot.bot.engine.embedded import decide
from chatbot.bot.engine.interface import Action, Context, Outcome, Question
from chatbot.knowledge.language import language_of
from chatbot.knowledge.sample import demo_entries
from chatbot.knowledge.search import find_by_words
from chatbot.models import KnowledgeEntry

ENTRIES = demo_entries()
QUESTION_OF = {entry.answer: entry.question for entry in ENTRIES}


def ask(text: str, entries: Sequence[KnowledgeEntry] = ENTRIES, language: str = "en") -> Outcome:
    """What the bot decides where no encoder is there."""
    question = Question(text, Context("s-1", language))
    return decide(question, find_by_words(text, entries), {entry.key: entry for entry in entries})


def question_answered(text: str) -> str | None:
    """The known question whose answer the bot gives, None if it is unsure or hands over."""
    return QUESTION_OF.get(ask(text).text)


@pytest.mark.parametrize(
    "text",
    [
        "转人工",
        "转人工！",
        "人工",
        "人工客服",
        "我要转人工",
        "我要找人工客服",
        "能不能转人工？",
        "可不可以帮我转人工服务",
        "要不要这么麻烦，给我转人工",
        "请帮我接真人",
        "我想和真人说话",
        "真人客服",
        "有没有真人可以跟我聊聊",
        "不要机器人，转人工",
        "我不想跟机器人聊天了我要人工",
        "叫你们客服人员来",
        "订单有问题，转人工客服",
        "agent",
        "Agent!!",
        "human please",
        "“human”",
        '"human"',
        "回复“转人工”",
        "HUMAN",
        "a human, please",
        "talk to a human",
        "I want to talk to a human.",
        "Can I speak to a real person?",
        "speak to a representative",
        "connect me with an agent please",
        "transfer me to a live agent",
        "Let me talk to someone",
        "I need an agent",
        "get me a human",
        "can I chat with somebody real? get me an operator",
        "I'd like to speak with your manager",
        "I don't want a bot, I want a human",
        "why can't I talk to a human",
        "is there a person I can talk to",
        "can a human help me",
        "can someone real please talk to me",
        "live chat",
        "客服",
        "我要找客服",
        "真人回复",
        "换个人来",
        "叫你们经理来",
        "customer service please",
    ],
)
def test_asking_for_a_human_escalates(text: str) -> None:
    assert ask(text) == Outcome(Action.HAND_OVER, reason=text)


@pytest.mark.parametrize(
    "text",
    [
        "不要转人工",
        "不用转人工了",
        "别给我转人工",
        "先别转人工",
        "我不需要人工客服",
        "取消转人工",
        "你是真人吗",
        "你是人工智能吗",
        "人工智能是什么",
        "人工客服几点上班",
        "安装人工费是多少",
        "what does the user agent string say",
        "I am a travel agent",
        "can I book through a travel agent",
        "my estate agent signed for the parcel",
        "I don't want to talk to a human",
        "do not transfer me to an agent",
        "no need for an agent",
        "are you a human?",
        "I need a person to sign for my parcel?",
        "human error in my order",
        "please contact human resources",
        "no human needed",
        "不要叫经理",
        "换个人民币付款",
        "联系客服电话",
        "where is my order",
    ],
)
def test_other_talk_of_humans_does_not_escalate(text: str) -> None:
    assert ask(text).action is not Action.HAND_OVER


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("where's my order?", "Where is my order?"),
        ("Hi, I would like to track my parcel", "Where is my order?"),
        ("how long does shipping take", "How long does delivery take?"),
        ("when will my order arrive", "How long does delivery take?"),
        ("I want to cancel my order", "Can I change or cancel my order?"),
        ("how can i return these shoes", "How do I return something?"),
        ("wrong size, can I exchange it?", "How do I return something?"),
        ("I'm still waiting for my refund", "When do I get my refund?"),
        ("I want my money back", "When do I get my refund?"),
        ("could you send me an invoice", "How do I get an invoice?"),
        ("are you open on the weekend?", "What are your opening hours?"),
        ("can I pay by PayPal", "Which ways of payment do you accept?"),
        ("my card was declined, card declined again", "My payment failed"),
        ("I forgot my password", "I forgot my password"),
        ("please delete my account", "How do I delete or change my account?"),
        ("my phone is broken, is there a warranty?", "Is there a warranty?"),
        ("what is your phone number", "How can I contact you?"),
        ("what about data protection", "What do you do with my data?"),
        ("my voucher is not accepted", "How do I use a coupon?"),
        ("我的订单到哪了", "我的订单到哪里了？"),
        ("帮我查一下物流信息", "我的订单到哪里了？"),
        ("快递几天到？", "配送需要多长时间？"),
        ("邮费多少", "运费是多少？"),
        ("我想取消订单", "怎么修改或取消订单？"),
        ("鞋子太小了想换货", "怎么退货或换货？"),
        ("怎么退货", "怎么退货或换货？"),
        ("退款多久到账", "退款什么时候到账？"),
        ("我要开发票", "怎么开发票？"),
        ("你们几点上班", "你们的营业时间是什么时候？"),
        ("可以用微信支付吗", "支持哪些付款方式？"),
        ("一直支付失败", "支付失败怎么办？"),
        ("忘记密码了", "忘记密码怎么办？"),
        ("我要注销账号", "怎么修改或注销账户？"),
        ("手机坏了能维修吗", "商品有保修吗？"),
        ("你们的客服电话是多少", "怎么联系你们？"),
        ("会不会泄露我的个人信息", "你们怎么保护我的隐私？"),
        ("优惠券用不了", "优惠券怎么用？"),
    ],
)
def test_a_known_question_gets_its_answer(text: str, question: str) -> None:
    assert question_answered(text) == question


@pytest.mark.parametrize(
    "text",
    [
        "what is the meaning of life",
        "tell me a joke",
        "do you like pizza",
        "asdfgh",
        "???",
        "12345",
        "今天天气怎么样",
        "给我讲个笑话",
        "你喜欢吃什么",
    ],
)
def test_the_bot_does_not_pretend_to_know(text: str) -> None:
    decision = ask(text)
    assert (decision.action is Action.ANSWER, decision.is_unsure) == (False, True)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("where is my order", "en"),
        ("我的订单", "zh-hans"),
        ("我的 iPhone 坏了", "zh-hans"),
        ("What does 你好 mean in English?", "en"),
    ],
)
def test_language_of_a_message(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_message_without_words_is_in_the_default_language() -> None:
    assert language_of("???", "zh-hans") == "zh-hans"


@pytest.mark.parametrize(("language", "words"), [("en", "I cannot look into files."), ("zh-hans", "我无法查看文件")])
def test_of_files_alone_the_bot_says_who_can_open_them(language: str, words: str) -> None:
    decision = ask("", language=language)
    assert decision.text.startswith(words)
    assert decision.offer_human


def test_without_answers_the_bot_is_unsure() -> None:
    assert ask("where is my order", []).is_unsure


@pytest.mark.parametrize(
    "words",
    [
        "please talk to the ",
        "talk to ",
        "不要",
        "不要人工",
        "not ",
        "to ",
        "can a real live ",
        "this ",
        "so ",
        "your ",
        "这真是",
        "thanks ",
        "ok ",
        "k",
        "哈",
        "谢谢了",
        "hi, ",
        "worst ",
        "🙂",
    ],
)
def test_a_long_message_does_not_hold_the_thread(words: str) -> None:
    """Patterns that backtrack without bound would take minutes over these; the slowest takes 0.06 s."""
    started = time.monotonic()
    ask((words * 4000)[:4000])
    assert time.monotonic() - started < 5
