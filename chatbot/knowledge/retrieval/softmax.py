"""A softmax regression: how likely each answer is, learnt from the ways in which its question is known."""

import numpy as np
from numpy.typing import NDArray

from chatbot.knowledge.retrieval.encoder import Floats

ITERATIONS = 60


def fit_softmax(rows: Floats, answers: NDArray[np.intp], count: int, looseness: float, iterations: int) -> Floats:
    """Weights (count, dimensions) with a last column of biases, which are free.

    Minimises the cross-entropy + |weights|² / (2 * looseness) with L-BFGS from zero.
    """
    from scipy.optimize import minimize  # 40 MB that only a process that fits needs

    size, dimensions = rows.shape
    each = np.arange(size)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.astype(np.float32).reshape(count, dimensions + 1)
        logits = rows @ weights[:, :dimensions].T
        logits += weights[:, dimensions]
        logits -= logits.max(1, keepdims=True)
        right = logits[each, answers]
        likely = np.exp(logits, out=logits)
        total = likely.sum(1)
        entropy = float((np.log(total) - right).sum())
        likely /= total[:, None]
        likely[each, answers] -= 1
        slope = np.empty_like(weights)
        slope[:, :dimensions] = likely.T @ rows + weights[:, :dimensions] / looseness
        slope[:, dimensions] = likely.sum(0)
        penalty = float((weights[:, :dimensions] ** 2).sum()) / (2 * looseness)
        return entropy + penalty, slope.ravel().astype(np.float64)

    start = np.zeros(count * (dimensions + 1))
    options = {"maxiter": iterations, "maxcor": 8}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    weights: Floats = found.astype(np.float32).reshape(count, dimensions + 1)
    return weights
