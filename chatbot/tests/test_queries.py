"""What each call costs the database, however much there is."""

from typing import Any

import pytest
from django.db.models.sql.compiler import SQLCompiler

from chatbot.bot.answer_turn import answer_turn
from chatbot.bot.understanding.phrases import PhraseBook
from chatbot.customers.actions.cancel_escalation import cancel_escalation
from chatbot.customers.actions.escalate import escalate
from chatbot.models import BotTurn, Message
from chatbot.tests.customer import Customer, make_session
from chatbot.tests.database import count_queries
from chatbot.tests.people import be_with_people_and_back
from realtime.database import in_database


async def test_starting_a_session(customer: Customer) -> None:
    assert len(await count_queries(customer.start)) == 1


@pytest.mark.parametrize("count", [1, 30])
async def test_reading_a_session(customer: Customer, count: int) -> None:
    name = await customer.start()
    for n in range(count):
        await customer.say(name, "hi", client_id=f"c-{n}")
    assert len(await count_queries(lambda: customer.get(f"/api/sessions/{name}"))) == 5


async def test_posting_a_message(customer: Customer) -> None:
    """Lock with access, message, session, turn, counter of the channel, event."""
    name = await customer.start()
    await customer.say(name, "hello")
    statements = await count_queries(lambda: customer.say(name, "hi", client_id="c-2"))
    assert len(statements) == 6, "\n".join(statements)


async def test_beginning_a_conversation(customer: Customer) -> None:
    """The same, and whose it is by the team's rule."""
    name = await customer.start()
    statements = await count_queries(lambda: customer.say(name, "hi"))
    assert len(statements) == 7, "\n".join(statements)


async def test_escalating(customer: Customer) -> None:
    """Lock with access, the question, rules, team, what was said, change, history, interval, who is able of how many,
    hours, notice, session, place, teams, counters, events."""
    name = await customer.start()
    statements = await count_queries(lambda: customer.escalate(name))
    assert len(statements) == 16, "\n".join(statements)


@pytest.mark.django_db
def test_escalating_again_makes_no_select_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django took 15 ms of processor time for those of one escalation, under the lock of its session."""
    made: list[str] = []
    as_sql = SQLCompiler.as_sql

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        sql, parameters = as_sql(self, *args, **kwargs)
        made.append(sql)
        return sql, parameters

    monkeypatch.setattr(SQLCompiler, "as_sql", counted)
    make_session("s-1")
    for _ in range(3):  # the first time, nothing has happened to it before
        made.clear()
        escalate(session_name="s-1", reason="", credentials=None)
        cancel_escalation(session_name="s-1", credentials=None)
    assert made == []


async def test_giving_up_waiting(customer: Customer) -> None:
    """Lock with access, change, history, interval's end, is there an offer?, notice, session, counters, events."""
    name = await customer.start()
    await customer.escalate(name)
    statements = await count_queries(lambda: customer.post(f"/api/sessions/{name}/cancel-escalation"))
    assert len(statements) == 9, "\n".join(statements)


async def test_the_bots_answer(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn, its team's bot, what was said, what is known, lock, end of the turn, message, session, counter, event."""
    phrases = PhraseBook(lambda: 0.0)  # they are read every few seconds
    monkeypatch.setattr("chatbot.bot.engine.embedded.PHRASE_BOOK", phrases)
    await phrases.phrases()
    name = await customer.start()
    await customer.say(name, "hi")
    turn = await in_database(BotTurn.objects.get)
    statements = await count_queries(lambda: answer_turn(turn_id=turn.pk, attempt=turn.attempts))
    assert len(statements) == 10, "\n".join(statements)


async def test_the_bots_answer_after_a_release(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same; when people had the session, for the context; at the end, whether they had it since the message."""
    phrases = PhraseBook(lambda: 0.0)
    monkeypatch.setattr("chatbot.bot.engine.embedded.PHRASE_BOOK", phrases)
    await phrases.phrases()
    name = await customer.start()
    await in_database(be_with_people_and_back, name)
    await customer.say(name, "hi")
    turn = await in_database(BotTurn.objects.get)
    statements = await count_queries(lambda: answer_turn(turn_id=turn.pk, attempt=turn.attempts))
    assert len(statements) == 12, "\n".join(statements)


@pytest.mark.parametrize(("path", "queries"), [("/", 0), ("/healthz", 0), ("/readyz", 1), ("/metrics", 9)])
async def test_pages_and_health(customer: Customer, path: str, queries: int) -> None:
    statements = await count_queries(lambda: customer.get(path))
    assert len(statements) == queries, "\n".join(statements)


async def test_a_stranger_costs_one_query(customer: Customer, stranger: Customer) -> None:
    name = await customer.start()
    path = f"/api/sessions/{name}/messages"
    body = {"content": "hi", "client_id": "c"}
    assert len(await count_queries(lambda: stranger.post(path, body, Authorization="Bearer invented"))) == 1
    assert not await in_database(Message.objects.exists)


async def test_who_shows_nothing_costs_no_query(customer: Customer, stranger: Customer) -> None:
    name = await customer.start()
    path = f"/api/sessions/{name}/messages"
    assert await count_queries(lambda: stranger.post(path, {"content": "hi", "client_id": "c"})) == []
