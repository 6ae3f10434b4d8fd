"""How well the knowledge base answers: questions whose answer is known are asked, and counted what becomes of them."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from chatbot.knowledge.search import ANSWER_ABOVE, SUGGEST_ABOVE, Found


@dataclass(frozen=True, slots=True)
class Asked:
    """`key` is that of the entry that answers it; None: none does."""

    text: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a confidence: above the first an answer is given outright, above the second questions are suggested."""

    answer: float = ANSWER_ABOVE
    suggest: float = SUGGEST_ABOVE


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares are of the questions in scope, 0 to 1; null where there are no such questions.

    `accuracy`: the best candidate is the right one. `auroc`: a question in scope is surer than one out of scope.
    `answered`, `suggested` and `refused` are all; `wrong`: answered outright with another answer.
    """

    accuracy: float | None
    auroc: float | None
    answered: float | None
    suggested: float | None
    refused: float | None
    wrong: float | None
    out_of_scope_answered: float | None
    ms_p50: float
    ms_p99: float

    def as_json(self) -> str:
        return json.dumps(asdict(self))


class BadQuestions(Exception):
    """A file of questions that cannot be used; says which line and why."""


def read_questions(path: Path) -> list[Asked]:
    """JSON lines `{"text", "id"}`, `id` null where no entry answers it. Raises BadQuestions."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadQuestions(f"{path} cannot be read: {error}") from error
    questions = [_read(f"{path}, line {number}", line) for number, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise BadQuestions(
            f'{path} has no questions: one a line is needed, as in {{"text": "Is it free?", "id": "price"}}'
        )
    return questions


def _read(place: str, line: str) -> Asked:
    try:
        said = json.loads(line)
        text, key = said["text"], said["id"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadQuestions(
            f'{place}: write {{"text": "…", "id": "…"}}, with id null where no entry answers it'
        ) from error
    if not isinstance(text, str) or not text.strip() or not (key is None or isinstance(key, str)):
        raise BadQuestions(f"{place}: text must be a text, and id the id of an entry, or null")
    return Asked(text, key)


def evaluate(
    questions: Sequence[Asked], find: Callable[[str], Found], limits: Limits, progress: Callable[[float], None]
) -> Scores:
    """Ask all of them one after the other."""
    seen, times = [], []
    for number, question in enumerate(questions, 1):
        started = time.perf_counter()
        best = find(question.text).candidates[:1]
        times.append((time.perf_counter() - started) * 1000)
        seen.append((question.key, best[0].key if best else None, best[0].confidence if best else 0.0))
        progress(number / len(questions))
    covered = [(key == found, sure) for key, found, sure in seen if key is not None]
    others = [sure for key, _, sure in seen if key is None]
    answered = _share([sure > limits.answer for _, sure in covered])
    refused = _share([sure <= limits.suggest for _, sure in covered])
    return Scores(
        accuracy=_share([is_right for is_right, _ in covered]),
        auroc=auroc([sure for _, sure in covered], others),
        answered=answered,
        suggested=None if answered is None or refused is None else round(1 - answered - refused, 4),
        refused=refused,
        wrong=_share([sure > limits.answer and not is_right for is_right, sure in covered]),
        out_of_scope_answered=_share([sure > limits.answer for sure in others]),
        ms_p50=_percentile(times, 0.5),
        ms_p99=_percentile(times, 0.99),
    )


def auroc(higher: Sequence[float], lower: Sequence[float]) -> float | None:
    """How often one of the first is above one of the second; a draw is half a win. None where there are none."""
    if not higher or not lower:
        return None
    ordered = sorted([(value, True) for value in higher] + [(value, False) for value in lower])
    wins, below, start = 0.0, 0, 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][0] == ordered[start][0]:
            end += 1
        high = sum(is_higher for _, is_higher in ordered[start:end])
        low = end - start - high
        wins += high * (below + low / 2)
        below += low
        start = end
    return round(wins / len(higher) / len(lower), 4)


def _share(flags: Sequence[bool]) -> float | None:
    return round(sum(flags) / len(flags), 4) if flags else None


def _percentile(values: Sequence[float], share: float) -> float:
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))], 2)
