"""A bot behind an OpenAI-compatible endpoint: what it is asked, and what is made of its answers."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chatbot.bot.engine.interface import Action, Line, Source, Text
from chatbot.bot.engine.outside.engine import OutsideEngine
from chatbot.models import MAX_CONTENT_LENGTH, EngineKind
from chatbot.tests.outside import PASSAGES, Bot, knows, question, running
from harness.bots.completions import calls, chunk, echo, end, fails, says, usage, words
from harness.bots.server import BREAK_OFF, STALL, Answer, event, json_answer


@pytest.fixture
async def bot(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    knows(monkeypatch, PASSAGES)
    async for each in running(echo, EngineKind.OPENAI):
        yield each


async def test_an_answer_comes_in_pieces(bot: Bot) -> None:
    bot.stub.plans.append(says(" We", " are", " closed. "))
    outcome = await bot.ask()
    assert bot.pieces == ["We", " are", " closed."]
    assert (outcome.action, outcome.text) == (Action.ANSWER, "We are closed.")
    assert not outcome.is_unsure


async def test_an_answer_names_the_passages_that_it_cites(bot: Bot) -> None:
    bot.stub.plans.append(says("Closed [", "2", "], see [1] and [", "17]."))
    outcome = await bot.ask()
    assert outcome.text == "Closed [1], see [2] and."
    assert outcome.sources == (
        Source("Are you open on Sundays?"),
        Source("When are you open?", "https://shop.example.com/hours"),
    )


async def test_a_bot_that_does_not_know_offers_a_human(bot: Bot) -> None:
    bot.stub.plans.append(says("I do not know that. ", "[0]"))
    outcome = await bot.ask()
    assert (outcome.action, outcome.text) == (Action.REFUSE, "I do not know that.")
    assert outcome.is_unsure
    assert outcome.offer_human


async def test_the_endpoint_gets_the_passages_the_conversation_and_the_key(bot: Bot) -> None:
    said = (Line("customer", "hi"), Line("bot", "Hello."), Line("agent", "I look.", "Alice"), Line("customer", "Well?"))
    await bot.ask(question("And on Sundays?", *said))
    [request] = bot.stub.received
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer secret"
    assert (request.body["model"], request.body["stream"], request.body["user"]) == ("small", True, "s-1")
    system, *messages = request.body["messages"]
    assert system["role"] == "system"
    assert messages[:-1] == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "assistant", "content": "Alice: I look.", "name": "Alice"},
    ]
    assert messages[-1]["role"] == "user"
    assert messages[-1]["content"].startswith("Well?\n\nPassages")
    assert '[2] {"question": "Are you open on Sundays?"' in messages[-1]["content"]
    assert messages[-1]["content"].endswith("And on Sundays?")


async def test_a_name_that_the_protocol_does_not_take_stands_in_the_text_alone(bot: Bot) -> None:
    await bot.ask(question("Well?", Line("agent", "I look.", "王 小明")))
    assert bot.body["messages"][1] == {"role": "assistant", "content": "王 小明: I look."}


async def test_of_a_long_conversation_the_end_goes_along(bot: Bot) -> None:
    await bot.ask(question("Well?", *(Line("customer", f"{number} {'x' * 3000}") for number in range(9))))
    assert [number in bot.body["messages"][1]["content"] for number in ("5 xx", "6 xx", "8 xx")] == [False, True, True]


async def test_a_bot_with_its_own_knowledge_gets_no_passages_and_no_instructions(bot: Bot) -> None:
    bot.stub.plans.append(says("It is in section [1]."))
    outcome = await bot.set(sends_knowledge=False).ask()
    assert bot.body["messages"] == [{"role": "user", "content": "Are you open on Sundays?"}]
    assert (outcome.text, outcome.sources) == ("It is in section [1].", ())


async def test_a_human_is_called_by_a_tool_whose_call_comes_in_pieces(bot: Bot) -> None:
    bot.stub.plans.append(calls("talk_to_a_human", '{"rea', 'son": "wants a\\n person", "summ', 'ary": "Order 7"}'))
    outcome = await bot.ask()
    assert (outcome.action, outcome.text) == (Action.HAND_OVER, "")
    assert (outcome.reason, outcome.summary) == ("wants a person", "Order 7")


async def test_a_human_is_called_by_the_operator_s_marker(bot: Bot) -> None:
    bot.stub.plans.append(Answer([*words("I will get", " one. [[HU", "MAN]] bye"), STALL]))
    outcome = await bot.set(marker="[[HUMAN]]").ask(question("I want to complain"))
    assert (outcome.action, outcome.text, outcome.reason) == (Action.HAND_OVER, "", "I want to complain")
    assert "".join(bot.pieces) == "I will get one."


@pytest.mark.parametrize(
    "answer",
    [
        calls("delete_session", "{}"),
        calls("talk_to_a_human", '{"reason": "x"'),
        calls("talk_to_a_human", "[]"),
        calls("talk_to_a_human", "{}"),
        calls("talk_to_a_human", '{"reason": 7}'),
        calls("talk_to_a_human", '{"reason": "' + "x" * 5000 + '"}'),
        Answer([*words(), *end("tool_calls")]),
        Answer([event({"choices": [{"delta": {"function_call": {"name": "x"}}}]}), *end("function_call")]),
    ],
    ids=["another tool", "half", "no object", "no reason", "no text", "too long", "none", "of old"],
)
async def test_any_other_call_is_nonsense(bot: Bot, answer: Answer) -> None:
    bot.stub.plans.append(answer)
    assert await bot.trouble() == "nonsense"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (fails(500), "http_500"),
        (fails(401), "http_401"),
        (fails(302, Location="http://127.0.0.1:9/"), "http_302"),
        (fails(429, **{"Retry-After": "60"}), "busy"),
        (fails(429), "busy"),
        (Answer([*words("We"), BREAK_OFF]), "broken_off"),
        (Answer(words("We are")), "broken_off"),
        (Answer(usage()), "empty"),
        (Answer([]), "empty"),
        (says(" ", "\n"), "empty"),
        (json_answer({"code": 102, "message": "No such chat."}), "empty"),
        (Answer([b"data: {nonsense\n\n"]), "nonsense"),
        (Answer([b"data: [1]\n\n"]), "nonsense"),
        (Answer([b"data: \xff\xfe\n\n"]), "nonsense"),
        (Answer([event({"choices": [7]})]), "nonsense"),
        (Answer([event({"choices": {"a": 1}})]), "nonsense"),
        (Answer([event({"choices": [{"delta": {"content": 7}}]})]), "nonsense"),
        (Answer([event({"error": {"message": "what the customer said"}})]), "error"),
        (Answer([*words("We are"), *end("length")]), "cut_short"),
        (Answer([*words("We are"), *end("content_filter")]), "filtered"),
        (Answer([chunk({"refusal": "I will not."}), *end()]), "refused"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_what_is_no_answer_is_trouble(bot: Bot, answer: Answer, code: str) -> None:
    bot.stub.plans.append(answer)
    assert await bot.trouble() == code
    assert len(bot.stub.received) == 1


async def test_where_nobody_listens_is_trouble(bot: Bot) -> None:
    assert await bot.set(base_url="http://127.0.0.1:1/v1").trouble() == "no_connection"


async def test_a_usage_chunk_at_the_end_is_no_trouble(bot: Bot) -> None:
    bot.stub.plans.append(Answer([*words("Yes."), *end()[:1], *usage()]))
    assert (await bot.ask()).text == "Yes."


async def test_an_endpoint_that_is_busy_for_a_moment_is_asked_once_more(bot: Bot) -> None:
    bot.stub.plans.extend([fails(429, **{"Retry-After": "0.01"}), says("Yes.")])
    assert (await bot.ask()).text == "Yes."
    bot.stub.plans.extend([fails(429, **{"Retry-After": "0.01"}), fails(429, **{"Retry-After": "0.01"}), says("Yes.")])
    assert await bot.trouble() == "busy"


@pytest.mark.parametrize("steps", [[STALL], [*words(), STALL], [b": ping\n\n" * 3, *words(), STALL]])
async def test_first_words_are_not_waited_for_without_end(bot: Bot, steps: list[bytes]) -> None:
    """A ping and an empty piece are no words."""
    bot.stub.plans.append(Answer(steps))
    assert await bot.set(first_token_seconds=0.2).trouble() == "no_words"


async def test_an_answer_that_stalls_is_given_up_and_the_request_ended(bot: Bot) -> None:
    bot.stub.plans.append(Answer([*words("We", " are"), STALL]))
    assert await bot.set(first_token_seconds=1).trouble() == "stalled"
    assert "".join(bot.pieces) == "We are"
    async with asyncio.timeout(10):
        await bot.stub.received[0].client_left.wait()


async def test_an_answer_that_does_not_end_is_given_up(bot: Bot) -> None:
    bot.stub.plans.append(Answer([*words("We"), STALL]))
    assert await bot.set(total_seconds=0.3).trouble() == "too_slow"


async def test_to_close_an_answer_ends_the_request(bot: Bot) -> None:
    bot.stub.plans.append(Answer([*words("We", " are"), STALL]))
    answer = OutsideEngine(bot.endpoint).answer(question())
    assert await anext(answer) == Text("We")
    await answer.aclose()
    async with asyncio.timeout(10):
        await bot.stub.received[0].client_left.wait()


async def test_to_cancel_who_waits_ends_the_request(bot: Bot) -> None:
    bot.stub.plans.append(Answer([*words("We"), STALL]))
    waiting = asyncio.create_task(bot.ask())
    request = await bot.stub.wait_for("/chat/completions")
    waiting.cancel()
    async with asyncio.timeout(10):
        await request.client_left.wait()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_an_answer_that_is_too_long_is_cut_and_the_request_ended(bot: Bot) -> None:
    bot.stub.plans.append(Answer([*words(*["x" * 100] * 50), STALL]))
    outcome = await bot.ask()
    assert outcome.text == "x" * (MAX_CONTENT_LENGTH - 1) + "…"
    async with asyncio.timeout(10):
        await bot.stub.received[0].client_left.wait()


async def test_what_no_message_can_hold_never_passes(bot: Bot) -> None:
    bot.stub.plans.append(says("We\0 are \ud83d", "\ude00 open\ud83d."))
    assert (await bot.ask()).text == "We are 😀 open."


async def test_an_endpoint_that_takes_no_tools_is_asked_without(bot: Bot) -> None:
    bot.stub.plans.extend([fails(400), says("Yes.")])
    assert (await bot.ask(question("Well?", Line("agent", "I look.", "Alice")))).text == "Yes."
    assert set(bot.body) == {"model", "messages", "stream"}
    assert "name" not in bot.body["messages"][1]
    bot.stub.plans.append(says("[[talk_to_a_human]]"))
    assert (await bot.ask(question("A person, please"))).action is Action.HAND_OVER
    assert len(bot.stub.received) == 3  # it is remembered
    assert "[[talk_to_a_human]]" in bot.body["messages"][0]["content"]


async def test_a_request_that_is_bad_without_tools_too_is_trouble(bot: Bot) -> None:
    bot.stub.plans.extend([fails(400), fails(400)])
    assert await bot.trouble() == "http_400"
    await bot.ask()
    assert "tools" in bot.body


async def test_without_its_key_nothing_is_sent(bot: Bot) -> None:
    assert await bot.set(key=None).trouble() == "no_key"
    assert not bot.stub.received


async def test_files_alone_are_not_sent(transactional_db: None, bot: Bot) -> None:
    outcome = await anext(aiter(OutsideEngine(bot.endpoint).answer(question(" "))))
    assert not isinstance(outcome, Text)
    assert outcome.action is Action.REFUSE
    assert not bot.stub.received


async def test_what_is_logged_has_no_words_of_people(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "")
    await bot.ask()
    bot.stub.plans.append(fails(500))
    await bot.trouble()
    assert "Sundays" not in caplog.text
    assert "secret" not in caplog.text


async def test_every_answer_uses_the_same_client(bot: Bot) -> None:
    from chatbot.bot.engine.outside.connections import connection_to

    before = await connection_to(bot.endpoint)
    await bot.ask()
    assert await connection_to(bot.endpoint) is before
    assert await connection_to(bot.set(model="large").endpoint) is not before
