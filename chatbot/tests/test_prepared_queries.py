"""A prepared query finds what the ORM finds, without asking Django for its SQL again."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.db.transaction import TransactionManagementError

from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession
from chatbot.models.prepared_queries import SOME_IDS, PreparedQuery, PreparedRows, ids, is_among
from chatbot.tests.customer import make_session
from chatbot.tests.people import make_agent

SAMPLE = "<name>"

pytestmark = pytest.mark.django_db


def by_name(name: str) -> QuerySet[ChatSession]:
    return ChatSession.objects.select_related("assignee").annotate(grown=F("version") + 1).filter(name=name)


@pytest.fixture
def query() -> PreparedQuery[ChatSession, str]:
    return PreparedQuery(by_name, SAMPLE)


def everything(session: ChatSession | None) -> dict[str, object]:
    """All fields of a session, its annotation, and those of its assignee."""
    assert session is not None
    fields = {key: value for key, value in vars(session).items() if key != "_state"}
    assignee = session.assignee
    return {**fields, "assignee": assignee and {k: v for k, v in vars(assignee).items() if k != "_state"}}


@pytest.mark.parametrize("assignee", ["alice", None])
def test_it_finds_what_the_orm_finds(query: PreparedQuery[ChatSession, str], assignee: str | None) -> None:
    make_session("other")
    make_session("s-1", assignee=make_agent(assignee) if assignee else None, waiting_since=Now(), customer_name="Zoë")
    assert everything(query.first("s-1")) == everything(by_name("s-1").first())


def test_each_call_has_its_own_value(query: PreparedQuery[ChatSession, str]) -> None:
    for name in ("s-1", "s-2"):
        make_session(name)
    found = [query.first(name) for name in ("s-1", "s-2", "s-1")]
    assert [session and session.name for session in found] == ["s-1", "s-2", "s-1"]


@pytest.mark.parametrize("name", ["s-none", SAMPLE])
def test_nobody_has_the_name(query: PreparedQuery[ChatSession, str], name: str) -> None:
    assert query.first(name) is None


def test_it_is_compiled_once() -> None:
    made: list[str] = []

    def make(name: str) -> QuerySet[ChatSession]:
        made.append(name)
        return by_name(name)

    query = PreparedQuery(make, SAMPLE)
    for name in ("s-1", "s-2"):
        query.first(name)
    assert made == [SAMPLE]


def numbers_of(name: str) -> QuerySet[ChatSession, tuple[str, int]]:
    rows = ChatSession.objects.filter(name__startswith=name).order_by("name").values_list("name", "last_activity_at")
    return rows.annotate(grown=F("version") + 1)


def test_rows_are_those_of_the_orm() -> None:
    for name in ("s-1", "s-2", "other"):
        make_session(name, waiting_since=Now())
    assert PreparedRows(lambda _: numbers_of("s-"), sample=None).all(None) == list(numbers_of("s-"))


def test_all_rows_are_instances() -> None:
    for name in ("s-1", "s-2"):
        make_session(name, customer_name="Zoë")
    query = PreparedQuery(lambda name: ChatSession.objects.filter(customer_name=name).order_by("name"), "?")
    assert [session.name for session in query.all("Zoë")] == ["s-1", "s-2"]
    assert query.all("nobody") == []


def test_any_number_of_ids_is_one_parameter() -> None:
    made = [make_session(name).pk for name in ("s-1", "s-2", "s-3")]
    rows = PreparedRows(lambda some: ChatSession.objects.filter(is_among("pk", some)).values_list("pk"), SOME_IDS)
    for wanted in ([], made[1:2], [*made[:2], 0], made):
        assert {pk for (pk,) in rows.all(ids(wanted))} == {*wanted} - {0}


AMBIGUOUS: list[Callable[[str], QuerySet[ChatSession]]] = [
    lambda name: ChatSession.objects.all(),
    lambda name: ChatSession.objects.filter(name=name, language=name),
]


@pytest.mark.parametrize("make", AMBIGUOUS)
def test_the_sample_must_stand_for_one_parameter(make: Callable[[str], QuerySet[ChatSession]]) -> None:
    with pytest.raises(ValueError, match="sample"):
        PreparedQuery(make, SAMPLE).first("s-1")


@pytest.mark.django_db(transaction=True)
def test_a_session_is_not_locked_outside_a_transaction() -> None:
    make_session("s-1")
    with pytest.raises(TransactionManagementError):
        lock_session("s-1")


def test_locking_asks_for_nothing_later(django_assert_num_queries: Callable[[int], object]) -> None:
    make_session("s-1", assignee=make_agent("alice", "Alice"))
    with transaction.atomic(), django_assert_num_queries(1):  # type: ignore[attr-defined]
        session = lock_session("s-1").session
        assert session.assignee is not None
        assert session.assignee.get_full_name() == "Alice"
