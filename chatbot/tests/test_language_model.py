"""A language model sums conversations up and translates messages, for agents."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chatbot.bot.engine.choice import language_model_of
from chatbot.bot.engine.interface import EngineTrouble, Line
from chatbot.bot.engine.outside.language_model import SUMMARISE, LanguageModel
from chatbot.models import MAX_SUMMARY_LENGTH, BotEngine, EngineKind, Team
from chatbot.tests.outside import Bot, running
from harness.bots.completions import echo, fails, whole
from harness.bots.server import STALL, Answer, json_answer

LINES = (Line("customer", "Where is\nmy order?"), Line("bot", "Which?"), Line("agent", "Order 7.", "Alice"))


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async for each in running(echo, EngineKind.OPENAI):
        yield each


def model(bot: Bot) -> LanguageModel:
    return LanguageModel(bot.endpoint)


async def test_a_conversation_is_summed_up(bot: Bot) -> None:
    bot.stub.plans.append(whole("<think>hm</think> He asks for order 7. "))
    assert await model(bot).summarise(LINES, "zh-hans") == "He asks for order 7."
    system, user = bot.body["messages"]
    assert "Simplified Chinese" in system["content"]
    assert user["content"].splitlines() == [
        '{"from": "customer", "text": "Where is\\nmy order?"}',
        '{"from": "bot", "text": "Which?"}',
        '{"from": "agent", "name": "Alice", "text": "Order 7."}',
    ]
    assert not bot.body.get("stream")


async def test_a_summary_is_no_longer_than_it_may_be(bot: Bot) -> None:
    bot.stub.plans.append(whole("x" * 3000))
    summary = await model(bot).summarise(LINES, "en")
    assert len(summary) == MAX_SUMMARY_LENGTH
    assert summary.endswith("…")


async def test_without_lines_there_is_nothing_to_sum_up(bot: Bot) -> None:
    with pytest.raises(ValueError, match="nothing"):
        await model(bot).summarise([], "en")


async def test_a_message_is_translated(bot: Bot) -> None:
    bot.stub.plans.append(whole("我的订单在哪里？"))
    assert await model(bot).translate(' Where is "my order"?\n', "zh-hans") == "我的订单在哪里？"
    assert bot.body["messages"][1]["content"] == '"Where is \\"my order\\"?"'


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (fails(500), "http_500"),
        (whole(""), "empty"),
        (whole("Half of it", finish="length"), "cut_short"),
        (whole(SUMMARISE), "said_its_prompt"),
        (json_answer({"choices": []}), "nonsense"),
        (json_answer([1]), "nonsense"),
        (json_answer({"choices": [{"message": {"content": None, "refusal": "No."}}]}), "refused"),
        (Answer([b"{nonsense"], content_type="application/json"), "nonsense"),
        (Answer([STALL]), "too_slow"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_what_is_no_answer_is_trouble(bot: Bot, answer: Answer, code: str) -> None:
    bot.stub.plans.append(answer)
    if code == "too_slow":
        bot.set(total_seconds=0.3)
    with pytest.raises(EngineTrouble, match=code):
        await model(bot).translate("Hello", "zh-hans")


async def test_without_its_key_nothing_is_sent(bot: Bot) -> None:
    with pytest.raises(EngineTrouble, match="no_key"):
        await model(bot.set(key=None)).translate("Hello", "zh-hans")
    assert not bot.stub.received


async def test_a_key_that_is_not_ascii_is_trouble(bot: Bot) -> None:
    with pytest.raises(EngineTrouble, match="nonsense"):
        await model(bot.set(key="clé")).translate("Hello", "zh-hans")
    assert not bot.stub.received


async def test_to_cancel_who_waits_ends_the_request(bot: Bot) -> None:
    bot.stub.plans.append(Answer([STALL]))
    waiting = asyncio.create_task(model(bot).translate("Hello", "zh-hans"))
    request = await bot.stub.wait_for("/chat/completions")
    waiting.cancel()
    async with asyncio.timeout(10):
        await request.client_left.wait()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.django_db
def test_the_model_is_that_of_the_team() -> None:
    row = BotEngine.objects.create(name="Model", base_url="http://localhost:1/v1", model="small")
    sales = Team.objects.create(name="Sales", engine=row)
    found = language_model_of(sales.pk)
    assert found is not None
    assert found.endpoint.model == "small"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"kind": EngineKind.DIFY},
        {"kind": EngineKind.FASTGPT},
        {"kind": EngineKind.EMBEDDED},
        {"sends_knowledge": False},
    ],
)
def test_a_bot_with_a_task_of_its_own_is_none(settings: object, fields: dict[str, object]) -> None:
    """It would answer as it always does; and what its team's customers write goes nowhere else, either."""
    row = BotEngine.objects.create(name="Bot", base_url="http://localhost:1/v1", **fields)
    sales = Team.objects.create(name="Sales", engine=row)
    assert language_model_of(sales.pk) is None
    settings.BOT_BASE_URL = "http://localhost:2/v1"  # type: ignore[attr-defined]
    assert language_model_of(sales.pk) is None


@pytest.mark.django_db
def test_without_an_endpoint_there_is_no_model() -> None:
    assert language_model_of(None) is None
