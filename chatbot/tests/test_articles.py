"""Articles are cut into passages, which the bot answers with."""

import pytest

from chatbot.knowledge.articles import delete_articles, write_article, write_articles
from chatbot.knowledge.entries import current_revision, phrasings
from chatbot.knowledge.passages import GOOD_PASSAGE_LENGTH, MAX_ALTERNATIVES, passages_of, plain_text
from chatbot.models import Article, KnowledgeEntry

TEXT = """Everything about tents.

# Care

Dry it *before* you pack it. Never wash it in a **machine**.

## Repairs

Send it to us. See [the form](https://shop.example/repairs).

### Empty

```
# not a heading
```
"""


def make(text: str = TEXT, title: str = "Tents", language: str = "en") -> Article:
    return Article(key="tents", title=title, language=language, text=text, url="https://shop.example/tents")


def test_each_heading_begins_a_passage() -> None:
    passages = passages_of(make())
    assert [(each.key, each.question) for each in passages] == [
        ("tents#1", "Tents"),
        ("tents#2", "Tents: Care"),
        ("tents#3", "Tents: Repairs"),
        ("tents#4", "Tents: Empty"),
    ]
    assert passages[1].answer == "Dry it before you pack it. Never wash it in a machine."
    assert passages[2].answer == "Send it to us. See the form (https://shop.example/repairs)."
    assert passages[3].answer == "# not a heading"


def test_a_heading_without_text_is_no_passage() -> None:
    assert [each.question for each in passages_of(make("# Tents\n\n## Care\n\nDry it."))] == ["Tents: Care"]


def test_a_passage_is_known_by_its_heading_and_its_sentences() -> None:
    passage = passages_of(make())[1]
    assert phrasings(passage)[1:] == ["Care", "Dry it before you pack it.", "Never wash it in a machine."]


def test_a_chinese_article() -> None:
    [passage] = passages_of(make("# 保养\n收起前请晾干帐篷。请不要用洗衣机清洗。", "帐篷", "zh-hans"))
    assert passage.question == "帐篷：保养"
    assert phrasings(passage)[1:] == ["保养", "收起前请晾干帐篷。", "请不要用洗衣机清洗。"]


@pytest.mark.parametrize(
    "text",
    [
        "\n\n".join(f"Paragraph {number} says something. " * 10 for number in range(30)),
        "One sentence after the other, with some words. " * 200,
        "一句话接着一句话，没有空格。" * 400,
        "x" * 5000,
    ],
    ids=["paragraphs", "sentences", "chinese", "one word"],
)
def test_a_long_passage_is_cut_and_loses_nothing(text: str) -> None:
    passages = passages_of(make(text))
    assert all(0 < len(each.answer) <= GOOD_PASSAGE_LENGTH for each in passages)
    assert "".join("".join(each.answer for each in passages).split()) == "".join(text.split())
    assert all(len(each.alternatives.splitlines()) <= MAX_ALTERNATIVES for each in passages)
    assert passages[1].question == "Tents (2)"


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("snake_case_name", "snake_case_name"),
        ("a `code` and __strong__ _word_", "a code and strong word"),
        ("> quoted", "quoted"),
        ("![a map](map.png)", "a map"),
        ("- one\n- two", "- one\n- two"),
    ],
)
def test_plain_text(markdown: str, plain: str) -> None:
    assert plain_text(markdown) == plain


@pytest.mark.django_db
def test_passages_that_are_gone_are_deleted() -> None:
    article = make()
    assert write_article(article) == 4
    article.text = "Nothing more to say."
    before = current_revision()
    assert write_article(article) == 1
    [passage] = KnowledgeEntry.objects.all()
    assert (passage.key, passage.answer, passage.url) == ("tents#1", "Nothing more to say.", article.url)
    assert current_revision() >= passage.revision > before


@pytest.mark.django_db
def test_an_article_that_is_not_active_has_no_active_passages() -> None:
    article = make()
    article.is_active = False
    write_article(article)
    assert not KnowledgeEntry.objects.filter(is_active=True).exists()


@pytest.mark.django_db
def test_the_same_key_replaces_an_article() -> None:
    write_articles([make(), Article(key="boots", title="Boots", language="en", text="Wax them.")])
    write_articles([make("# Care\nDry it.")])
    assert list(Article.objects.order_by("key").values_list("key", "text")) == [
        ("boots", "Wax them."),
        ("tents", "# Care\nDry it."),
    ]
    assert sorted(KnowledgeEntry.objects.values_list("key", flat=True)) == ["boots#1", "tents#1"]


@pytest.mark.django_db
def test_deleting_an_article_deletes_its_passages_and_counts_as_a_change() -> None:
    write_article(make())
    before = current_revision()
    assert delete_articles(["tents", "unknown"]) == 1
    assert not KnowledgeEntry.objects.exists()
    assert current_revision() > before
