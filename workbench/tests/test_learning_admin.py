"""What supervisors see of what the bot could not answer, and make entries of."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from chatbot.knowledge import unanswered
from chatbot.knowledge.entries import write_entry
from chatbot.models import AnswerFeedback, ChatSession, KnowledgeEntry, Message, Role, UnansweredQuestion
from workbench.admin.learning import FROM_ANSWER, FROM_GROUP, address_of_new_entry

pytestmark = pytest.mark.django_db

QUESTIONS = "/admin/chatbot/unansweredquestion/"
FEEDBACK = "/admin/chatbot/answerfeedback/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="pass-word-1"))
    return client


@pytest.fixture
def session() -> ChatSession:
    return ChatSession.objects.create(name="s-1", language="en")


def write(session: ChatSession, content: str, role: Role = Role.CUSTOMER, **fields: Any) -> Message:
    count = session.messages.count()
    return Message.objects.create(
        session=session, role=role, sender=role, content=content, client_id=f"c-{count}", **fields
    )


def ask(session: ChatSession, *texts: str) -> None:
    for text in texts:
        unanswered.note(write(session, text), 0.25)


def filled(admin: Client, address: str) -> dict[str, Any]:
    return dict(admin.get(address).context["adminform"].form.initial)


def test_near_questions_are_one_line_with_their_count(admin: Client, session: ChatSession) -> None:
    ask(session, "Do you sell tents?", "do you sell tents", "Who is your boss?")
    listed = admin.get(QUESTIONS).context["cl"].queryset
    assert [(each.text, each.count) for each in listed] == [("Who is your boss?", 1), ("do you sell tents", 2)]


def test_one_click_fills_an_entry_whose_saving_ends_the_group(admin: Client, session: ChatSession) -> None:
    ask(session, "Do you sell tents?", "do you sell any tents", "Who is your boss?")
    page = admin.get(QUESTIONS).content.decode()
    group = UnansweredQuestion.objects.earliest("pk").group
    assert group is not None
    address = address_of_new_entry(**{FROM_GROUP: group})
    assert address in page
    values = filled(admin, address)
    assert (values["question"], values["alternatives"]) == ("Do you sell tents?", "do you sell any tents")
    assert (values["language"], values["answer"]) == ("en", "")
    assert admin.post(address, {**values, "answer": "Yes."}).status_code == 302
    assert KnowledgeEntry.objects.get().answer == "Yes."
    assert list(UnansweredQuestion.objects.filter(is_done=False).values_list("text", flat=True)) == [
        "Who is your boss?"
    ]


def test_a_form_that_is_refused_ends_nothing(admin: Client, session: ChatSession) -> None:
    ask(session, "Do you sell tents?")
    unanswered.gather()
    group = UnansweredQuestion.objects.get().group
    assert group is not None
    address = address_of_new_entry(**{FROM_GROUP: group})
    assert admin.post(address, filled(admin, address)).status_code == 200
    assert not UnansweredQuestion.objects.get().is_done


def test_a_question_is_dismissed_with_those_near_it(admin: Client, session: ChatSession) -> None:
    ask(session, "Do you sell tents?", "do you sell tents")
    [shown] = admin.get(QUESTIONS).context["cl"].queryset
    admin.post(QUESTIONS, {"action": "dismiss", "_selected_action": [shown.pk]})
    assert not UnansweredQuestion.objects.filter(is_done=False).exists()
    assert [each.count for each in admin.get(QUESTIONS, {"done": "yes"}).context["cl"].queryset] == [2]


def test_the_list_costs_the_same_for_many(admin: Client, session: ChatSession, django_assert_num_queries: Any) -> None:
    ask(session, *(f"word{number} thing{number}" for number in "abcdefgh"))
    admin.get(QUESTIONS)
    with django_assert_num_queries(5):
        admin.get(QUESTIONS)


@pytest.mark.parametrize("agents_page", ["chatsession", "message"])
def test_an_entry_is_made_of_an_agents_answer(admin: Client, session: ChatSession, agents_page: str) -> None:
    write(session, "Hello")
    write(session, "你们卖帐篷吗？")
    write(session, "No idea.", Role.BOT)
    answer = write(session, "卖，在三楼。", Role.AGENT)
    address = address_of_new_entry(**{FROM_ANSWER: answer.pk})
    pk = session.pk if agents_page == "chatsession" else answer.pk
    assert address in admin.get(f"/admin/chatbot/{agents_page}/{pk}/change/").content.decode()
    values = filled(admin, address)
    assert (values["question"], values["answer"], values["language"]) == ("你们卖帐篷吗？", "卖，在三楼。", "zh-hans")
    assert admin.post(address, values).status_code == 302


def test_no_entry_is_made_of_what_others_wrote(admin: Client, session: ChatSession) -> None:
    message = write(session, "Hello")
    assert (
        address_of_new_entry(**{FROM_ANSWER: message.pk})
        not in admin.get(f"/admin/chatbot/chatsession/{session.pk}/change/").content.decode()
    )
    assert "question" not in filled(admin, address_of_new_entry(**{FROM_ANSWER: message.pk}))


@pytest.mark.parametrize("given", ["x", "0", "-1", "99999", "9" * 40])
def test_an_address_that_names_nothing_fills_nothing(admin: Client, given: str) -> None:
    for name in (FROM_GROUP, FROM_ANSWER):
        values = filled(admin, f"{urlsplit(address_of_new_entry()).path}?{name}={given}")
        assert "question" not in values


def test_answers_that_did_not_help_come_first_with_counts_of_their_entry(admin: Client, session: ChatSession) -> None:
    write_entry(KnowledgeEntry(key="tents", question="Tents?", answer="Yes.", language="en"))
    for is_helpful in (True, False, True):
        answer = write(session, "Yes.", Role.BOT)
        AnswerFeedback.objects.create(message=answer, entry="tents", is_helpful=is_helpful)
    AnswerFeedback.objects.create(message=write(session, "Hm.", Role.BOT), is_helpful=False)
    response = admin.get(FEEDBACK)
    listed = list(response.context["cl"].queryset)
    assert [each.is_helpful for each in listed] == [False, False, True, True]
    page = response.content.decode()
    assert page.count("2 / 1") == 3
    assert f"/admin/chatbot/knowledgeentry/{KnowledgeEntry.objects.get().pk}/change/" in page


def test_the_address_of_a_new_entry_names_its_source() -> None:
    assert parse_qs(urlsplit(address_of_new_entry(**{FROM_GROUP: 7})).query) == {FROM_GROUP: ["7"]}


@pytest.mark.parametrize(
    ("page", "words"), [(QUESTIONS, ["待处理", "新建条目", "忽略所选问题"]), (FEEDBACK, ["有帮助 / 无帮助"])]
)
def test_the_pages_are_in_chinese_too(admin: Client, session: ChatSession, page: str, words: list[str]) -> None:
    ask(session, "有帐篷吗")
    AnswerFeedback.objects.create(message=write(session, "有", Role.BOT), is_helpful=False)
    shown = admin.get(page, headers={"Accept-Language": "zh-hans"}).content.decode()
    assert [each for each in words if each not in shown] == []


def test_who_may_only_add_entries_reads_no_conversation_by_its_number(client: Client, session: ChatSession) -> None:
    author = User.objects.create_user("author", password="pass-word-1", is_staff=True)
    author.user_permissions.add(Permission.objects.get(codename="add_knowledgeentry"))
    write(session, "My card is 4111")
    answer = write(session, "Your PIN is 7", Role.AGENT)
    client.force_login(author)
    page = client.get(address_of_new_entry(**{FROM_ANSWER: answer.pk})).content.decode()
    assert "Your PIN is 7" not in page
    assert "My card is 4111" not in page
