"""From one encoder to two and back: what is fitted answers until there is another fit, and no vector is made twice."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chatbot.knowledge.entries import write_entries
from chatbot.knowledge.retrieval import in_use
from chatbot.knowledge.retrieval.encoder import Encoder
from chatbot.knowledge.retrieval.encoders import Encoders
from chatbot.knowledge.retrieval.fit_program import run_fit
from chatbot.knowledge.retrieval.fitting import fitted_revision
from chatbot.knowledge.retrieval.library import Library
from chatbot.knowledge.retrieval.process import answerer, end_answerer
from chatbot.knowledge.retrieval.second_encoder import SecondEncoder
from chatbot.models import FittedKnowledge, KnowledgeEntry

TEXTS = {"order": "Where is my order?", "hours": "When are you open?", "invoice": "How do I get an invoice?"}


def entry(key: str, question: str, language: str = "en") -> KnowledgeEntry:
    return KnowledgeEntry(key=key, language=language, question=question, answer="An answer.")


@pytest.fixture
def _knowledge(db: None) -> None:
    write_entries([entry(key, text) for key, text in TEXTS.items()])
    write_entries([entry("refund", "我什么时候能收到退款？", "zh-hans"), entry("same", TEXTS["hours"], "zh-hans")])


@pytest.fixture
def _no_second_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_use, "SECOND", "a-package-that-nobody-has")


def library_of(encoders: int) -> Library:
    found = Library(Encoders(encoders))
    found.refresh()
    return found


def best(library: Library, text: str) -> str:
    return library.find(text)[0][0]


@pytest.mark.usefixtures("_knowledge")
def test_until_two_are_fitted_to_what_one_was_answers(settings: Any) -> None:
    settings.BOT_ENCODER = 1
    run_fit()
    settings.BOT_ENCODER = 2
    assert fitted_revision() == 0
    library = library_of(2)
    assert library.fitted_revision == 0
    write_entries([entry("giraffe", "What do giraffes eat?")])
    library.refresh()
    assert best(library, "what does a giraffe eat") == "giraffe"
    assert best(library, "where's my order") == "order"
    run_fit()
    library.refresh()
    assert library.fitted_revision == fitted_revision() > 0
    assert [best(library, text) for text in ("what does a giraffe eat", "什么时候退款", "我的订单 order 在哪")] == [
        "giraffe",
        "refund",
        "order",
    ]


@pytest.mark.usefixtures("_knowledge")
def test_vectors_of_one_encoder_are_made_once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many others are beside it."""
    encoded: list[str] = []
    for kind in (Encoder, SecondEncoder):

        def encode(self: Any, texts: Any, name: str = kind.__name__, old: Any = kind.encode) -> Any:
            encoded.extend(f"{name} {text}" for text in texts if text != "warm")
            return old(self, texts)

        monkeypatch.setattr(kind, "encode", encode)
    for settings.BOT_ENCODER in (1, 2, 1, 2):
        run_fit()
    both = [f"{kind} {text}" for kind in ("Encoder", "SecondEncoder") for text in TEXTS.values()]
    assert sorted(encoded) == sorted([*both, "Encoder 我什么时候能收到退款？"])


@pytest.mark.usefixtures("_knowledge")
def test_what_was_fitted_to_two_is_not_read_by_one(settings: Any) -> None:
    settings.BOT_ENCODER = 2
    run_fit()
    settings.BOT_ENCODER = 1
    assert fitted_revision() == 0
    assert best(library_of(1), "where's my order") == "order"


@pytest.mark.usefixtures("_knowledge", "_no_second_encoder")
def test_where_the_second_is_not_installed_one_answers(settings: Any) -> None:
    settings.BOT_ENCODER = 2
    run_fit()
    [name] = FittedKnowledge.objects.values_list("encoder", flat=True)
    settings.BOT_ENCODER = 1
    assert name == in_use.archive_name()
    assert best(library_of(1), "where's my order") == "order"


@pytest.mark.usefixtures("_no_second_encoder")
def test_what_is_not_installed_is_said_with_the_command(settings: Any) -> None:
    settings.BOT_ENCODER = 2
    errors = io.StringIO()
    call_command("check", stderr=errors)
    assert "chatbot.W001" in errors.getvalue()
    assert "pip install --require-hashes -r" in errors.getvalue()
    assert in_use.REQUIREMENTS.is_file()


@pytest.mark.usefixtures("_no_second_encoder")
def test_what_is_not_installed_cannot_be_compared(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="pip install"):
        call_command("bot_eval", str(tmp_path / "x"), compare="BOT_ENCODER=two")


def test_what_is_installed_is_no_reason_to_warn(settings: Any) -> None:
    settings.BOT_ENCODER = 2
    assert not in_use.lacks_second()


def test_an_answerer_that_was_ended_is_another() -> None:
    first = answerer()
    end_answerer()
    assert answerer() is not first
    end_answerer()
