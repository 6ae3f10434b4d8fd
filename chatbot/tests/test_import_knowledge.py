"""`manage.py import_knowledge`: files into the knowledge base."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chatbot.knowledge.entries import current_revision, phrasings
from chatbot.knowledge.importing import writing
from chatbot.knowledge.retrieval.fitting import FitFailed
from chatbot.management.commands import import_knowledge
from chatbot.models import Article, KnowledgeEntry

pytestmark = pytest.mark.django_db

TENTS = {
    "id": "tents",
    "language": "en",
    "question": "Do you sell tents?",
    "alternatives": ["tents?", "any tents"],
    "answer": "Yes.",
}


def run(*files: Path, **options: Any) -> str:
    output = StringIO()
    call_command("import_knowledge", *map(str, files), stdout=output, stderr=output, **options)
    return output.getvalue()


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def refused(*files: Path) -> str:
    """What is said; nothing was written."""
    with pytest.raises(CommandError) as refusal:
        run(*files)
    assert (KnowledgeEntry.objects.count(), Article.objects.count(), current_revision()) == (0, 0, 0)
    assert "Nothing was written." in str(refusal.value)
    return str(refusal.value)


def test_json_lines(tmp_path: Path) -> None:
    chinese = {**TENTS, "id": "zh", "language": "zh", "question": "有帐篷吗？", "answer": "有。"}
    output = run(lines(tmp_path / "a.jsonl", TENTS, chinese))
    assert output.startswith("imported 2 entries and 0 articles")
    entry = KnowledgeEntry.objects.get(key="tents")
    assert (entry.language, phrasings(entry), entry.answer) == (
        "en",
        ["Do you sell tents?", "tents?", "any tents"],
        "Yes.",
    )
    assert KnowledgeEntry.objects.get(key="zh").language == "zh-hans"


def test_the_same_id_replaces(tmp_path: Path) -> None:
    run(lines(tmp_path / "a.jsonl", TENTS))
    before = current_revision()
    run(lines(tmp_path / "a.jsonl", {**TENTS, "answer": "No more."}))
    entry = KnowledgeEntry.objects.get()
    assert entry.answer == "No more."
    assert entry.revision > before


def test_an_id_that_is_kept_for_passages_of_an_article_is_refused(tmp_path: Path) -> None:
    """Otherwise entry and passage would replace each other, whichever was written last."""
    article = written(tmp_path / "care.md", "# Care\nDry it.")
    entries = lines(tmp_path / "a.jsonl", TENTS, {**TENTS, "id": "care#2"})
    expected = "a.jsonl:2: the id 'care#2' is kept for passages of the article 'care': write another id"
    assert expected in refused(article, entries)
    run(article)
    before = current_revision()
    with pytest.raises(CommandError, match="care#2"):
        run(entries)
    assert current_revision() == before
    assert list(KnowledgeEntry.objects.values_list("key", flat=True)) == ["care#1"]


def test_so_is_an_article_of_which_an_entry_has_a_passages_id(tmp_path: Path) -> None:
    run(lines(tmp_path / "a.jsonl", {**TENTS, "id": "care#7"}))
    with pytest.raises(
        CommandError, match=r"care.md:1: the entry 'care#7' has the id of a passage .*: rename the file"
    ):
        run(written(tmp_path / "care.md", "# Care\nDry it."))
    assert not Article.objects.exists()


@pytest.mark.parametrize("key", ["#1", "care#", "care#0", "care#x", "care#1000", "faq#12"])
def test_other_ids_may_have_the_sign(tmp_path: Path, key: str) -> None:
    run(written(tmp_path / "care.md", "# Care\nDry it."), lines(tmp_path / "a.jsonl", {**TENTS, "id": key}))
    assert KnowledgeEntry.objects.filter(key=key, article=None).exists()


def test_of_the_same_id_twice_the_last_counts_and_it_is_said(tmp_path: Path) -> None:
    output = run(lines(tmp_path / "a.jsonl", TENTS, {**TENTS, "answer": "No."}))
    assert "a.jsonl:2: the id 'tents' was there before" in output
    assert KnowledgeEntry.objects.get().answer == "No."


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_with_alternatives_between_bars_or_line_breaks(tmp_path: Path, separator: str) -> None:
    rows = [
        ["id", "language", "question", "alternatives", "answer"],
        ["one", "en", "Do you sell tents?", "tents?|any tents", '"Yes, ""tents"""'],
        ["two", "zh-hans", "有帐篷吗？", '"帐篷\n卖帐篷吗"', "有。"],
    ]
    text = "\r\n".join(separator.join(row) for row in rows)
    run(written(tmp_path / "a.csv", "\ufeff" + text))
    one, two = KnowledgeEntry.objects.order_by("key")
    assert (one.answer, phrasings(one)[1:]) == ('Yes, "tents"', ["tents?", "any tents"])
    assert phrasings(two)[1:] == ["帐篷", "卖帐篷吗"]


