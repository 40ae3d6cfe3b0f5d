"""Read the records of a stream of YAML one by one. At most one item of a sequence is in memory.

Each item of a sequence is read on its own, so that a mistake costs one item. An alias can only
refer to the item that it is in. Tags are ignored, so no Python object is ever constructed. A plain
scalar stays text: `no` is a language, and 2014-04 is a date.
"""

import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import yaml

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.base import HEAD_BYTES
from indexer.readers.json_records.outline import (
    SAMPLES,
    Outline,
    find_path,
    has_title,
    iterate_records,
)
from indexer.readers.json_records.stream import Value
from indexer.readers.text.encodings import decode_text
from indexer.readers.text.streaming import split_at, unify_newlines

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that YAML forbids."""
_START = re.compile(
    r"(?:%YAML[^\n]*\n|\s*#[^\n]*\n|\s*\n)*+(?:---|- |-\n|[\"'A-Za-z@_][^\n:]{0,80}:(?:\s|$))"
)
_ITEM = re.compile(rb"[ ]*-(?=\s|\Z)")
_MARK = re.compile(rb"(?:---|\.\.\.)(?=\s|\Z)")
_EMPTY = re.compile(rb"[ \t]*(?:#.*|%.*)?\Z")
_SUFFIXES = (".yaml", ".yml", ".cff")
_MERGE = "<<"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C if PyYAML has it. It is 10 times faster."""


def read_yaml_outline(filename: str, head: bytes) -> Outline | None:
    """Return the outline of a YAML file, or None if its start has no objects with titles.

    A single flat object needs a file name of YAML, because many kinds of text have lines such as
    `Title: Tides`. One of them is a Markdown page, which starts with such lines.
    """
    if not _START.match(head.decode(errors="replace")):
        return None
    if len(head) >= HEAD_BYTES:  # the last item may be cut
        head = head[: max(head.rfind(b"\n- "), head.rfind(b"\n  - "), 0) or None]
    values = []
    for item in islice(read_yaml(iter([head]), filename, Limits()), SAMPLES):
        if isinstance(item, Problem) or not isinstance(item.value, dict):
            return None
        values.append(item.value)
    if len(values) == 1 and not filename.lower().endswith(_SUFFIXES):
        nested = (isinstance(value, (dict, list)) for value in values[0].values())
        values = values if any(nested) else []
    return Outline((), tuple(values)) if any(map(has_title, values)) else None


def read_yaml(blocks: Iterator[bytes], file: str, limits: Limits) -> Iterator[Value | Problem]:
    """Yield the records of a UTF-8 stream: the items of sequences, or those in a mapping."""
    lines = split_at(b"\n", unify_newlines(blocks), limits.largest_file, limits)
    for number, is_item, part in _split(lines, limits):
        if part is None:
            most = limits.largest_line if is_item else limits.largest_file
            message = f"the record has more than {most} bytes"
            yield Problem(file, number, message, suggest_raising("largest_line"))
            continue
        text, problem = decode_text(b"\n".join(part), file, number)
        if problem:
            yield problem
        try:
            value = load_yaml(text, limits)
        except YamlError as error:
            line, hint = number + error.line, "Correct it. The record was left out"
            yield Problem(file, line, f"this is not YAML: {error}", hint)
            continue
        path = () if is_item else find_path(value)
        listed = value if isinstance(value, list) else [value]
        records = iterate_records(value, path) if path else listed
        yield from (Value(record, number, len(text)) for record in records if record is not None)


def _split(
    lines: Iterator[bytes | None], limits: Limits
) -> Iterator[tuple[int, bool, list[bytes] | None]]:
    """Yield the items of sequences, and the documents that are not sequences.

    Each has its first line, whether it is an item, and its lines, or None if it is too long.
    """
    start, size, most, dash, part = 0, 0, 0, b"", list[bytes]()
    for number, line in enumerate(chain(lines, (b"...",)), 1):
        text = line or b""
        item, mark = _ITEM.match(text), _MARK.match(text)
        if start and (mark or (item and item[0] == dash)):
            yield start, dash != b"", part if size <= most else None
            start = 0
        if mark:
            text, item = text[3:], None  # a value may follow the mark
        if not start:
            if line is not None and _EMPTY.match(text):
                continue
            start, size, part = number, 0, []
            dash = item[0] if item else b""
            most = limits.largest_line if item else limits.largest_file
        size += most + 1 if line is None else len(text)
        if size <= most:
            part.append(text)


class YamlError(ValueError):
    """A text is not usable as YAML. `line`: the lines before the mistake."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def load_yaml(text: str, limits: Limits) -> Any:  # noqa: ANN401 any JSON value
    """Return the value of a document. Raise YamlError."""
    try:
        node = yaml.compose(_FORBIDDEN.sub("\ufffd", text), Loader=_LOADER)
        return _build(node, limits, {})[0] if node else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        parts = (getattr(error, "context", None), getattr(error, "problem", None))
        message = ", ".join(filter(None, parts)) or str(error)
        raise YamlError(message, mark.line if mark else 0) from None
    except RecursionError:
        raise YamlError(f"it is nested deeper than {limits.deepest}") from None


def _build(node: Any, limits: Limits, built: dict[int, Any], depth: int = 0) -> tuple[Any, int]:  # noqa: ANN401 PyYAML has no types
    """Return the value of a node, and the characters and values in it. Raise YamlError.

    An alias counts with the size of its value, so that a few aliases can't become gigabytes.
    `built`: what is built already, by the id of the node, and None for what contains the node.
    """
    if isinstance(node, yaml.ScalarNode):
        is_null = node.style in {None, ""} and node.value in _NULLS
        return None if is_null else node.value, 1 + len(node.value)
    if id(node) in built:
        if built[id(node)] is None:
            raise YamlError("an alias refers to what contains it")
        value, weight = built[id(node)]
        return value, weight
    if depth == limits.deepest:
        raise YamlError(f"lists and mappings are nested deeper than {depth}")
    built[id(node)] = None
    result: list[Any] | dict[str, Any] = []
    if isinstance(node, yaml.SequenceNode):
        parts = [_build(part, limits, built, depth + 1) for part in node.value]
        result = [value for value, _ in parts]
    else:
        pairs = [[_build(part, limits, built, depth + 1) for part in pair] for pair in node.value]
        parts = [part for pair in pairs for part in pair]
        stated = {key if isinstance(key, str) else "?": value for (key, _), (value, _) in pairs}
        merged = stated.pop(_MERGE, None)
        result = merged | stated if isinstance(merged, dict) else stated
    weight = 1 + sum(weight for _, weight in parts)
    if weight > limits.largest_file:
        raise YamlError(f"it has more than {limits.largest_file} characters")
    built[id(node)] = result, weight
    return result, weight
