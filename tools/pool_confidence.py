"""`python -m tools.pool_confidence [--two]`: learn from public bases what small ones cannot say of themselves.

Public bases are made small (a few answers, a few examples of each) and asked what was left out of them. Written to
chatbot/knowledge/retrieval/pooled.npz, or, with --two, to pooled_two.npz what two encoders say of English. The public
files are in chatbot/tests/questions.
"""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chatbot.knowledge.language import CHINESE, ENGLISH
from chatbot.knowledge.retrieval.calibration import Examples, Kind, Tried, make_head, together
from chatbot.knowledge.retrieval.confidence import fit_confidence
from chatbot.knowledge.retrieval.encoder import Floats
from chatbot.knowledge.retrieval.encoders import Encoders
from chatbot.knowledge.retrieval.fit_shelf import OTHER, OWN, OWN_ELSE, OWN_OF_TWO, PRIOR_TEXTS
from chatbot.knowledge.retrieval.grams import Grams, grams_of
from chatbot.knowledge.retrieval.head import Numbers
from chatbot.knowledge.retrieval.pooled import FILE, FILE_OF_TWO, OTHER_SCRIPT, TWO_ENCODERS, Pooled, store

DATA = Path(__file__).resolve().parent.parent / "chatbot/tests/questions"
SIZES = (5, 15, 50, 150)  # answers of a base
EXAMPLES = (1, 2, 4)  # of an answer
REPEATS = 6
ASKED = 150  # of a base, of each of the two: what it covers, what it does not


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts with the names of their answers."""

    vectors: Floats
    grams: list[Grams]
    names: Numbers

    def rows(self, rows: Numbers) -> "Texts":
        return Texts(self.vectors[rows], [self.grams[row] for row in rows], self.names[rows])


def read(encoders: Encoders, name: str, order: dict[str, int]) -> Texts:
    rows = [json.loads(line) for line in (DATA / f"{name}.kb.jsonl").read_text().splitlines()]
    for row in rows:
        order.setdefault(row["id"], len(order))
    pairs = [(order[row["id"]], text) for row in rows for text in (row["question"], *row["alternatives"])]
    pairs.sort(key=lambda pair: pair[0])
    texts = [text for _, text in pairs]
    vectors = encoders.encode(texts, rows[0]["language"])
    return Texts(vectors, [grams_of(text) for text in texts], np.array([name for name, _ in pairs]))


def small_bases(base: Texts, asked: Texts, kind: Kind, mean: Floats, chance: np.random.Generator) -> Iterator[Tried]:
    """What heads of centroids say of `asked`, over small parts of a base."""
    names = np.unique(base.names)
    for size in (size for size in SIZES if size <= len(names) * 3 // 4):
        for examples in EXAMPLES:
            for _ in range(REPEATS):
                kept = np.sort(chance.choice(names, size, replace=False))
                rows = [chance.permutation(np.where(base.names == name)[0])[:examples] for name in kept]
                yield ask(base, np.concatenate(rows), asked, kind, mean, chance)


def ask(base: Texts, rows: Numbers, asked: Texts, kind: Kind, mean: Floats, chance: np.random.Generator) -> Tried:
    part = base.rows(rows)
    kept, answers = np.unique(part.names, return_inverse=True)
    known = Examples(part.vectors, part.grams, answers.astype(np.intp))
    center = (part.vectors.sum(0) + PRIOR_TEXTS * mean) / (len(rows) + PRIOR_TEXTS)
    head = make_head(kind, known, center.astype(np.float32), None, by_centroids=True)
    free = np.setdiff1d(np.arange(len(asked.names)), rows) if asked is base else np.arange(len(asked.names))
    covered = np.isin(asked.names[free], kept)
    chosen = [chance.permutation(some)[:ASKED] for some in (free[covered], free[~covered])]
    questions = asked.rows(np.concatenate(chosen))
    placed = head.space.place(questions.vectors, questions.grams)
    reading = head.read(placed, questions.vectors, part.vectors.astype(np.float16))
    is_right = kept[reading.chosen] == questions.names
    nothing = np.empty(0, np.float32)
    return Tried(reading.features, is_right, np.isin(questions.names, kept), nothing, nothing)


def learn(pairs: list[tuple[Texts, Texts]], kind: Kind) -> Pooled:
    chance = np.random.default_rng(0)
    mean: Floats = np.concatenate([base.vectors for base, _ in pairs]).mean(0)
    tried = together([each for base, asked in pairs for each in small_bases(base, asked, kind, mean, chance)])
    confidence = fit_confidence(tried.features, tried.is_right, tried.is_in_scope)
    answered = confidence.of(tried.features) > 0.5
    covered = tried.is_in_scope
    print(
        f"{len(covered)} questions; covered ones answered {answered[covered].mean():.3f}, wrongly "
        f"{(answered & ~tried.is_right)[covered].mean():.3f}; others answered {answered[~covered].mean():.3f}; "
        f"coefficients {np.round(confidence.coefficients, 2)}"
    )
    return Pooled(mean, confidence)


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--two", action="store_true")
    is_of_two = parser.parse_args().two
    encoders = Encoders(2 if is_of_two else 1)
    order: dict[str, int] = {}
    clinc, hwu = read(encoders, "clinc150", {}), read(encoders, "hwu64", {})
    english, chinese = read(encoders, "xsid_across", order), read(encoders, "xsid_chinese", order)
    in_english = [(clinc, clinc), (hwu, hwu), (english, english)]
    if is_of_two:
        store({TWO_ENCODERS: learn(in_english, OWN_OF_TWO)}, FILE_OF_TWO)
        return
    store(
        {
            ENGLISH: learn(in_english, OWN_ELSE),
            CHINESE: learn([(chinese, chinese)], OWN[CHINESE]),
            OTHER_SCRIPT: learn([(english, chinese), (chinese, english)], OTHER),
        },
        FILE,
    )


if __name__ == "__main__":
    main()
