"""Split a stream of YAML into records, as JSON. At most one record of a sequence is in memory.

Tags are ignored, so no Python object is ever constructed. A plain scalar stays text: `no` is a
language, and 2014-04 is a date. An alias counts with the size of its value, so that a few aliases
cannot become gigabytes.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec
import yaml

from indexer.catalogue.limits import Limits
from indexer.readers.base import HEAD_BYTES
from indexer.readers.json_records.outline import (
    SAMPLES,
    Outline,
    find_path,
    has_title,
    iterate_records,
)
from indexer.readers.json_records.splitter import Piece

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that YAML forbids."""
_START = re.compile(
    r"(?:%YAML[^\n]*\n|\s*#[^\n]*\n|\s*\n)*+(?:---|- |-\n|[\"'A-Za-z@_][^\n:]{0,80}:(?:\s|$))"
)
_SUFFIXES = (".yaml", ".yml", ".cff")
_MERGE = "<<"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C if PyYAML has it. It is 10 times faster."""


@dataclass
class _Node:
    """An open sequence or mapping. `key` is the key whose value comes next.

    `weight`: the characters and values in it, with those of its aliases.
    """

    value: list[Any] | dict[str, Any]
    anchor: str | None
    line: int
    weight: int = 1
    key: str | None = None


class _Text:
    """A text stream for the parser. U+FFFD replaces forbidden characters."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, ""
        self._decoder = getincrementaldecoder("utf-8")(errors="replace")

    def read(self, size: int) -> str:
        """Return up to `size` characters, or an empty string at the end."""
        while not self._rest and (block := next(self._blocks, b"")):
            self._rest = _FORBIDDEN.sub("\ufffd", self._decoder.decode(block))
        text, self._rest = self._rest[:size], self._rest[size:]
        return text


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
    for piece in islice(split_yaml(iter([head]), Limits()), SAMPLES):
        value = msgspec.json.decode(piece.data) if piece.data else None
        if piece.problem or not isinstance(value, dict):
            return None
        values.append(value)
    if len(values) == 1 and not filename.lower().endswith(_SUFFIXES):
        nested = (isinstance(value, (dict, list)) for value in values[0].values())
        values = values if any(nested) else []
    return Outline(False, (), tuple(values)) if any(map(has_title, values)) else None


def split_yaml(blocks: Iterator[bytes], limits: Limits) -> Iterator[Piece]:
    """Yield the records of a UTF-8 stream as JSON objects."""
    splitter = _Splitter(limits)
    try:
        for event in yaml.parse(_Text(blocks), Loader=_LOADER):
            yield from splitter.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = str(getattr(error, "problem", None) or getattr(error, "reason", error))
        hint = "Correct that line. The rest of the file was left out"
        line = mark.line + 1 if mark else splitter.line
        yield Piece(None, line, problem=(f"this is not YAML: {problem}", hint))


class _Splitter:
    """Builds records from the events of a parser."""

    def __init__(self, limits: Limits) -> None:
        self.line = 1
        self._limits = limits
        self._stack: list[_Node] = []
        self._anchors: dict[str, tuple[Any, int] | None] = {}
        self._anchored = 0
        self._unusable: tuple[str, str] | None = None

    def take(self, event: Any) -> Iterator[Piece]:  # noqa: ANN401 PyYAML has no types
        """Process an event. Yield the records that end with it."""
        self.line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._anchors, self._anchored = {}, 0
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            value: list[Any] | dict[str, Any] = (
                [] if isinstance(event, yaml.SequenceStartEvent) else {}
            )
            if event.anchor:
                self._anchors[event.anchor] = None  # an alias cannot refer to it before it ends
            self._stack.append(_Node(value, event.anchor, self.line))
            if len(self._stack) > self._limits.deepest + 1:
                self._reject(f"lists and mappings are nested deeper than {self._limits.deepest}")
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            node = self._stack.pop()
            yield from self._add(node.value, node.weight, node.anchor, node.line)
        elif isinstance(event, yaml.ScalarEvent):
            is_null = event.implicit[0] and event.value in _NULLS
            value_or_null = None if is_null else event.value
            yield from self._add(value_or_null, 1 + len(event.value), event.anchor, self.line)
        elif isinstance(event, yaml.AliasEvent):
            yield from self._add(*self._look_up(event.anchor), None, self.line)

    def _look_up(self, anchor: str) -> tuple[Any, int]:
        target = self._anchors.get(anchor)
        if target is None:
            self._reject(f"the alias *{anchor} refers to nothing, or to what contains it")
            return None, 1
        return target

    def _reject(self, message: str) -> None:
        self._unusable = self._unusable or (message, "Correct it. The record was left out")

    def _add(self, value: Any, weight: int, anchor: str | None, line: int) -> Iterator[Piece]:  # noqa: ANN401
        """Add a value to its parent, or yield it if it is a record."""
        if anchor:
            self._anchored += weight
            if self._anchored <= self._limits.largest_file:
                self._anchors[anchor] = (value, weight)
        if len(self._stack) == 1 and isinstance(self._stack[0].value, list):
            yield from self._make_pieces(value, line)
        elif not self._stack:
            if value not in ([], None):
                yield from self._make_pieces(value, line)
        else:
            self._put(self._stack[-1], value, weight)

    def _put(self, node: _Node, value: Any, weight: int) -> None:  # noqa: ANN401
        node.weight += weight
        if node.weight > self._limits.largest_file:
            self._reject(f"it has more than {self._limits.largest_file} characters")
            return
        if isinstance(node.value, list):
            node.value.append(value)
        elif node.key is None:
            node.key = value if isinstance(value, str) else str(value)[:100]
        else:
            if node.key == _MERGE and isinstance(value, dict):
                node.value = value | node.value
            else:
                node.value[node.key] = value
            node.key = None

    def _make_pieces(self, value: Any, line: int) -> Iterator[Piece]:  # noqa: ANN401
        """Yield a top-level value as a record, or the records in a top-level mapping of records."""
        problem, self._unusable = self._unusable, None
        if problem:
            yield Piece(None, line, problem=problem)
            return
        is_mapping = isinstance(value, dict) and not self._stack
        path = find_path(value) if is_mapping else ()
        for record in iterate_records(value, path) if path else [value]:
            yield Piece(msgspec.json.encode(record), line)
