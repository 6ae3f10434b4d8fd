"""Who is angry is understood, and nobody else is taken for it."""

import pytest

from chatbot.bot.understanding.anger import is_anger_alone, is_angry


@pytest.mark.parametrize(
    "text",
    [
        "this is ridiculous",
        "This is absolutely unacceptable!",
        "what a joke",
        "your customer service is terrible",
        "worst shop ever",
        "useless bot",
        "I am so angry right now",
        "I've had enough of this",
        "are you kidding me",
        "WHERE IS MY ORDER!!!",
        "I paid 9 days ago, this is a joke, where is it",
        "you don't answer this is ridiculous",
        "you idiots",
        "third time I am asking",
        "you are useless",
        "😡",
        "你们什么破服务",
        "气死我了",
        "还没到气死我了",
        "太离谱了吧",
        "垃圾平台",
        "都第三次了还没解决",
        "真是无语了",
        "客服态度太差",
        "骗子公司！还我钱",
        "什么破机器人",
        "your company sucks",
        "you guys suck",
        "I am really disappointed with your service",
        "this is taking forever",
        "I will never order from you again",
        "I want to complain",
        "that didn't help",
        "that's not what I asked",
        "wrong answer",
        "scam!",
        "thanks for nothing",
        "我要投诉",
        "太让人失望了",
        "再也不买了",
        "服务真差",
        "答非所问",
        "你听不懂人话吗",
        "根本没解决我的问题",
    ],
)
def test_anger_is_understood(text: str) -> None:
    assert is_angry(text)


@pytest.mark.parametrize(
    "text",
    [
        "I am not angry",
        "this is not ridiculous",
        "where is my order?",
        "WHERE IS IT",
        "IBAN DE89 3704",
        "OK!!!",
        "sorry, stupid question, how do I pay",
        "the parcel is a mess inside",
        "how do I report a scam",
        "is there a trash bag in the set",
        "great!! thanks!!",
        "我没有生气",
        "我不生气",
        "垃圾桶有货吗",
        "垃圾袋多少钱",
        "怎么投诉",
        "滚筒洗衣机怎么退",
        "第二次购买有优惠吗",
        "is this a scam email",
        "does this vacuum suck up hair",
        "怎么投诉商家",
        "效率高吗",
        "does it take forever batteries",
    ],
)
def test_what_only_sounds_like_it_is_not(text: str) -> None:
    assert not is_angry(text)


@pytest.mark.parametrize("text", ["I used to order each week, bloody hell", "烦不烦呀你"])
def test_phrases_of_supervisors_count(text: str) -> None:
    assert (is_angry(text), is_angry(text, ("bloody hell", "烦不烦"))) == (False, True)


def test_a_phrase_that_is_denied_does_not_count() -> None:
    assert not is_angry("我没有烦不烦的意思", ("烦不烦",))


@pytest.mark.parametrize(
    ("text", "is_alone"), [("this is ridiculous!", True), ("This is ridiculous. Where is it?", False)]
)
def test_whether_something_is_asked_too(text: str, *, is_alone: bool) -> None:
    assert is_anger_alone(text) is is_alone
