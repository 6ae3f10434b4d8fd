"""The weights in an ONNX file, read in place: what runs them is `second_encoder.py`, in numpy."""

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# onnx.proto: the fields of a model, of a graph, and of a tensor.
_GRAPH = 7
_INITIALIZER = 5
_DIMENSIONS, _TYPE, _NAME, _RAW = 1, 2, 8, 9
# Tensors of other types are what the graph computes shapes with.
_TYPES: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 3: np.dtype("i1")}

Weights = dict[str, NDArray[Any]]


def read_weights(path: Path) -> Weights:
    """Each array by its name. They stay in the file, which the system pages in. Raises ValueError if it has none."""
    found: Weights = {}
    try:
        with path.open("rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        for graph in _all(data, _GRAPH):
            for tensor in _all(graph, _INITIALIZER):
                found.update(_read_tensor(tensor))
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f"{path} is no ONNX file whose weights can be read: {error!r}") from error
    if not found:
        raise ValueError(f"{path} is no ONNX file with weights")
    return found


def _all(data: memoryview, wanted: int) -> list[memoryview]:
    return [value for field, value in _fields(data) if field == wanted]


def _read_tensor(data: memoryview) -> Weights:
    said: dict[int, Any] = {}
    shape: list[int] = []
    for field, value in _fields(data):
        said[field] = value
        if field == _DIMENSIONS:
            shape.append(value)
    if said[_TYPE] not in _TYPES:
        return {}
    return {bytes(said[_NAME]).decode(): np.frombuffer(said[_RAW], _TYPES[said[_TYPE]]).reshape(shape)}


def _fields(data: memoryview) -> Iterator[tuple[int, Any]]:
    """(number, value) of a message of Protocol Buffers: a number, or the bytes of a text, an array or a message."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        match key & 7:
            case 0:
                value, place = _varint(data, place)
                yield key >> 3, value
                continue
            case 1:
                size = 8
            case 2:
                size, place = _varint(data, place)
            case 5:
                size = 4
            case other:
                raise ValueError(f"a field of kind {other}")
        yield key >> 3, data[place : place + size]
        place += size


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
