"""What needs no knowledge: greetings, thanks, and what is said in passing."""

import pytest

from chatbot.bot.understanding.question import question_of
from chatbot.bot.understanding.smalltalk import answer_small_talk
from chatbot.bot.understanding.smalltalk_phrases import (
    ABILITY,
    AGREED,
    APOLOGY,
    EMOJI,
    GOODBYE,
    GREETING,
    IDENTITY,
    LAUGHTER,
    PRAISE,
    THANKS,
    WELLBEING,
)


@pytest.mark.parametrize(
    ("reply", "texts"),
    [
        (GREETING, ["hi", "Hello!", "hey there", "Good morning", "is anyone there?"]),
        (GREETING, ["你好", "您好！", "在吗", "亲，在吗？", "有人吗", "喂"]),
        (THANKS, ["thanks", "Thank you very much!", "ok thanks", "thx a lot", "hi, thanks!"]),
        (THANKS, ["谢谢", "好的，谢谢你！", "谢谢啦", "多谢了", "辛苦了"]),
        (THANKS, ["thank you for your help", "that helped a lot", "great, thanks!!", "感谢您的帮助", "问题解决了"]),
        (THANKS, ["Thanks a million", "thank you that was all", "that's all I needed, thanks"]),
        (THANKS, ["great thanks for the info"]),
        (THANKS, ["非常感谢！", "谢谢，没有其他问题了", "麻烦您了", "太好了，谢谢"]),
        (ABILITY, ["what can you do?", "help", "hi, can you help me?", "你能做什么", "帮帮我"]),
        (AGREED, ["no human needed", "不用转人工", "I don't need an agent"]),
        (GOODBYE, ["bye", "Good bye!", "see you later", "have a nice day", "再见", "拜拜啦", "没事了"]),
        (IDENTITY, ["are you a robot?", "Are you a real person?", "am I talking to a bot", "who are you"]),
        (IDENTITY, ["你是真人吗", "你是谁", "你是机器人还是真人"]),
        (APOLOGY, ["sorry", "oh sorry about that", "my bad", "不好意思", "抱歉，打错了"]),
        (AGREED, ["ok", "OK.", "got it", "yes", "no", "never mind", "好的", "嗯嗯", "知道了", "不用了"]),
        (LAUGHTER, ["haha", "lol", "lol ok", "哈哈哈", "呵呵"]),
        (PRAISE, ["you are great", "what a clever bot", "nice work", "well done", "你真棒", "太厉害了"]),
        (WELLBEING, ["how are you?", "hello, how are you today?", "hi how are you", "你好吗", "吃饭了吗"]),
        (EMOJI, ["😀", "👍👍", "❤️"]),
    ],
)  # fmt: skip
def test_small_talk_has_its_reply(reply: str, texts: list[str]) -> None:
    assert {text: answer_small_talk(text) for text in texts} == dict.fromkeys(texts, reply)


@pytest.mark.parametrize(
    "text",
    [
        "where is my order",
        "hi, where is my order",
        "no invoice yet",
        "sorry for what",
        "thanks for nothing else to do",
        "good quality?",
        "???",
        "12345",
        "你们的服务怎么样收费",
        "好用的优惠券",
        "退款",
        "thanks to the strike nothing came",
        "thanks can you tell me how to pay",
        "感谢信怎么写",
        "help with my invoice",
        "你能帮我查订单吗",
        "你能帮我取消吗",
    ],
)
def test_a_question_is_no_small_talk(text: str) -> None:
    assert answer_small_talk(text) is None


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("hi, where is my parcel?", "where is my parcel?"),
        ("Hello! Thanks. How do I pay?", "How do I pay?"),
        ("thanks! one more thing: how do I get an invoice?", "how do I get an invoice?"),
        ("hi where is my parcel", "where is my parcel"),
        ("Can I return it? Thanks a lot!", "Can I return it?"),
        ("你好，怎么退货？谢谢", "怎么退货？"),
        ("请问可以开发票吗", "可以开发票吗"),
        ("hello 怎么退货", "hello 怎么退货"),
        ("hi! 怎么退货", "怎么退货"),
        ("where is it, ok, and when does it come", "where is it, ok, and when does it come"),
        ("thanks but where is my parcel", "where is my parcel"),
        ("This is ridiculous! Where is my parcel?", "Where is my parcel?"),
        ("I don't want a human, where is my parcel", "where is my parcel"),
        ("不要人工，怎么退货", "怎么退货"),
        ("太过分了，不发货", "不发货"),
        ("还没到气死我了，怎么办", "还没到气死我了，怎么办"),
        ("hi, please tell me how it works", "how it works"),
        ("I just want to know if it is in stock", "it is in stock"),
        ("WHERE IS MY PARCEL!!! THIS IS A JOKE", "where is my parcel!"),
        ("我想问一下怎么退货", "怎么退货"),
        ("不要人工，你直接告诉我怎么退货", "怎么退货"),
        ("thanks", "thanks"),
        ("hello kitty mug", "hello kitty mug"),
    ],
)
def test_the_question_counts(text: str, question: str) -> None:
    assert question_of(text) == question
