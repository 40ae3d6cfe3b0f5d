"""Generic reader of JSON and YAML formats, configured by the table `[json]` of a definition.

A file has one record, a list of records, an object with records at some path, or a record per line.
`outline` finds the path, `stream` and `yaml_stream` read the records there, and `flattening` makes
properties.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BufferedIOBase
from typing import Any

import msgspec

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, LimitExceeded, detect_by_name
from indexer.readers.definition import Definition
from indexer.readers.json_records.flattening import Shape, flatten
from indexer.readers.json_records.linked_data import Graph, remove_prefixes
from indexer.readers.json_records.outline import has_title, is_json, is_titled, read_outline
from indexer.readers.json_records.stream import Value, read_values
from indexer.readers.json_records.yaml_stream import read_yaml, read_yaml_outline
from indexer.readers.text.encodings import guess_encoding, unify_encoding
from indexer.readers.text.streaming import peek, read_blocks

HEAD = 1 << 20
"""Bytes at the start of a file from which the path of its records is guessed."""


class EvidenceRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule that recognizes a format by the keys and values of a record.

    `all`: paths that the record must have. `any`: paths of which it must have at least one. `none`:
    paths that it must not have. `values`: by path, the values of which it must have one.
    """

    score: int
    reason: str
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    values: dict[str, frozenset[str]] = {}

    def fits(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record satisfies the rule."""
        return (
            all(_look_up(record, path) for path in self.all)
            and not any(_look_up(record, path) for path in self.none)
            and (not self.any or any(_look_up(record, path) for path in self.any))
            and all(
                not allowed.isdisjoint(map(str, _look_up(record, path)))
                for path, allowed in self.values.items()
            )
        )


class Options(Shape, frozen=True, forbid_unknown_fields=True):
    """The `[json]` table of a definition.

    `evidence`: rules; the first one that fits gives the evidence. `lift`: keys of inner objects
    with the metadata; their keys become keys of the record. `lift_titled`: lift an inner object
    only if it has a title and the record has none. `parts`: a record with one of these keys is a
    part of another record, and is left out. `prefixes`: namespaces that are removed from keys.
    `graph`: records are nodes of linked data that refer to each other. `yaml`: a file may be YAML.
    """

    evidence: tuple[EvidenceRule, ...] = ()
    lift: tuple[str, ...] = ()
    lift_titled: bool = False
    parts: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    graph: bool = False
    yaml: bool = False


class JsonRecords:
    """The reader of one JSON format; see `indexer.readers.base.Reader` for its members."""

    def __init__(self, definition: Definition) -> None:
        self.NAME = definition.name
        self.SUFFIXES = definition.suffixes
        self.FIELDS: Mapping[str, tuple[str, ...]] = definition.fields
        self._options = msgspec.convert(definition.json, Options)

    def detect(self, filename: str, head: bytes) -> Evidence | None:
        """Return the evidence of the first records, or of the name if the file is empty."""
        if not head:
            return detect_by_name(filename, self.SUFFIXES)
        unified = b"".join(unify_encoding(iter([head]), guess_encoding))
        outline = read_outline(unified)
        if outline is None and self._options.yaml and not is_json(unified):
            outline = read_yaml_outline(filename, unified)
        samples = [self._prepare(sample) for sample in outline.samples] if outline else []
        for rule in self._options.evidence:
            if any(rule.fits(sample) for sample in samples):
                return Evidence(rule.score, rule.reason)
        return None

    def read(
        self, stream: BufferedIOBase, file: str, limits: Limits
    ) -> Iterator[SourceRecord | Problem]:
        """Yield the records of a file in order, and a Problem for each part that is not usable."""
        blocks = unify_encoding(read_blocks(stream, limits), guess_encoding)
        first, blocks = peek(blocks, HEAD, len)
        head = b"".join(first)[:HEAD]
        outline = read_outline(head)
        if outline is None and self._options.yaml and not is_json(head):
            values = read_yaml(blocks, file, limits)
        else:
            path = outline.path if outline else ()
            # A file with one record may have the size of any file that is read whole.
            is_one = outline is not None and not path and head.lstrip()[:1] == b"{"
            size = limits.largest_file if is_one else limits.largest_line
            values = read_values(blocks, path, file, limits, size)
            values = Graph(limits).resolve(values) if self._options.graph else values
        for item in values:
            record = item if isinstance(item, Problem) else self._make_record(item, file, limits)
            if record:
                yield record

    def _make_record(self, item: Value, file: str, limits: Limits) -> SourceRecord | Problem | None:
        """Return the record of a value, a Problem if it is not usable, or None if it is empty."""
        if not isinstance(item.value, dict):
            hint = "Write {...} with the values by name. The record was left out"
            return Problem(file, item.line, "the record is not a JSON object", hint)
        record = self._prepare(item.value)
        if any(record.get(key) for key in self._options.parts):
            return None
        if record and item.key:
            record = {"key": item.key} | record
        try:
            properties = flatten(record, self._options, limits)
        except LimitExceeded as error:
            hint = suggest_raising(error.limit)
            return Problem(file, item.line, f"the record is too large: {error}", hint)
        return SourceRecord(SourceLocation(file, item.line), properties) if properties else None

    def _prepare(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record without namespaces, and with the keys of lifted objects.

        A value of a lifted object that conflicts with one of the record keeps its path.
        """
        if self._options.prefixes:
            record = remove_prefixes(record, self._options.prefixes)
        for key in self._options.lift:
            inner = record.get(key)
            if not isinstance(inner, dict):
                continue
            if self._options.lift_titled and (has_title(record) or not is_titled(inner)):
                continue
            outer = {name: value for name, value in record.items() if name != key}
            rest = {name: value for name, value in inner.items()
                    if name in outer and outer[name] != value}  # fmt: skip
            record = inner | outer | ({key: rest} if rest else {})
        return record


def _look_up(value: object, path: str) -> list[object]:
    """Return the values at a dotted path. Lists add nothing to the path."""
    values = [value]
    for key in path.split("."):
        parts = [value[key] for value in values if isinstance(value, dict) and key in value]
        values = [
            item for part in parts for item in (part if isinstance(part, list) else [part])
            if item not in (None, "", {}, [])
        ]  # fmt: skip
    return values
