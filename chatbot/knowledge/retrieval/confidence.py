"""How sure a head is of what it chose: how probably the chosen answer is right, fitted from the base alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatbot.knowledge.retrieval.encoder import Floats

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic function of a head's features. No coefficient is negative: it never falls when a likeness rises."""

    center: Floats
    spread: Floats
    coefficients: Floats  # the last one is the bias

    def of(self, features: Floats) -> NDArray[np.float64]:
        """0 to 1 for each row of features."""
        score = ((features - self.center) / self.spread) @ self.coefficients[:-1] + self.coefficients[-1]
        likely: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(score.astype(float), -30, 30)))
        return likely


def fit_confidence(features: Floats, is_right: Flags, is_in_scope: Flags) -> Confidence:
    """From what a head said of texts that it had not seen; those out of scope count as much as all others together."""
    from scipy.optimize import minimize

    center, spread = features.mean(0), features.std(0) + 1e-9
    rows = np.c_[(features - center) / spread, np.ones(len(features))].astype(float)
    right = is_right.astype(float)
    shares = np.where(is_in_scope, 0.5 / max(is_in_scope.sum(), 1), 0.5 / max((~is_in_scope).sum(), 1))
    shares *= is_in_scope.sum()

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        score = rows @ point
        likely = 1 / (1 + np.exp(-score))
        free = point.copy()
        free[-1] = 0
        value = float((shares * (np.logaddexp(0, score) - right * score)).sum() + free @ free / 2)
        return value, rows.T @ (shares * (likely - right)) + free

    bounds = [(0.0, None)] * (rows.shape[1] - 1) + [(None, None)]
    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds).x
    return Confidence(center.astype(np.float32), spread.astype(np.float32), found.astype(np.float32))
