"""What was learnt from public bases, for bases that are too small to learn it from: `tools/pool_confidence.py`."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from chatbot.knowledge.language import CHINESE, ENGLISH
from chatbot.knowledge.retrieval.confidence import Confidence
from chatbot.knowledge.retrieval.encoder import Floats

FILE = Path(__file__).with_name("pooled.npz")
FILE_OF_TWO = Path(__file__).with_name("pooled_two.npz")
OTHER_SCRIPT = "other"
TWO_ENCODERS = "two"


@dataclass(frozen=True, slots=True)
class Pooled:
    """`mean` is the average vector of texts; `confidence` is that of heads of centroids."""

    mean: Floats
    confidence: Confidence


@lru_cache
def pooled(kind: str) -> Pooled:
    """For entries of a language, for English ones with two encoders, or for questions in another script than theirs."""
    name = kind if kind in (CHINESE, ENGLISH, OTHER_SCRIPT, TWO_ENCODERS) else ENGLISH
    with np.load(FILE_OF_TWO if name == TWO_ENCODERS else FILE) as stored:
        center, spread, coefficients = (stored[f"{name}-{part}"] for part in ("center", "spread", "coefficients"))
        return Pooled(stored[f"{name}-mean"].astype(np.float32), Confidence(center, spread, coefficients))


def store(learnt: dict[str, Pooled], file: Path) -> None:
    arrays: dict[str, Floats] = {}
    for name, each in learnt.items():
        arrays[f"{name}-mean"] = each.mean
        arrays[f"{name}-center"] = each.confidence.center
        arrays[f"{name}-spread"] = each.confidence.spread
        arrays[f"{name}-coefficients"] = each.confidence.coefficients
    np.savez_compressed(file, allow_pickle=False, **arrays)
