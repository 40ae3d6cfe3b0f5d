"""A tiny transformer in ONNX, with its tokenizer: each word has a vector, and a text their mean.

The model is written byte by byte in the wire format of Protocol Buffers, so that no test needs the
package onnx. Some words break the model on purpose.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

GROUPS = (
    ("[UNK]", ".", ":"),
    ("trafficking", "handel", "trata"),
    ("children", "kinder", "child"),
    ("sea", "meer"),
    ("handbook", "buch"),
)
"""Words of one meaning have the same vector. The first group has unknown words."""
STUCK, BROKEN = "forever", "nothing"
"""A word with which the model never ends, and one with which it returns no numbers."""
TRIPS = 1 << 50
FLOAT, INT64, BOOL = 1, 7, 9
"""Types of elements in ONNX."""
TOKENS = ("row", "token", "axis")
"""Names of the axes of the vectors of all tokens."""


def write_model(folder: Path, weight: float = 1.0) -> Path:
    """Write model.onnx and tokenizer.json into a new folder. `weight` is that of known words."""
    folder.mkdir(parents=True)
    words = [*(word for group in GROUPS for word in group), STUCK, BROKEN]
    vectors = np.zeros((len(words), len(GROUPS)), np.float32)
    for axis, group in enumerate(GROUPS):
        for word in group:
            vectors[words.index(word), axis] = weight if axis else 0.1
    vectors[words.index(STUCK)], vectors[words.index(BROKEN)] = 1, np.nan
    trips = np.where(np.array(words) == STUCK, TRIPS, 0)
    (folder / "model.onnx").write_bytes(_make_model(vectors, trips))
    tokenizer: dict[str, object] = {
        "version": "1.0",
        "added_tokens": [],
        "truncation": None,
        "padding": None,
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "unk_token": "[UNK]",
            "vocab": {word: number for number, word in enumerate(words)},
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return folder


def _make_model(vectors: NDArray[np.float32], trips: NDArray[np.int64]) -> bytes:
    """Return a model that looks up the vector of each token, and loops as often as they say."""
    body = [
        _field(1, _node("Identity", ["going"], "still")),
        _field(1, _node("Identity", ["vectors"], "same")),
        _field(2, b"body"),
        _field(11, _value("step", INT64)),
        _field(11, _value("going", BOOL)),
        _field(11, _value("vectors", FLOAT, *TOKENS)),
        _field(12, _value("still", BOOL)),
        _field(12, _value("same", FLOAT, *TOKENS)),
    ]
    loop = _field(1, b"body") + _field(6, b"".join(body)) + _number(20, 5)
    sum_all = _field(1, b"keepdims") + _number(3, 0) + _number(20, 2)
    graph = [
        _field(1, _node("Gather", ["table", "input_ids"], "looked_up")),
        _field(1, _node("Gather", ["trips", "input_ids"], "trips_of_tokens")),
        _field(1, _node("ReduceSum", ["trips_of_tokens"], "all_trips", sum_all)),
        _field(1, _node("Loop", ["all_trips", "always", "looked_up"], "last_hidden_state", loop)),
        _field(2, b"tiny"),
        _field(5, _tensor("table", FLOAT, vectors)),
        _field(5, _tensor("trips", INT64, trips)),
        _field(5, _tensor("always", BOOL, np.array(True))),
        _field(11, _value("input_ids", INT64, *TOKENS[:2])),
        _field(12, _value("last_hidden_state", FLOAT, *TOKENS)),
    ]
    return _number(1, 8) + _field(8, _number(2, 13)) + _field(7, b"".join(graph))


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*data, value])


def _number(tag: int, value: int) -> bytes:
    return _varint(tag << 3) + _varint(value)


def _field(tag: int, value: bytes) -> bytes:
    return _varint(tag << 3 | 2) + _varint(len(value)) + value


def _node(kind: str, inputs: list[str], output: str, attribute: bytes = b"") -> bytes:
    names = b"".join(_field(1, each.encode()) for each in inputs) + _field(2, output.encode())
    return names + _field(4, kind.encode()) + (_field(5, attribute) if attribute else b"")


def _value(name: str, kind: int, *axes: str) -> bytes:
    shape = b"".join(_field(1, _field(2, each.encode())) for each in axes)
    tensor = _number(1, kind) + _field(2, shape)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _tensor(name: str, kind: int, array: NDArray[np.generic]) -> bytes:
    shape = b"".join(_number(1, each) for each in array.shape)
    return shape + _number(2, kind) + _field(8, name.encode()) + _field(9, array.tobytes())
