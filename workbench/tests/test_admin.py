"""The admin shows everything, changes little, and costs the same for 1 row and for 30."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chatbot.knowledge.entries import write_entry
from chatbot.models import ChatSession, KnowledgeEntry, Message, Status
from realtime.models import LoggedEvent
from workbench.tests.agent import add_session, make_colleague

pytestmark = pytest.mark.django_db

LISTS = {
    "/admin/auth/user/": "agent-0",
    "/admin/chatbot/chatsession/": "s-0",
    "/admin/chatbot/message/": "hello 0",
    "/admin/chatbot/knowledgeentry/": "question 0",
    "/admin/realtime/loggedevent/": "type_0",
}
READ_ONLY = {"chatbot/chatsession": ChatSession, "chatbot/message": Message, "realtime/loggedevent": LoggedEvent}


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="pass-word-1"))
    return client


def add_rows(count: int, start: int = 0) -> None:
    """Each kind of row, with different users behind them."""
    for n in range(start, start + count):
        user = make_colleague(f"agent-{n}").user
        add_session(f"s-{n}", Status.MANUAL_LIVE, user.username)
        session = ChatSession.objects.get(name=f"s-{n}")
        Message.objects.create(
            session=session, role="agent", sender="x", content=f"hello {n}", agent=user, client_id="c"
        )
        write_entry(KnowledgeEntry(key=f"q-{n}", question=f"question {n}", answer="answer", language="en"))
        LoggedEvent.objects.create(channel="sse_broadcast", number=n, type=f"type_{n}", envelope="{}")


def count_queries(admin: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert admin.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize("path", list(LISTS))
def test_a_list_shows_its_rows(admin: Client, path: str) -> None:
    add_rows(1)
    assert LISTS[path] in admin.get(path).content.decode()


@pytest.mark.parametrize("path", list(LISTS))
def test_a_list_costs_the_same_for_any_number_of_rows(admin: Client, path: str) -> None:
    add_rows(1)
    one = count_queries(admin, path)
    add_rows(29, start=1)
    assert count_queries(admin, path) == one


@pytest.mark.parametrize("path", list(LISTS))
def test_a_list_can_be_searched(admin: Client, path: str) -> None:
    add_rows(2)
    found = admin.get(path, {"q": LISTS[path]}).content.decode()
    assert "1 result" in found


@pytest.mark.parametrize("model", list(READ_ONLY))
def test_what_the_product_writes_cannot_be_added_or_deleted(admin: Client, model: str) -> None:
    add_rows(1)
    pk = READ_ONLY[model]._default_manager.get().pk
    assert admin.get(f"/admin/{model}/add/").status_code == 403
    assert admin.post(f"/admin/{model}/{pk}/delete/").status_code == 403
    assert admin.post(f"/admin/{model}/{pk}/change/", {}).status_code == 403


def test_a_session_shows_its_messages_as_text(admin: Client) -> None:
    add_rows(1)
    Message.objects.update(content="<script>alert(1)</script>")
    shown = admin.get(f"/admin/chatbot/chatsession/{ChatSession.objects.get().pk}/change/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert" not in shown


def test_a_session_shows_its_messages_in_a_fixed_number_of_queries(admin: Client) -> None:
    add_rows(1)
    session = ChatSession.objects.get()
    path = f"/admin/chatbot/chatsession/{session.pk}/change/"
    one = count_queries(admin, path)
    for n in range(30):
        Message.objects.create(session=session, role="customer", sender="customer", content="hi", client_id=str(n))
    assert count_queries(admin, path) == one


def test_a_session_leads_to_all_its_messages(admin: Client) -> None:
    add_rows(2)
    pk = ChatSession.objects.get(name="s-0").pk
    link = f"/admin/chatbot/message/?session__id__exact={pk}"
    assert link in admin.get(f"/admin/chatbot/chatsession/{pk}/change/").content.decode()
    shown = admin.get(link).content.decode()
    assert "hello 0" in shown
    assert "hello 1" not in shown


def test_a_session_keeps_its_secrets(admin: Client) -> None:
    add_session("s-1", owner_digest="owner-digest", token_digest="token-digest")
    shown = admin.get(f"/admin/chatbot/chatsession/{ChatSession.objects.get().pk}/change/").content.decode()
    assert "owner-digest" not in shown
    assert "token-digest" not in shown


def new_agent(username: str) -> dict[str, Any]:
    return {"username": username, "usable_password": "true", "password1": "pass-word-1", "password2": "pass-word-1"}


def test_an_agent_is_created(admin: Client) -> None:
    admin.post("/admin/auth/user/add/", new_agent("dave.b-1"))
    assert User.objects.filter(username="dave.b-1").exists()


@pytest.mark.parametrize("username", ["dave@example.org", "dave+1", "戴夫", "d" * 65, "da ve"])
def test_an_agent_needs_a_name_that_channels_can_have(admin: Client, username: str) -> None:
    response = admin.post("/admin/auth/user/add/", new_agent(username))
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["username"]
    assert not User.objects.filter(username=username).exists()


@pytest.mark.parametrize(
    "password", ["nine-char", "dave-b-1-x", "password123", "4815162342"], ids=["short", "name", "common", "digits"]
)
def test_a_password_that_is_easily_guessed_is_refused(admin: Client, password: str) -> None:
    form = {**new_agent("dave-b-1"), "password1": password, "password2": password}
    response = admin.post("/admin/auth/user/add/", form)
    assert response.context["adminform"].form.errors["password2"]
    assert not User.objects.filter(username="dave-b-1").exists()


def test_ten_characters_are_a_password(admin: Client) -> None:
    form = {**new_agent("dave"), "password1": "ten-chars!", "password2": "ten-chars!"}
    admin.post("/admin/auth/user/add/", form)
    assert User.objects.filter(username="dave").exists()


def test_the_name_of_an_agent_is_fixed(admin: Client) -> None:
    user = make_colleague("alice").user
    form = admin.get(f"/admin/auth/user/{user.pk}/change/").context["adminform"]
    assert "username" in form.readonly_fields
    assert "username" not in form.form.fields


def test_a_bot_answer_is_edited(admin: Client) -> None:
    add_rows(1)
    answer = KnowledgeEntry.objects.get()
    changed = {
        "key": "k",
        "question": "q",
        "alternatives": "a",
        "answer": "better",
        "language": "en",
        "is_active": "on",
    }
    admin.post(f"/admin/chatbot/knowledgeentry/{answer.pk}/change/", changed)
    answer.refresh_from_db()
    assert answer.answer == "better"


def test_only_staff_gets_in(client: Client) -> None:
    client.force_login(make_colleague("alice").user)
    assert client.get("/admin/").status_code == 302


def test_the_header_names_the_product(admin: Client) -> None:
    assert "Handover" in admin.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("language", "names"), [("en", ["Conversations", "Events"]), ("zh-hans", ["会话列表", "事件"])]
)
def test_the_admin_has_the_products_look_and_names(admin: Client, language: str, names: list[str]) -> None:
    page = admin.get("/admin/", headers={"Accept-Language": language}).content.decode()
    assert 'rel="icon" href="/static/browser/kit/favicon.svg"' in page
    assert "workbench/admin.css" in page
    for name in names:
        assert f">{name}</a>" in re.sub(r"\s*\n\s*", "", page)
