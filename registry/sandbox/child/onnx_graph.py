"""What an ONNX file says of its classes: the labels behind the output that names one per row.

ONNX Runtime does not tell them, and the `onnx` package is no part of the sandbox; so the few fields
that matter are read from the file as they stand in it. ONNX Runtime has opened the file before.
"""

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Numbers of the fields in onnx.proto.
_GRAPH = 7  # of a model
_NODE, _INITIALIZER = 1, 5  # of a graph
_INPUT, _OUTPUT, _OP_TYPE, _ATTRIBUTE = 1, 2, 4, 5  # of a node
_NAME, _TENSOR, _INTS, _STRINGS = 1, 5, 8, 9  # of an attribute
_DATA_TYPE, _INT32_DATA, _STRING_DATA, _INT64_DATA, _TENSOR_NAME, _RAW = 2, 5, 6, 7, 8, 9

_CLASSIFIERS = {"TreeEnsembleClassifier", "LinearClassifier", "SVMClassifier"}
_LISTED = {"classlabels_int64s", "classlabels_ints", "classlabels_strings"}
_SAME_LABEL = {"Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze"}
_SAME_ORDER = {"Identity", "Cast", "Normalizer"}
_PICKED = {"ArrayFeatureExtractor", "Gather"}
_RAW_TYPES = {1: "<f4", 6: "<i4", 7: "<i8", 9: "?", 11: "<f8"}


@dataclass(frozen=True, slots=True)
class Listed:
    """The classes behind an output of labels.

    Args:
        names: in the order of the columns.
        proved: whether the same node computes the label and the probabilities, which ONNX puts in
            the order of its labels; else the label is the place of the greatest of some numbers.
    """

    names: tuple[Any, ...]
    proved: bool


@dataclass(frozen=True, slots=True)
class _Node:
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, memoryview]


@dataclass(frozen=True, slots=True)
class Graph:
    """The nodes and constants of a model's file."""

    _makers: Mapping[str, _Node]
    _constants: Mapping[str, memoryview]

    @classmethod
    def read(cls, path: Path) -> "Graph":
        """The graph of a file that is an ONNX model."""
        with path.open("rb") as file:
            model = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        (graph,) = _all(model, _GRAPH)
        made = [_node(each) for each in _all(graph, _NODE)]
        constants = {_text(_all(each, _TENSOR_NAME)): each for each in _all(graph, _INITIALIZER)}
        for node in made:
            if node.kind == "Constant" and "value" in node.attributes:
                (constants[node.outputs[0]],) = _all(node.attributes["value"], _TENSOR)
        return cls({output: node for node in made for output in node.outputs}, constants)

    def listed(self, label: str, chances: str, columns: int) -> Listed | None:
        """The classes of an output of labels; None where the file does not tell them.

        Args:
            label: the output's name.
            chances: the name of the output with the probabilities.
            columns: how many of them a row has.
        """
        name = self._before(label, _SAME_LABEL)
        node = self._makers.get(name)
        if node is None:
            return None
        names: tuple[Any, ...] = ()
        if node.kind in _CLASSIFIERS and name == node.outputs[0]:
            names = _labels(node)
        elif node.kind == "ArgMax":
            names = tuple(range(columns))
        elif node.kind in _PICKED and self._is_place(node.inputs[1]):
            names = _values(self._constants.get(node.inputs[0]))
        proved = self._makers.get(self._before(chances, _SAME_ORDER)) is node
        return Listed(names, proved) if len(names) == columns else None

    def _is_place(self, name: str) -> bool:
        node = self._makers.get(self._before(name, _SAME_LABEL))
        return node is not None and node.kind == "ArgMax"

    def _before(self, name: str, same: set[str]) -> str:
        """The value of which some nodes make only another form."""
        while (node := self._makers.get(name)) is not None and node.kind in same:
            name = node.inputs[0]
        return name


def _node(given: memoryview) -> _Node:
    attributes = {_text(_all(each, _NAME)): each for each in _all(given, _ATTRIBUTE)}
    inputs, outputs = (
        tuple(bytes(each).decode() for each in _all(given, field)) for field in (_INPUT, _OUTPUT)
    )
    return _Node(_text(_all(given, _OP_TYPE)), inputs, outputs, attributes)


def _labels(node: _Node) -> tuple[Any, ...]:
    for name in _LISTED & node.attributes.keys():
        found = node.attributes[name]
        words = [bytes(each).decode() for each in _all(found, _STRINGS)]
        if labels := (*_whole(found, _INTS), *words):
            return labels
    return ()


def _values(tensor: memoryview | None) -> tuple[Any, ...]:
    """The values of a constant; none where it is kept in another file, or of another type."""
    import numpy as np

    if tensor is None:
        return ()
    if words := [bytes(each).decode() for each in _all(tensor, _STRING_DATA)]:
        return tuple(words)
    if numbers := [*_whole(tensor, _INT32_DATA), *_whole(tensor, _INT64_DATA)]:
        return tuple(numbers)
    kinds, raw = _whole(tensor, _DATA_TYPE), _all(tensor, _RAW)
    if not raw or kinds[0] not in _RAW_TYPES:
        return ()
    return tuple(np.frombuffer(raw[0], _RAW_TYPES[kinds[0]]).tolist())


def _text(found: list[Any]) -> str:
    return bytes(found[-1]).decode() if found else ""


def _all(message: memoryview, wanted: int) -> list[Any]:
    return [value for field, value in _fields(message) if field == wanted]


def _whole(message: memoryview, wanted: int) -> list[int]:
    """The whole numbers of a field, which may stand one by one or together."""
    found: list[int] = []
    for value in _all(message, wanted):
        if isinstance(value, int):
            found.append(value)
            continue
        at = 0
        while at < len(value):
            number, at = _number(value, at)
            found.append(number)
    return [number - (1 << 64) if number >> 63 else number for number in found]


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a Protocol Buffers message: number, and a whole number or the bytes."""
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _number(message, at)
            yield key >> 3, value
            continue
        size = {1: 8, 5: 4}.get(kind)
        if size is None:
            size, at = _number(message, at)
        yield key >> 3, message[at : at + size]
        at += size


def _number(message: memoryview, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    found = shift = 0
    while True:
        byte = message[at]
        at, found, shift = at + 1, found | (byte & 127) << shift, shift + 7
        if byte < 128:
            return found, at
