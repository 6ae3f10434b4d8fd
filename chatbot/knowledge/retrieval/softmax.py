"""A softmax regression: how likely each answer is, learnt from the ways in which its question is known."""

import numpy as np
from numpy.typing import NDArray

from chatbot.knowledge.retrieval.encoder import Floats

ITERATIONS = 60
ROWS_AT_ONCE = 1_000  # with 2,000 answers 8 MB


def fit_softmax(rows: Floats, answers: NDArray[np.intp], count: int, looseness: float, iterations: int) -> Floats:
    """Weights (count, dimensions) with a last column of biases, which are free.

    Minimises the cross-entropy + |weights|² / (2 * looseness) with L-BFGS from zero.
    """
    from scipy.optimize import minimize  # 40 MB that only a process that fits needs

    dimensions = rows.shape[1]
    parts = [slice(start, start + ROWS_AT_ONCE) for start in range(0, len(rows), ROWS_AT_ONCE)]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.astype(np.float32).reshape(count, dimensions + 1)
        slope = np.zeros_like(weights)
        slope[:, :dimensions] = weights[:, :dimensions] / looseness
        value = float((weights[:, :dimensions] ** 2).sum()) / (2 * looseness)
        for part in parts:
            value += _add(rows[part], answers[part], weights, slope)
        return value, slope.ravel().astype(np.float64)

    start = np.zeros(count * (dimensions + 1))
    options = {"maxiter": iterations, "maxcor": 8}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    weights: Floats = found.astype(np.float32).reshape(count, dimensions + 1)
    return weights


def _add(rows: Floats, answers: NDArray[np.intp], weights: Floats, slope: Floats) -> float:
    """The cross-entropy of some rows; its slope is added to `slope`."""
    each = np.arange(len(rows))
    logits = rows @ weights[:, :-1].T
    logits += weights[:, -1]
    logits -= logits.max(1, keepdims=True)
    right = logits[each, answers]
    likely = np.exp(logits, out=logits)
    total = likely.sum(1)
    likely /= total[:, None]
    likely[each, answers] -= 1
    slope[:, :-1] += likely.T @ rows
    slope[:, -1] += likely.sum(0)
    return float((np.log(total) - right).sum())
