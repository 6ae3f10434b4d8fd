"""What supervisors change of the knowledge base."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chatbot.knowledge.articles import write_article
from chatbot.knowledge.entries import current_revision, write_entry
from chatbot.models import Article, KnowledgeEntry, Phrase

pytestmark = pytest.mark.django_db

ENTRIES = "/admin/chatbot/knowledgeentry/"
ARTICLES = "/admin/chatbot/article/"
ENTRY = {
    "question": "Do you sell tents?",
    "alternatives": " tents? \n\nany  tents",
    "answer": "Yes.",
    "language": "en",
    "url": "",
    "key": "tents",
    "is_active": "on",
}
ARTICLE = {"title": "Tents", "text": "# Care\nDry it.", "language": "en", "url": "", "key": "tents", "is_active": "on"}


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="pass-word-1"))
    return client


def add_entry(key: str = "boots", **fields: Any) -> KnowledgeEntry:
    entry = KnowledgeEntry(key=key, question="Boots?", answer="No.", language="en", **fields)
    write_entry(entry)
    return entry


def add_article() -> KnowledgeEntry:
    write_article(Article(key="tents", title="Tents", language="en", text="# Care\nDry it."))
    return KnowledgeEntry.objects.get()


def test_an_entry_is_added_with_its_ways_to_ask_one_a_line(admin: Client) -> None:
    assert admin.post(f"{ENTRIES}add/", ENTRY).status_code == 302
    entry = KnowledgeEntry.objects.get()
    assert entry.alternatives == "tents?\nany tents"
    assert entry.revision == current_revision() > 0


def test_a_paragraph_is_no_way_to_ask(admin: Client) -> None:
    response = admin.post(f"{ENTRIES}add/", {**ENTRY, "alternatives": "x" * 301})
    assert "write one question a line" in response.content.decode()
    assert not KnowledgeEntry.objects.exists()


def test_the_list_counts_ways_to_ask(admin: Client) -> None:
    add_entry(alternatives="one\ntwo")
    assert re.search(r'field-phrasing_count">3<', admin.get(ENTRIES).content.decode())


@pytest.mark.parametrize(("action", "is_active"), [("deactivate", False), ("activate", True)])
def test_entries_are_switched_off_and_on_from_the_list(admin: Client, action: str, is_active: bool) -> None:
    entry = add_entry(is_active=not is_active)
    before = current_revision()
    admin.post(ENTRIES, {"action": action, "_selected_action": [entry.pk]})
    entry.refresh_from_db()
    assert entry.is_active is is_active
    assert entry.revision > before


def test_passages_are_shown_and_changed_with_their_article_only(admin: Client) -> None:
    passage = add_article()
    page = admin.get(f"{ENTRIES}{passage.pk}/change/").content.decode()
    assert f"{ARTICLES}{passage.article_id}/change/" in page
    assert 'name="answer"' not in page
    assert admin.post(f"{ENTRIES}{passage.pk}/change/", ENTRY).status_code == 403
    admin.post(ENTRIES, {"action": "deactivate", "_selected_action": [passage.pk]})
    admin.post(ENTRIES, {"action": "delete_selected", "_selected_action": [passage.pk], "post": "yes"})
    passage.refresh_from_db()
    assert passage.is_active


@pytest.mark.parametrize(("passage", "shown"), [("yes", {"tents#1"}), ("no", {"boots"}), ("", {"tents#1", "boots"})])
def test_the_list_can_leave_out_passages(admin: Client, passage: str, shown: set[str]) -> None:
    add_article()
    add_entry()
    listed = admin.get(ENTRIES, {"passage": passage} if passage else {}).context["cl"].queryset
    assert {each.key for each in listed} == shown


def test_an_article_is_saved_with_its_passages_and_shows_them(admin: Client) -> None:
    assert admin.post(f"{ARTICLES}add/", ARTICLE).status_code == 302
    article = Article.objects.get()
    assert KnowledgeEntry.objects.get().key == "tents#1"
    assert "Tents: Care" in admin.get(f"{ARTICLES}{article.pk}/change/").content.decode()


def test_what_an_article_says_is_shown_as_text(admin: Client) -> None:
    admin.post(f"{ARTICLES}add/", {**ARTICLE, "text": "# Care\n<b>Dry</b> it.\nSoon."})
    page = admin.get(f"{ARTICLES}{Article.objects.get().pk}/change/").content.decode()
    assert "<p>&lt;b&gt;Dry&lt;/b&gt; it.<br>Soon.</p>" in page


def test_an_article_whose_passages_could_not_be_numbered_is_refused(admin: Client) -> None:
    response = admin.post(f"{ARTICLES}add/", {**ARTICLE, "key": "k" * 97})
    assert "Use at most 96 characters" in response.content.decode()
    assert not Article.objects.exists()


def test_entries_and_passages_do_not_take_each_others_ids(admin: Client) -> None:
    add_article()
    add_entry("boots#1")
    response = admin.post(f"{ENTRIES}add/", {**ENTRY, "key": "tents#2"})
    assert "Ids like “tents#1” are kept for passages" in response.content.decode()
    response = admin.post(f"{ARTICLES}add/", {**ARTICLE, "key": "boots"})
    assert "The entry “boots#1” has the id of a passage" in response.content.decode()
    assert set(KnowledgeEntry.objects.values_list("key", flat=True)) == {"tents#1", "boots#1"}


@pytest.mark.parametrize("from_list", [True, False])
def test_an_article_is_deleted_with_its_passages(admin: Client, from_list: bool) -> None:
    article_id = add_article().article_id
    before = current_revision()
    if from_list:
        admin.post(ARTICLES, {"action": "delete_selected", "_selected_action": [article_id], "post": "yes"})
    else:
        admin.post(f"{ARTICLES}{article_id}/delete/", {"post": "yes"})
    assert not KnowledgeEntry.objects.exists()
    assert current_revision() > before


def test_phrases_are_added(admin: Client) -> None:
    assert admin.post("/admin/chatbot/phrase/add/", {"kind": "human", "text": "get me the boss"}).status_code == 302
    assert Phrase.objects.get().text == "get me the boss"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (ENTRIES, ["知识库", "问法数", "来自文章", "停用所选条目"]),
        (f"{ENTRIES}add/", ["其他问法", "逐字回复"]),
        (ARTICLES, ["文章"]),
        ("/admin/chatbot/phrase/add/", ["想找真人"]),
    ],
)
def test_the_pages_are_in_chinese_too(admin: Client, page: str, words: list[str]) -> None:
    add_entry()
    shown = admin.get(page, headers={"Accept-Language": "zh-hans"}).content.decode()
    assert [each for each in words if each not in shown] == []
