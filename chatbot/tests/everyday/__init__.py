"""What customers of the demo's shop write, and what should become of it.

`before_reading.jsonl` was written by somebody who had not read the demo's texts (and was labelled afterwards),
`after_reading.jsonl` by somebody who had. A line is `{"text", "expect"}`, with `"angry": true` where that has to be
understood, too. `expect` is the question of an entry, "off_topic", "human", "anger" or a kind of small talk; or a list,
of which each will do.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from chatbot.bot.engine.embedded import decide
from chatbot.bot.engine.interface import Action, Context, Outcome, Question
from chatbot.bot.engine.wording import ANGER_ALONE, UNDERSTANDING, say
from chatbot.bot.understanding import smalltalk_phrases
from chatbot.bot.understanding.question import question_of
from chatbot.knowledge.language import language_of
from chatbot.knowledge.search import Found
from chatbot.models import KnowledgeEntry

RIGHT, SUGGESTED, MISSED, WRONG = "right", "suggested", "missed", "wrong"


def read_questions() -> list[dict[str, Any]]:
    """All of them, each line as it stands."""
    files = sorted(Path(__file__).parent.glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def judge(
    lines: Iterable[Mapping[str, Any]], entries: list[KnowledgeEntry], find: Callable[[str], Found]
) -> "Verdicts":
    """Ask the bot each of them, with what `find` finds for its question."""
    by_key = {entry.key: entry for entry in entries}
    verdicts = Verdicts()
    for line in lines:
        language = language_of(line["text"])
        outcome = decide(Question(line["text"], Context("s-1", language)), find(question_of(line["text"])), by_key)
        verdicts.note(line, _verdict(line, outcome, _meaning(outcome, by_key, language)))
    return verdicts


class Verdicts:
    """What became of the questions, and of which ones it was not what it should have been."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self.others: list[str] = []

    def note(self, line: Mapping[str, Any], verdict: str) -> None:
        self._counts[verdict] += 1
        if verdict != RIGHT:
            self.others.append(f"{verdict}: {line['text']} ({line['expect']})")

    def share(self, verdict: str) -> float:
        return self._counts[verdict] / self._counts.total()


def _verdict(line: Mapping[str, Any], outcome: Outcome, meaning: str) -> str:
    """Right: as expected. Suggested: it is one of what was suggested. Wrong: an answer to something else."""
    expected = line["expect"] if isinstance(line["expect"], list) else [line["expect"]]
    if meaning in expected:
        return RIGHT if _is_understood(outcome) or not line.get("angry") else MISSED
    if outcome.entry or outcome.action is Action.HAND_OVER:
        return WRONG
    return SUGGESTED if set(outcome.suggestions) & set(expected) else MISSED


def _meaning(outcome: Outcome, entries: Mapping[str, KnowledgeEntry], language: str) -> str:
    """In the words of `expect`: what the bot took the message for."""
    if outcome.entry:
        return entries[outcome.entry].question
    if outcome.action is Action.ANSWER:
        return "anger" if outcome.text in {say(each, language) for each in ANGER_ALONE} else _small_talk(outcome.text)
    return {Action.REFUSE: "off_topic", Action.HAND_OVER: "human"}.get(outcome.action, "")


def _small_talk(reply: str) -> str:
    kinds = {name: text for name, text in vars(smalltalk_phrases).items() if name.isupper() and isinstance(text, str)}
    return next(name.lower() for name, text in kinds.items() if reply in (say(text, "en"), say(text, "zh-hans")))


def _is_understood(outcome: Outcome) -> bool:
    """As anger."""
    texts = [say(each, language) for each in UNDERSTANDING for language in ("en", "zh-hans")]
    return outcome.offer_human and outcome.text.startswith(tuple(texts))
