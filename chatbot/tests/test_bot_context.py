"""What a bot is told of a conversation that was with people, or was closed, in between."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from chatbot.bot.context import context_of
from chatbot.conversations import lifecycle, transcript
from chatbot.conversations.history import CUSTOMER, agent_actor
from chatbot.conversations.locking import lock_session
from chatbot.models import BotEngine, BotThread, ChatSession, Message, Role
from chatbot.tests.customer import make_session
from chatbot.tests.people import make_agent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def session() -> ChatSession:
    return make_session("s-1")


def say(role: Role, content: str, now: datetime) -> None:
    alice = make_agent("alice", "Alice") if role == Role.AGENT else None
    with transaction.atomic():
        locked = lock_session("s-1")
        transcript.write(
            locked.session,
            role=role,
            sender=role,
            content=content,
            client_id=content,
            now=now,
            agent=alice,
        )


def move(how: str, now: datetime) -> None:
    alice = make_agent("alice", "Alice")
    with transaction.atomic():
        session = lock_session("s-1").session
        match how:
            case "escalate":
                lifecycle.escalate(session, actor=CUSTOMER, reason="", now=now)
            case "take over":
                lifecycle.take_over(session, agent=alice, now=now)
            case "requeue":
                lifecycle.requeue(session, actor=agent_actor(alice), now=now)
            case "release":
                lifecycle.release(session, actor=agent_actor(alice), now=now)
            case "close":
                lifecycle.close(session, actor=agent_actor(alice), now=now)
            case "reopen":
                lifecycle.reopen(session, now=now)


def play(*steps: str) -> list[str]:
    """What the bot is told after these: `c:text` is the customer's, `a:` an agent's, `b:` the bot's; else a move."""
    roles = {"c": Role.CUSTOMER, "a": Role.AGENT, "b": Role.BOT}
    begins = datetime.now(UTC)
    for number, step in enumerate(steps):
        now = begins + timedelta(seconds=number)  # what happens within a millisecond has no order
        role, colon, text = step.partition(":")
        if colon:
            say(roles[role], text, now)
        else:
            move(step, now)
    last = Message.objects.order_by("-id")[0]
    return [line.text for line in context_of(ChatSession.objects.get(), before=last.pk + 1).lines]


def test_at_first_it_is_all_that_was_said(session: ChatSession) -> None:
    assert play("c:hi", "b:hello", "c:open?") == ["hi", "hello", "open?"]


def test_after_a_release_it_begins_with_what_agents_said(session: ChatSession) -> None:
    """The wish for a human, and what was said while he waited, have been fulfilled."""
    steps = (
        "c:a human!",
        "escalate",
        "c:hurry",
        "take over",
        "a:refunded",
        "c:thanks",
        "release",
        "b:I am back",
        "c:?",
    )
    assert play(*steps) == ["refunded", "thanks", "I am back", "?"]


def test_of_several_agents_all_have_been_there(session: ChatSession) -> None:
    steps = ("escalate", "take over", "a:one", "requeue", "take over", "a:two", "release", "c:?")
    assert play(*steps) == ["one", "two", "?"]


def test_what_was_said_before_an_earlier_release_is_not_in_it(session: ChatSession) -> None:
    steps = ("escalate", "take over", "a:one", "release", "c:again", "escalate", "take over", "a:two", "release", "c:?")
    assert play(*steps) == ["two", "?"]


def test_a_conversation_that_is_reopened_begins_anew(session: ChatSession) -> None:
    steps = ("escalate", "take over", "a:one", "close", "reopen", "c:?")
    assert play(*steps) == ["?"]


def test_so_it_does_with_a_bot_that_keeps_it_itself(session: ChatSession) -> None:
    engine = BotEngine.objects.create(name="Dify")
    BotThread.objects.create(session=session, engine=engine, thread="t-1")
    play("escalate", "take over", "a:one", "release", "c:?")
    assert BotThread.objects.exists()
    play("close", "reopen")
    assert not BotThread.objects.exists()
