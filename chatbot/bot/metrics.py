"""Prometheus metrics of the bot, of this process."""

from prometheus_client import Counter

ANSWERS = Counter("chat_bot_answers_total", "What the bot did about messages", ["action"])
TROUBLES = Counter("chat_bot_troubles_total", "Answers that an engine did not give", ["engine"])


def count_answer(action: str) -> None:
    ANSWERS.labels(action).inc()


def count_trouble(engine: str) -> None:
    TROUBLES.labels(engine).inc()
