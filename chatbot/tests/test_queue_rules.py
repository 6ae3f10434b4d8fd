"""Supervisors' rules: which are true of whom, and what those give who are."""

from typing import Any

import pytest

from chatbot.conversations.queue_rules import Asker, outcome_of
from chatbot.models import ChatSession, HistoryEntry, Label, Priority, QueueRule, Status, Team, VipCustomer
from chatbot.tests.customer import Customer
from chatbot.tests.logged import logged
from chatbot.tests.people import make_team
from realtime import groups
from realtime.database import in_database

pytestmark = pytest.mark.django_db(transaction=True)


def rule(name: str = "rule", **fields: Any) -> QueueRule:
    return QueueRule(name=name, **fields)


def is_true(which: QueueRule, said: str = "", **fields: Any) -> bool:
    return bool(outcome_of([which], Asker(ChatSession(**{"page": "", **fields}), (said,))).rules)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("refund", "I want a REFUND, now"),
        ("refund\nmoney back", "give me my  money   back!"),
        ("退款", "我想退款可以吗"),
        ("ＶＩＰ", "am I vip?"),
        ("c++", "a question about C++"),
        ("退款 now", "please 退款 now"),
        ("straße", "die STRASSE"),
    ],
)
def test_words_that_were_said(words: str, said: str) -> None:
    assert is_true(rule(words=words), said)


@pytest.mark.parametrize(
    ("words", "said"),
    [("refund", "refunds are nice"), ("art", "start"), ("退款", "退 款"), (".*", "anything"), ("refund", "")],
)
def test_words_that_were_not(words: str, said: str) -> None:
    assert not is_true(rule(words=words), said)


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("Ann@Example.com", True),
        ("bob@big.example", True),
        ("bob@small.example", False),
        ("bob@not-big.example", False),
        ("", False),
    ],
)
def test_a_vip_is_known_by_address_or_domain(email: str, expected: bool) -> None:
    VipCustomer.objects.bulk_create([VipCustomer(address=each) for each in ("ann@example.com", "@big.example")])
    assert is_true(rule(is_vip=True), customer_email=email) is expected


def test_page_and_language() -> None:
    assert is_true(rule(page="/pricing"), page="https://shop.example/Pricing?x=1")
    assert not is_true(rule(page="/pricing"), page="https://shop.example/")
    assert is_true(rule(language="zh-hans"), language="zh-hans")
    assert not is_true(rule(language="zh-hans"), language="en")


def test_all_that_is_filled_in_must_be_true() -> None:
    both = rule(words="refund", language="zh-hans")
    assert is_true(both, "refund", language="zh-hans")
    assert not is_true(both, "refund", language="en")
    assert not is_true(both, "help", language="zh-hans")


def test_first_team_highest_priority_all_labels() -> None:
    teams = [Team(name="A"), Team(name="B")]
    outcome = outcome_of(
        [
            rule("1", priority=Priority.HIGH, label="money"),
            rule("2", team=teams[0], priority=Priority.LOW, label="money"),
            rule("3", team=teams[1], label="angry"),
            rule("4", words="never said", priority=Priority.URGENT),
        ],
        Asker(ChatSession(page=""), ("hello",)),
    )
    assert (outcome.team, outcome.priority) == (teams[0], Priority.HIGH)
    assert (outcome.labels, outcome.rules) == (("money", "angry"), ("1", "2", "3"))


async def test_who_asks_gets_what_the_rules_say(customer: Customer) -> None:
    def prepare() -> int:
        billing = make_team("Billing")
        fields = {"team": billing, "priority": Priority.HIGH, "label": "refund"}
        QueueRule.objects.create(name="Refunds", words="refund", **fields)
        QueueRule.objects.create(name="Off", is_active=False, priority=Priority.URGENT)
        QueueRule.objects.create(name="Later", waited_seconds=60, priority=Priority.URGENT)
        return billing.pk

    billing = await in_database(prepare)
    name = await customer.start()
    await customer.say(name, "I want a refund")
    await customer.escalate(name)

    def look() -> None:
        session = ChatSession.objects.get(name=name)
        assert (session.team_id, session.priority, session.labels) == (billing, Priority.HIGH, ["refund"])
        assert Label.objects.filter(name="refund").exists()
        why = dict(HistoryEntry.objects.filter(session=session).values_list("what", "why"))
        assert why["escalated"] == {"code": "rules", "rules": ["Refunds"]}
        assert why["labelled"]["labels"] == ["refund"]
        told = [e for e in logged(groups.channel("team", str(billing))) if e["type"] == "transfer_request"]
        assert [(e["payload"]["priority"], e["payload"]["labels"]) for e in told] == [("high", ["refund"])]

    await in_database(look)


async def test_a_customers_own_choice_of_team_holds(customer: Customer) -> None:
    def prepare() -> int:
        QueueRule.objects.create(name="To B", language="en", team=make_team("B"))
        return make_team("A", is_offered_to_customers=True).pk

    chosen = await in_database(prepare)
    name = await customer.start()
    await customer.post(f"/api/sessions/{name}/escalate", {"team": chosen})
    assert await in_database(lambda: ChatSession.objects.get(name=name).team_id) == chosen


async def test_an_earlier_conversations_priority_is_over(customer: Customer) -> None:
    name = await customer.start()
    await in_database(
        lambda: ChatSession.objects.filter(name=name).update(status=Status.CLOSED, priority=Priority.URGENT)
    )
    await customer.escalate(name)
    assert await in_database(lambda: ChatSession.objects.get(name=name).priority) == Priority.NORMAL
