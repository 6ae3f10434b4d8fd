"""Whether the bot or people answer a customer first: a team's rule, as its `bot` is written."""

import re
from collections.abc import Callable

FIRST = "first"
NEVER = "never"
AFTER_HOURS = "after_hours"

# `above:12`: the bot while more than twelve wait.
RULE_PATTERN = r"^(?:first|never|after_hours|above:(?:0|[1-9][0-9]{0,5}))$"
_ABOVE = re.compile(r"above:(\d+)")


def is_rule(rule: str) -> bool:
    return re.fullmatch(RULE_PATTERN.strip("^$"), rule) is not None


def bot_answers(rule: str, *, is_open: Callable[[], bool], count_waiting: Callable[[], int]) -> bool:
    """Whether a customer's first message is for the bot, else he waits for people at once.

    Of hours and queue only that is asked which the rule is about. One that cannot be read is `first`.
    """
    if rule == NEVER:
        return False
    if rule == AFTER_HOURS:
        return not is_open()
    if above := _ABOVE.fullmatch(rule):
        return count_waiting() > int(above[1])
    return True
