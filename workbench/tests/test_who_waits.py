"""Since when a customer has had no answer from an agent, what he wanted, and what an agent has not read."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from chatbot.conversations import lifecycle, transcript
from chatbot.conversations.escalation import enqueue
from chatbot.conversations.history import CUSTOMER
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession, Message, Role, SeenMessage, Status
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session


def say(content: str = "hello", client_id: str = "c-1") -> None:
    """The customer writes; without the bot."""
    with transaction.atomic():
        locked = lock_session("s-1")
        transcript.write(
            locked.session,
            role=Role.CUSTOMER,
            sender=transcript.CUSTOMER,
            content=content,
            client_id=client_id,
            now=locked.now,
        )


def give_up_waiting() -> None:
    with transaction.atomic():
        locked = lock_session("s-1")
        lifecycle.give_up_waiting(locked.session, actor=CUSTOMER, now=locked.now)
        transcript.write_notice(locked.session, "back", now=locked.now)


def ask_for_a_human(calling_message: int | None = None) -> None:
    with transaction.atomic():
        locked = lock_session("s-1")
        enqueue(locked.session, actor=CUSTOMER, reason="", now=locked.now, calling_message=calling_message)


async def item(agent: AgentClient) -> dict[str, Any]:
    return (await agent.read("/api/sessions/s-1"))[1]


async def is_unanswered(agent: AgentClient) -> bool:
    return (await item(agent))["unanswered_since"] is not None


async def test_whoever_asks_for_an_agent_waits_since_then(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.BOT_ACTIVE)
    await in_database(ask_for_a_human)
    shown = await item(alice)
    assert shown["unanswered_since"] == shown["waiting_since"] is not None


async def test_what_is_said_to_the_bot_is_not_unanswered(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.BOT_ACTIVE)
    await in_database(say)
    assert not await is_unanswered(alice)


async def test_taking_over_is_no_answer_and_a_reply_is(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.BOT_ACTIVE)
    await in_database(ask_for_a_human)
    await alice.act("s-1", "takeover")
    assert await is_unanswered(alice)
    await alice.reply("s-1", "hi")
    assert not await is_unanswered(alice)


async def test_it_is_since_the_first_of_several_messages(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    await in_database(say, client_id="c-1")
    first = (await item(alice))["unanswered_since"]
    await in_database(say, client_id="c-2")
    assert (await item(alice))["unanswered_since"] == first is not None


async def test_a_refused_reply_answers_nothing(alice: AgentClient, carol: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    await in_database(say)
    assert (await carol.reply("s-1", "I am not the assignee"))[0] == 403
    assert await is_unanswered(alice)


async def test_a_repeated_reply_answers_nothing_new(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    await alice.reply("s-1", "hi", "a-1")
    await in_database(say)
    await alice.reply("s-1", "hi", "a-1")
    assert await is_unanswered(alice)


@pytest.mark.parametrize("verb", ["release", "close"])
async def test_nobody_waits_for_an_agent_who_has_left(alice: AgentClient, verb: str) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    await in_database(say)
    await alice.act("s-1", verb)
    assert not await is_unanswered(alice)


async def test_whoever_gives_up_waiting_does(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.BOT_ACTIVE)
    await in_database(ask_for_a_human)
    await in_database(give_up_waiting)
    assert not await is_unanswered(alice)


async def test_back_in_the_queue_he_waits_again(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    await alice.reply("s-1", "one moment")
    await alice.act("s-1", "requeue")
    assert await is_unanswered(alice)


async def test_a_change_of_hands_keeps_it(alice: AgentClient, carol: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    await in_database(say)
    before = (await item(carol))["unanswered_since"]
    await carol.act("s-1", "takeover", {"force": True})
    assert (await item(carol))["unanswered_since"] == before is not None


async def test_the_list_is_longest_unanswered_first_in_pages(alice: AgentClient) -> None:
    for n, hour in enumerate(("03", "01", "02", "01")):
        await in_database(
            add_session, f"s-{n}", Status.MANUAL_LIVE, "alice", unanswered_since=f"2020-01-01T{hour}:00:00Z"
        )
    await in_database(add_session, "answered", Status.MANUAL_LIVE, "alice")
    seen: list[str] = []
    before = ""
    while before is not None:
        _, page = await alice.read(f"/api/sessions?mine=1&sort=unanswered&limit=2&before={before}")
        seen += [each["session_name"] for each in page["items"]]
        before = page["next"]
    assert seen == ["s-1", "s-3", "s-2", "s-0"]


async def test_the_question_is_what_was_said_before_the_button(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.BOT_ACTIVE)
    await in_database(say, "Where is my\n parcel?")
    await in_database(ask_for_a_human)
    (queued,) = (await alice.read("/api/sessions/queue"))[1]["items"]
    assert queued["question"] == (await item(alice))["question"] == "Where is my parcel?"


async def test_the_question_is_not_the_word_that_called(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.BOT_ACTIVE)
    await in_database(say, "Where is my parcel?", "c-1")
    await in_database(say, "human please", "c-2")
    await in_database(say, "hello??", "c-3")
    calling = await in_database(Message.objects.get, client_id="c-2")
    await in_database(ask_for_a_human, calling.pk)
    assert (await item(alice))["question"] == "Where is my parcel?"


async def test_whoever_said_nothing_else_called_with_his_question(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.BOT_ACTIVE)
    await in_database(say, "A human please, my parcel is lost")
    calling = await in_database(Message.objects.get)
    await in_database(ask_for_a_human, calling.pk)
    assert (await item(alice))["question"].startswith("A human")


async def test_the_question_of_a_colleagues_customer_is_not_shown(alice: AgentClient) -> None:
    await in_database(add_session, "s-1", Status.MANUAL_LIVE, "bob", question="secret")
    await in_database(say)
    (shown,) = (await alice.read("/api/sessions"))[1]["items"]
    assert (shown["question"], shown["unread"]) == ("", 0)


async def test_unread_counts_the_customers_messages_after_the_last_seen(alice: AgentClient, bob: AgentClient) -> None:
    await in_database(add_session)
    for n in range(3):
        await in_database(say, client_id=f"c-{n}")
    first = await in_database(lambda: Message.objects.order_by("id")[0].pk)
    await in_database(
        lambda: SeenMessage.objects.create(
            session=ChatSession.objects.get(), agent=User.objects.get(username="alice"), message_id=first
        )
    )
    assert ((await item(alice))["unread"], (await item(bob))["unread"]) == (2, 3)
