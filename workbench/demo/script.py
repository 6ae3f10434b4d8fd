"""What people say in the demonstration, as data: a shop's conversations are put together from topics."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """One matter of a customer. `source` is the question under which the knowledge base has the bot's answer.

    `exchanges` are pairs of what the customer and then the agent says.
    Texts have places for `{order}`, `{product}`, `{city}`, `{day}` and `{amount}`.
    """

    questions: Sequence[str]
    source: str
    bot: str
    exchanges: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Script:
    """All of one language. `callers` are the words by which a customer asks for a human."""

    first_names: Sequence[str]
    last_names: Sequence[str]
    name_form: str
    products: Sequence[str]
    cities: Sequence[str]
    days: Sequence[str]
    greetings: Sequence[str]
    callers: Sequence[str]
    agent_greetings: Sequence[str]
    thanks: Sequence[tuple[str, str]]
    topics: Sequence[Topic]
