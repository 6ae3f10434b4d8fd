"""Who answers a customer's first message: every rule, open and closed, with a short and a long queue."""

import pytest

from chatbot.conversations.bot_rule import bot_answers, is_rule


@pytest.mark.parametrize(
    ("rule", "is_open", "waiting", "by_bot"),
    [
        ("first", True, 0, True),
        ("first", False, 99, True),
        ("never", True, 0, False),
        ("never", False, 99, False),
        ("after_hours", True, 99, False),
        ("after_hours", False, 0, True),
        ("above:3", True, 3, False),
        ("above:3", True, 4, True),
        ("above:3", False, 3, False),
        ("above:0", True, 0, False),
        ("above:0", True, 1, True),
        ("nonsense", True, 0, True),
    ],
)
def test_who_answers_first(rule: str, is_open: bool, waiting: int, by_bot: bool) -> None:
    assert bot_answers(rule, is_open=lambda: is_open, count_waiting=lambda: waiting) == by_bot


def fail() -> int:
    raise AssertionError("nobody needs to know")


@pytest.mark.parametrize("rule", ["first", "never"])
def test_what_a_rule_is_not_about_is_not_asked(rule: str) -> None:
    bot_answers(rule, is_open=lambda: bool(fail()), count_waiting=fail)


@pytest.mark.parametrize("rule", ["first", "never", "after_hours", "above:0", "above:12", "above:999999"])
def test_rules(rule: str) -> None:
    assert is_rule(rule)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "First",
        "always",
        "above",
        "above:",
        "above:-1",
        "above:01",
        "above:1.5",
        "above:1000000",
        "never\n",
        " never",
    ],
)
def test_what_is_no_rule(text: str) -> None:
    assert not is_rule(text)