def test_markdown(tmp_path: Path) -> None:
    front = "---\ntitle: All about tents\nurl: https://shop.example/tents\n---\n# Care\nDry it."
    output = run(written(tmp_path / "tents.md", front), written(tmp_path / "靴子.md", "# 靴子\n请打蜡。"))
    assert "0 entries and 2 articles (2 entries and passages)" in output
    tents, boots = Article.objects.get(key="tents"), Article.objects.get(key="靴子")
    assert (tents.title, tents.language, tents.url) == ("All about tents", "en", "https://shop.example/tents")
    assert (boots.title, boots.language) == ("靴子", "zh-hans")
    assert KnowledgeEntry.objects.get(key="tents#1").question == "All about tents: Care"


def test_the_language_of_articles_can_be_said(tmp_path: Path) -> None:
    run(written(tmp_path / "a.md", "# Handover 2.0\nRelease 2.0"), language="zh-hans")
    assert Article.objects.get().language == "zh-hans"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"answer": None}, "answer is missing: add it"),
        ({"answer": "  "}, "answer is empty"),
        ({"answer": "x" * 4001}, "answer has 4,001 characters: shorten it to 4,000"),
        ({"question": "x" * 301}, "question has 301 characters"),
        ({"language": "fr"}, "the language is 'fr': write en or zh-hans"),
        ({"alternatives": "tents?"}, "alternatives is no list"),
        ({"alternatives": [1]}, "an alternative is no text"),
        ({"id": 7}, "id is no text"),
        ({"url": "javascript:alert(1)"}, "the url is 'javascript:alert(1)'"),
        ({"answer": "a\0b"}, "answer has characters that cannot be stored"),
        ({"answer": "\ud800"}, "answer has characters that cannot be stored"),
    ],
)
def test_a_wrong_row_is_named_with_file_and_line(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    rows = [json.dumps(TENTS), "", json.dumps({**TENTS, "id": "b", **changes})]
    path = written(tmp_path / "a.jsonl", "\n".join(rows))
    assert f"{path}:3: {words}" in refused(path)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    broken = written(tmp_path / "a.jsonl", "{\n[]")
    few = written(tmp_path / "b.csv", "id,language,question,answer\n\n1,en,What?\n2,en,What?,That.")
    nameless = written(tmp_path / "c.md", "no heading")
    said = refused(broken, few, nameless, tmp_path / "gone.jsonl", tmp_path / "d.pdf")
    for words in (
        "a.jsonl:1: this is no JSON",
        "a.jsonl:2: this is no object",
        "b.csv:3: 3 columns instead of 4",
        "c.md:1: it has no title",
        "gone.jsonl:1: the file cannot be read (No such file or directory)",
        "d.pdf:1: the name must end with .jsonl, .csv, .md",
    ):
        assert words in said


def test_a_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    assert "a.csv:1: no column language, answer" in refused(written(tmp_path / "a.csv", "id,question\n1,What?"))


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id,language,question,answer\n1,zh,帐篷,有".encode("gbk"))
    assert "save it as UTF-8" in refused(path)


def test_unknown_columns_do_not_count_but_are_named(tmp_path: Path) -> None:
    output = run(lines(tmp_path / "a.jsonl", {**TENTS, "colour": "red"}))
    assert "unknown columns do not count: colour" in output


def test_many_are_written_in_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "ENTRIES_AT_ONCE", 2)
    rows = [{**TENTS, "id": str(number)} for number in range(5)]
    run(lines(tmp_path / "a.jsonl", *rows))
    assert (KnowledgeEntry.objects.count(), current_revision()) == (5, 3)


def test_it_returns_when_those_who_answer_have_what_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []

    def wait(revision: int) -> bool:
        waited.append(revision)
        return True

    monkeypatch.setattr(import_knowledge, "fit", lambda progress: current_revision())
    monkeypatch.setattr(import_knowledge, "wait_for_readers", wait)
    run(lines(tmp_path / "a.jsonl", TENTS))
    assert waited == [KnowledgeEntry.objects.get().revision]


def test_one_who_does_not_get_it_in_time_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_knowledge, "wait_for_readers", lambda revision: False)
    with pytest.raises(CommandError, match="Everything is written, but a service still answers"):
        run(lines(tmp_path / "a.jsonl", TENTS))
    assert KnowledgeEntry.objects.exists()


def test_a_fit_that_fails_leaves_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(progress: Any) -> int:
        raise FitFailed("no memory")

    monkeypatch.setattr(import_knowledge, "fit", fail)
    with pytest.raises(CommandError, match="could not be fitted; the services go on trying"):
        run(lines(tmp_path / "a.jsonl", TENTS))
    assert KnowledgeEntry.objects.exists()
