"""What was fitted by another release, or was damaged, is made anew."""

from typing import Any

import pytest

from chatbot.knowledge.entries import write_entry
from chatbot.knowledge.retrieval.encoders import Encoders
from chatbot.knowledge.retrieval.fitting import fit
from chatbot.knowledge.retrieval.in_use import archive_name
from chatbot.knowledge.retrieval.library import Library
from chatbot.models import FittedKnowledge, KnowledgeEntry


@pytest.mark.django_db(transaction=True)
def test_an_archive_that_cannot_be_read_is_made_anew(settings: Any) -> None:
    """Of another release, whose archives have other parts, or damaged."""
    settings.BOT_ENCODER = True
    FittedKnowledge.objects.create(revision=0, encoder=archive_name(), archive=b"of another release")
    write_entry(KnowledgeEntry(key="a", language="en", question="Where is it?", answer="Here."))
    assert fit() == 1


@pytest.mark.django_db(transaction=True)
def test_one_of_the_present_revision_does_not_stay() -> None:
    """The job that fits looks at revisions alone: the process that cannot read it takes it away."""
    write_entry(KnowledgeEntry(key="a", language="en", question="Where is it?", answer="Here."))
    FittedKnowledge.objects.create(revision=1, encoder=archive_name(), archive=b"damaged")
    library = Library(Encoders(1))
    library.refresh()
    assert not FittedKnowledge.objects.exists()
    assert library.find("Where is it?")[0][0] == "a"
