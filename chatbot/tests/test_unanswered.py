"""Questions that the bot was not sure of."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chatbot.knowledge import unanswered
from chatbot.models import ChatSession, Message, Role, UnansweredQuestion

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> ChatSession:
    return ChatSession.objects.create(name="s-1", language="en")


def ask(session: ChatSession, text: str) -> Message:
    count = session.messages.count()
    return Message.objects.create(
        session=session, role=Role.CUSTOMER, sender="customer", content=text, client_id=f"c-{count}"
    )


def note(session: ChatSession, *texts: str) -> None:
    for text in texts:
        unanswered.note(ask(session, text), 0.2)


def test_a_question_is_noted_by_one_insert(session: ChatSession) -> None:
    message = ask(session, "Do you sell\n tents?")
    with CaptureQueriesContext(connection) as queries:
        unanswered.note(message, 0.3)
    inserts = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(inserts) == 1
    noted = UnansweredQuestion.objects.get()
    assert (noted.text, noted.language, noted.confidence) == ("Do you sell tents?", "en", 0.3)


def test_the_language_is_that_of_the_question(session: ChatSession) -> None:
    note(session, "有帐篷卖吗")
    assert UnansweredQuestion.objects.get().language == "zh-hans"


def test_a_question_is_noted_once(session: ChatSession) -> None:
    message = ask(session, "Do you sell tents?")
    for _ in range(2):
        unanswered.note(message, None)
    assert UnansweredQuestion.objects.count() == 1


def test_files_alone_are_no_question(session: ChatSession) -> None:
    note(session, "")
    assert not UnansweredQuestion.objects.exists()


def test_a_note_goes_with_its_message(session: ChatSession) -> None:
    note(session, "Do you sell tents?")
    session.messages.all().delete()
    assert not UnansweredQuestion.objects.exists()


def test_near_questions_come_together(session: ChatSession) -> None:
    note(session, "Do you sell tents?", "你们卖帐篷吗", "do u sell tents", "你们卖不卖帐篷啊", "who is your boss")
    assert unanswered.gather() == 5
    first, chinese, second, second_chinese, other = UnansweredQuestion.objects.order_by("pk")
    assert first.group == second.group == first.pk
    assert chinese.group == second_chinese.group == chinese.pk
    assert other.group == other.pk


def test_later_ones_join_an_open_group_but_not_one_that_is_done(session: ChatSession) -> None:
    note(session, "Do you sell tents?")
    unanswered.gather()
    first = UnansweredQuestion.objects.get()
    note(session, "do you sell tents")
    unanswered.gather()
    assert unanswered.finish([first.pk]) == 2
    note(session, "Do you sell tents?")
    unanswered.gather()
    latest = UnansweredQuestion.objects.latest("pk")
    assert latest.group == latest.pk


def test_texts_of_a_group_are_given_once_oldest_first(session: ChatSession) -> None:
    note(session, "Do you sell tents?", "do you sell any tents", "DO YOU  SELL TENTS?")
    unanswered.gather()
    group = UnansweredQuestion.objects.earliest("pk").pk
    assert unanswered.texts_of(group) == ["Do you sell tents?", "do you sell any tents"]


def test_new_ones_are_gathered_in_bounded_steps(session: ChatSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unanswered, "MAX_NEW", 2)
    note(session, "one thing", "another matter", "third subject")
    assert [unanswered.gather(), unanswered.gather(), unanswered.gather()] == [2, 1, 0]
