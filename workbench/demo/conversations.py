"""Conversations of the demonstration, told from beginning to end: who says what, how long after the line before."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from chatbot.conversations.bot_reply import BotReply
from chatbot.conversations.waiting import ASKED
from chatbot.models import Language, Role, Status
from workbench.actions.close import NOTICE as CLOSED
from workbench.actions.take_over import NOTICE as TAKEN
from workbench.demo import chinese, english
from workbench.demo.script import Script, Topic

SCRIPTS = {Language.ENGLISH: english.SCRIPT, Language.CHINESE: chinese.SCRIPT}


@dataclass(frozen=True, slots=True)
class Line:
    """One message. A notice (`role` system) is the English source of a translation."""

    role: Role
    content: str
    pause_seconds: float
    reply: BotReply | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """`lines` oldest first; `question` is what the customer wanted to know when he asked for a human."""

    language: Language
    customer_name: str
    customer_email: str
    lines: list[Line]
    question: str


class Teller:
    """Makes conversations up; the same `chance` makes the same ones."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def tell(self, *, language: Language, status: Status, topics: int) -> Conversation:
        """A conversation that has come to this status, about so many matters one after the other."""
        script = SCRIPTS[language]
        first, *further = self._topics(script, topics)
        question, beginning = self._beginning(script, first)
        lines = beginning
        if status != Status.BOT_ACTIVE:
            lines += self._asking(script)
        if status in (Status.MANUAL_LIVE, Status.CLOSED):
            lines += self._handled(script, [first, *further], is_over=status == Status.CLOSED)
        name, email = self._customer(script)
        return Conversation(language, name, email, lines, question if status != Status.BOT_ACTIVE else "")

    def _topics(self, script: Script, count: int) -> list[Topic]:
        rounds = -(-count // len(script.topics))
        return [topic for _ in range(rounds) for topic in self._chance.sample(script.topics, len(script.topics))][
            :count
        ]

    def _beginning(self, script: Script, topic: Topic) -> tuple[str, list[Line]]:
        """The customer's question, and what is said with the bot."""
        question = self._fill(script, self._chance.choice(topic.questions))
        lines = [
            Line(Role.CUSTOMER, question, self._seconds(5, 40)),
            Line(Role.BOT, topic.bot, 1.0, self._reply(topic)),
        ]
        if self._chance.random() < 0.5:
            lines.insert(0, Line(Role.CUSTOMER, self._chance.choice(script.greetings), 0.0))
        return question, lines

    def _reply(self, topic: Topic) -> BotReply:
        """Of ten customers three say whether it helped."""
        reply: BotReply = {"sources": [{"title": topic.source, "url": ""}]}
        if self._chance.random() < 0.3:
            reply["helpful"] = self._chance.random() < 0.5
        return reply

    def _asking(self, script: Script) -> list[Line]:
        lines = [Line(Role.SYSTEM, ASKED, 1.0)]
        if self._chance.random() < 0.6:
            lines.insert(0, Line(Role.CUSTOMER, self._chance.choice(script.callers), self._seconds(5, 60)))
        return lines

    def _handled(self, script: Script, topics: list[Topic], *, is_over: bool) -> list[Line]:
        greeting = self._chance.choice(script.agent_greetings)
        lines = [
            Line(Role.SYSTEM, TAKEN, self._seconds(20, 600)),
            Line(Role.AGENT, greeting, self._seconds(5, 30)),
        ]
        for number, topic in enumerate(topics):
            if number:
                question = self._fill(script, self._chance.choice(topic.questions))
                lines.append(Line(Role.CUSTOMER, question, self._seconds(30, 900)))
                lines.append(Line(Role.AGENT, topic.bot, self._seconds(20, 90)))
            lines += self._exchanges(script, topic)
        if is_over:
            lines += self._farewell(script)
        elif self._chance.random() < 0.6:
            lines.pop()  # the last word is the customer's, who waits for an answer
        return lines

    def _exchanges(self, script: Script, topic: Topic) -> Iterator[Line]:
        """Most of what a topic has, in order."""
        said = max(2, len(topic.exchanges) - self._chance.choice((0, 0, 1, 2)))
        for asked, answered in topic.exchanges[:said]:
            yield Line(Role.CUSTOMER, self._fill(script, asked), self._seconds(10, 120))
            yield Line(Role.AGENT, self._fill(script, answered), self._seconds(10, 90))

    def _farewell(self, script: Script) -> list[Line]:
        thanks, answer = self._chance.choice(script.thanks)
        return [
            Line(Role.CUSTOMER, thanks, self._seconds(5, 60)),
            Line(Role.AGENT, self._fill(script, answer), self._seconds(5, 40)),
            Line(Role.SYSTEM, CLOSED, self._seconds(5, 120)),
        ]

    def _fill(self, script: Script, text: str) -> str:
        chance = self._chance
        return text.format(
            order=f"A{chance.randrange(10_000, 99_999)}",
            product=chance.choice(script.products),
            city=chance.choice(script.cities),
            day=chance.choice(script.days),
            amount=f"{chance.randrange(5, 240)}.{chance.choice((0, 50, 90, 99)):02}",
        )

    def _customer(self, script: Script) -> tuple[str, str]:
        """Some give no name, fewer an address."""
        chance = self._chance
        name = script.name_form.format(first=chance.choice(script.first_names), last=chance.choice(script.last_names))
        email = f"customer{chance.randrange(100, 99_999)}@example.com"
        shown = chance.random()
        return (name if shown < 0.9 else ""), (email if shown < 0.6 else "")

    def _seconds(self, least: float, most: float) -> float:
        return self._chance.uniform(least, most)
