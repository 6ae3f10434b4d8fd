"""The process that answers looks for changes of the knowledge base, and goes on when the database fails."""

from typing import Any, cast

import pytest
from django.db import OperationalError

from chatbot.knowledge.retrieval.answer_program import Looking
from chatbot.knowledge.retrieval.library import Library

pytestmark = pytest.mark.django_db


class BrokenLibrary:
    """One whose database does not answer."""

    fitted_revision = 0

    def refresh(self) -> bool:
        raise OperationalError("connection refused")


def test_a_database_that_fails_is_told_of_once_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = Looking(cast(Library, cast(Any, BrokenLibrary())))
    monkeypatch.setattr("chatbot.knowledge.retrieval.answer_program.connection.close", lambda: None)
    for _ in range(5):
        assert looking.look()
        assert looking.seconds_to_next() > 0
    assert caplog.messages == ["could not look for changes of the knowledge base: OperationalError"]
