"""`manage.py bot_eval` counts what becomes of questions whose answer is known."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chatbot.knowledge.evaluation import Asked, Limits, auroc, evaluate
from chatbot.knowledge.sample import load_demo_answers
from chatbot.knowledge.search import Candidate, Found
from chatbot.management.commands import bot_eval

FOUND = {
    "right and sure": ("a", 0.9),
    "right and unsure": ("a", 0.3),
    "wrong and sure": ("b", 0.8),
    "wrong and quite unsure": ("b", 0.1),
    "about something else": ("b", 0.2),
    "about something else, sure": ("b", 0.6),
}


def find(text: str) -> Found:
    if text not in FOUND:
        return Found(())
    key, confidence = FOUND[text]
    return Found((Candidate(key, "?", "en", confidence),))


def run(file: Path, **options: object) -> str:
    output = io.StringIO()
    call_command("bot_eval", str(file), stdout=output, **options)
    return output.getvalue()


def test_each_share_counts_what_it_says() -> None:
    questions = [Asked(text, None if "else" in text else "a") for text in FOUND] + [Asked("found by nothing", "a")]
    scores = evaluate(questions, find, Limits(), lambda done: None)
    assert (scores.accuracy, scores.answered, scores.suggested, scores.refused, scores.wrong) == (
        0.4,
        0.4,
        0.2,
        0.4,
        0.2,
    )
    assert scores.out_of_scope_answered == 0.5
    assert scores.auroc == 0.5


def test_without_questions_out_of_scope_there_is_no_auroc() -> None:
    scores = evaluate([Asked("right and sure", "a")], find, Limits(), lambda done: None)
    assert (scores.auroc, scores.out_of_scope_answered, scores.accuracy) == (None, None, 1)


@pytest.mark.parametrize(
    ("higher", "lower", "share"), [([3, 4], [1, 2], 1), ([1], [2], 0), ([1], [1], 0.5), ([1, 3], [2, 0], 0.75)]
)
def test_auroc_is_how_often_the_one_is_above_the_other(higher: list[float], lower: list[float], share: float) -> None:
    assert auroc(higher, lower) == share


@pytest.mark.django_db
def test_one_object_is_printed(tmp_path: Path) -> None:
    load_demo_answers()
    file = tmp_path / "questions.jsonl"
    file.write_text('{"text": "Where is my order?", "id": "demo-en-1"}\n\n{"text": "怎么开发票", "id": "demo-zh-6"}\n')
    printed = json.loads(run(file, json=True))
    assert printed["accuracy"] == 1
    assert printed["answered"] == 1
    assert set(printed) == {
        *("accuracy", "auroc", "answered", "suggested", "refused", "wrong"),
        *("out_of_scope_answered", "ms_p50", "ms_p99"),
    }


@pytest.mark.django_db
def test_two_settings_stand_side_by_side(tmp_path: Path) -> None:
    load_demo_answers()
    file = tmp_path / "questions.jsonl"
    file.write_text('{"text": "refund status?", "id": "demo-en-5"}\n')
    table = run(file, compare="ANSWER_ABOVE=1")
    [answered] = [line for line in table.splitlines() if line.startswith("answered outright  ")]
    assert answered.split()[-4:] == ["100.0", "%", "0.0", "%"]


def test_another_number_of_encoders_is_asked_in_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Whose encoders are loaded when it starts."""
    settings.BOT_ENCODER = 1
    done: list[tuple[str, int]] = []
    for name in ("fit", "find_at_leisure", "end_answerer"):

        def note(*arguments: object, name: str = name) -> Found:
            done.append((name, settings.BOT_ENCODER))
            return find("right and sure")

        monkeypatch.setattr(bot_eval, name, note)
    file = tmp_path / "questions.jsonl"
    file.write_text('{"text": "a", "id": "a"}\n')
    run(file, compare="BOT_ENCODER=two")
    once = ["fit", "find_at_leisure"]
    assert done == [*((name, 1) for name in once), *((name, 2) for name in ("end_answerer", *once))]
    assert settings.BOT_ENCODER == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": "a"}', "line 2: write"),
        ("no json", "line 2: write"),
        ('{"text": "", "id": "a"}', "line 2: text must be"),
        ('{"text": "a", "id": 5}', "line 2: text must be"),
        ("[]", "line 2: write"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(f'{{"text": "a", "id": "b"}}\n{line}\n')
    with pytest.raises(CommandError, match=said):
        run(file)


def test_an_empty_file_and_none_are_said(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(CommandError, match="no questions"):
        run(tmp_path / "empty.jsonl")
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "missing.jsonl")


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="ANSWER_ABOVE"):
        run(tmp_path / "x", compare="COLOUR=red")
