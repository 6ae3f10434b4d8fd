"""How well public questions are answered does not fall below a floor (chatbot/tests/questions: parts of public sets).

Some 30 s of processor time. `manage.py bot_eval` measures the whole sets; docs/bot.md has its figures.
"""

import json
from functools import cache
from pathlib import Path

import pytest

from chatbot.knowledge.evaluation import Limits, Scores, evaluate, read_questions
from chatbot.knowledge.language import is_in_chinese
from chatbot.knowledge.retrieval.encoder import Encoder
from chatbot.knowledge.retrieval.fit_shelf import Filed, fit_shelf
from chatbot.knowledge.retrieval.grams import grams_of
from chatbot.knowledge.retrieval.shelf import Asked, Shelf
from chatbot.knowledge.search import Candidate, Found

QUESTIONS = Path(__file__).with_name("questions")

load_encoder = cache(Encoder)


def make_shelf(name: str) -> Shelf:
    rows = [json.loads(line) for line in (QUESTIONS / f"{name}.kb.jsonl").read_text().splitlines()]
    texts = [list(dict.fromkeys([row["question"], *row["alternatives"]])) for row in rows]
    vectors = load_encoder().encode([text for each in texts for text in each])
    return fit_shelf(Filed(rows[0]["language"], [row["id"] for row in rows], texts, vectors), lambda done: None)


@cache
def scores(name: str) -> Scores:
    shelf, encoder = make_shelf(name), load_encoder()

    def find(text: str) -> Found:
        asked = Asked(text, encoder.encode([text]), grams_of(text), is_in_chinese(text))
        return Found(tuple(Candidate(shelf.keys[entry], "", "", sure) for entry, sure in shelf.find(asked)))

    return evaluate(read_questions(QUESTIONS / f"{name}.test.jsonl"), find, Limits(), lambda done: None)


@pytest.mark.parametrize(
    ("name", "floor"), [("clinc150", 0.89), ("hwu64", 0.79), ("xsid_chinese", 0.925), ("xsid_across", 0.875)]
)
def test_the_right_entry_is_found(name: str, floor: float) -> None:
    accuracy = scores(name).accuracy
    assert accuracy is not None
    assert accuracy >= floor


@pytest.mark.parametrize(
    ("name", "answered", "wrong"),
    [("clinc150", 0.77, 0.052), ("xsid_chinese", 0.75, 0.035), ("xsid_across", 0.6, 0.025)],
)
def test_most_is_answered_outright_and_little_wrongly(name: str, answered: float, wrong: float) -> None:
    found = scores(name)
    assert found.answered is not None
    assert found.wrong is not None
    assert found.answered >= answered
    assert found.wrong <= wrong


@pytest.mark.parametrize(("name", "auroc", "answered"), [("clinc150", 0.948, 0.055), ("xsid_chinese", 0.975, 0.03)])
def test_it_knows_when_it_does_not_know(name: str, auroc: float, answered: float) -> None:
    found = scores(name)
    assert found.auroc is not None
    assert found.out_of_scope_answered is not None
    assert found.auroc >= auroc
    assert found.out_of_scope_answered <= answered
