"""Generic reader of JSON and YAML formats, configured by the table `[json]` of a definition.

A file has one record, a list of records, an object with records at some path, a table, or a record
per line. `outline` determines the structure, `splitter` splits the file, and `flattening` makes
properties.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BufferedIOBase
from itertools import chain, islice
from typing import Any

import msgspec

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, detect_by_name
from indexer.readers.chunks import Chunk, parse_chunks
from indexer.readers.definition import Definition
from indexer.readers.json_records.decoding import Context, decode_context, decode_record
from indexer.readers.json_records.flattening import Shape, TooLarge, flatten
from indexer.readers.json_records.linked_data import Graph, remove_prefixes
from indexer.readers.json_records.outline import (
    Outline,
    has_title,
    is_json,
    is_titled,
    read_outline,
)
from indexer.readers.json_records.splitter import Piece, split_records
from indexer.readers.json_records.yaml_splitter import read_yaml_outline, split_yaml
from indexer.readers.text.encodings import guess_encoding, unify_encoding
from indexer.readers.text.streaming import LimitExceeded, read_blocks, split_at

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
        outline = self._read_outline(
            filename, b"".join(unify_encoding(iter([head]), guess_encoding))
        )
        if outline is None:
            return None
        samples = [self._prepare(sample) for sample in outline.samples]
        for rule in self._options.evidence:
            if any(rule.fits(sample) for sample in samples):
                return Evidence(rule.score, rule.reason)
        return None

    def _read_outline(self, filename: str, head: bytes) -> Outline | None:
        outline = read_outline(head)
        if outline is None and self._options.yaml and not is_json(head):
            outline = read_yaml_outline(filename, head)
        return outline

    def read(
        self, stream: BufferedIOBase, file: str, limits: Limits
    ) -> Iterator[SourceRecord | Problem]:
        """Yield the records of a file, in order."""
        return parse_chunks(self.split_chunks(stream, file, limits), self.parse, limits)

    def split_chunks(
        self, stream: BufferedIOBase, file: str, limits: Limits
    ) -> Iterator[Chunk | Problem]:
        """Yield the records of a file in order, and a Problem for one that is too large."""
        line = 0
        try:
            for number, piece in enumerate(self._split(stream, limits)):
                line = piece.line
                if number == limits.most_entries:
                    raise LimitExceeded(f"{number} records", "most_entries")
                yield _make_chunk(piece, file, limits)
        except LimitExceeded as error:
            yield error.describe(file, line)

    def _split(self, stream: BufferedIOBase, limits: Limits) -> Iterator[Piece]:
        blocks = unify_encoding(read_blocks(stream, limits), guess_encoding)
        head, rest = _take(blocks, HEAD)
        blocks = filter(None, chain((head, rest), blocks))
        outline = read_outline(head)
        if outline is None and self._options.yaml and not is_json(head):
            yield from split_yaml(blocks, limits)
        elif outline and outline.is_lines:
            lines = split_at(b"\n", blocks, limits.largest_line)
            for number, line in enumerate(lines, start=1):
                if line is None or line.strip(b" \t\r\x1e"):
                    yield Piece(line, number)
        else:
            # A file with one record may have the size of any file that is read whole.
            is_one = outline is not None and not outline.path and head.lstrip()[:1] == b"{"
            size = limits.largest_file if is_one else limits.largest_line
            path = outline.path if outline else ()
            pieces = split_records(blocks, path, size)
            if outline and outline.columns:
                rows = islice(pieces, int(outline.is_headed), None)
                yield from (row._replace(columns=outline.columns) for row in rows)
            else:
                yield from Graph(limits).resolve(pieces) if self._options.graph else pieces

    def parse(self, chunk: Chunk, limits: Limits) -> Iterator[SourceRecord | Problem]:
        """Yield the record of a chunk, and a Problem if it is not usable or bytes were replaced."""
        source = SourceLocation(chunk.file, chunk.line)
        record, problem = decode_record(chunk, limits)
        if problem:
            yield problem
        if record is None:
            return
        record = self._prepare(record)
        if any(record.get(key) for key in self._options.parts):
            return
        if record and (key := decode_context(chunk.context).key):
            record = {"key": key} | record
        try:
            properties = flatten(record, self._options, limits)
        except TooLarge as error:
            yield Problem(chunk.file, chunk.line, f"the record is too large: {error}",
                          suggest_raising(error.limit))  # fmt: skip
            return
        if properties:
            yield SourceRecord(source, properties)

    def _prepare(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record without namespaces, and with the keys of lifted objects."""
        if self._options.prefixes:
            record = remove_prefixes(record, self._options.prefixes)
        for key in self._options.lift:
            inner = record.get(key)
            if not isinstance(inner, dict):
                continue
            if self._options.lift_titled and (has_title(record) or not is_titled(inner)):
                continue
            record = _lift(record, key, inner)
        return record


def _take(blocks: Iterator[bytes], size: int) -> tuple[bytes, bytes]:
    """Return the first `size` bytes of a stream, and the bytes read after them."""
    data = bytearray()
    for block in blocks:
        data += block
        if len(data) >= size:
            break
    return bytes(data[:size]), bytes(data[size:])


def _lift(record: dict[str, Any], key: str, inner: dict[str, Any]) -> dict[str, Any]:
    """Return a record with the values of an inner object.

    A value that conflicts with one of the record keeps its path.
    """
    outer = {name: value for name, value in record.items() if name != key}
    rest = {name: value for name, value in inner.items()
            if name in outer and outer[name] != value}  # fmt: skip
    return inner | outer | ({key: rest} if rest else {})


def _make_chunk(piece: Piece, file: str, limits: Limits) -> Chunk | Problem:
    if piece.problem:
        return Problem(file, piece.line, *piece.problem)
    if piece.data is None:
        message = f"the record has more than {limits.largest_line} bytes"
        return Problem(file, piece.line, message, suggest_raising("largest_line"))
    if piece.is_cut:
        hint = "Create or copy the file again. This record was left out"
        return Problem(file, piece.line, "the file ends within a record", hint)
    context = msgspec.json.encode(Context(piece.key, piece.columns))
    return Chunk(piece.data, file, piece.line, context)


def _look_up(value: object, path: str) -> list[object]:
    """Return the values at a dotted path. Lists add nothing to the path."""
    values = value if isinstance(value, list) else [value]
    for key in path.split("."):
        parts = [value[key] for value in values if isinstance(value, dict) and key in value]
        values = [
            item for part in parts for item in (part if isinstance(part, list) else [part])
            if item not in (None, "", {}, [])
        ]  # fmt: skip
    return values
