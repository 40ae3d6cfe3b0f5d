"""MARC-in-JSON and similar formats: a list of records, one per line, or records in an object.

A field is an object that has its tag as the key or under `tag`. In Catmandu's form it is a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BufferedIOBase
from typing import Any

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from indexer.readers.base import HEAD_BYTES, Evidence
from indexer.readers.formats.marc.record import LEADER, Field, Record, make_control_field
from indexer.readers.json_records.stream import ANY, read_values
from indexer.readers.text.encodings import decode_head, guess_encoding, unify_encoding
from indexer.readers.text.streaming import peek, read_blocks

NAME = "marc-json"
SUFFIXES: tuple[str, ...] = (".json", ".ndjson")
"""Usual suffixes of MARC-in-JSON files."""

_RECORD_KEY = re.compile(rb'"(?:leader|fields|controlfields?|datafields?)"\s*:')
_SUBFIELDS = re.compile(rb'"(?:subfields?|datafields?)"\s*:')
_LISTED = re.compile(rb'\[\s*"(?:LDR|\d{3})"\s*,\s*(?:null|"[^"]?")\s*,\s*(?:null|"[^"]?")\s*,\s*"')
_TAG = re.compile(rb'"(\d{3})"')
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"(\s*+:)?|[\[\]{}]', re.DOTALL)
_LISTS = ("fields", "controlfield", "controlfields", "datafield", "datafields", "record")
"""Keys of the fields in a record."""
_VALUES = ("value", "data", "content", "$t", "#text")
"""Keys of the value of a field or subfield."""


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of a leader and fields."""
    start = decode_head(head).encode().lstrip()
    if start[:1] not in (b"{", b"["):
        return None
    if b'"leader"' in start and _SUBFIELDS.search(start):
        return Evidence(96, "it has MARC fields in JSON")
    if _TAG.search(start) and b'"subfields"' in start:
        return Evidence(90, "it has MARC subfields in JSON")
    if _LISTED.search(start):
        return Evidence(90, "it has MARC fields as lists in JSON")
    return None


def find_tags(head: bytes) -> set[bytes]:
    """Return the tags of fields in the start of a file."""
    return set(_TAG.findall(decode_head(head).encode()))


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Record | Problem]:
    """Yield the records of a file."""
    blocks = unify_encoding(read_blocks(stream, limits), guess_encoding)
    first, blocks = peek(blocks, HEAD_BYTES, len)
    for item in read_values(blocks, _find_path(b"".join(first)), file, limits):
        if isinstance(item, Problem):
            yield item
        else:
            yield Record(item.line, list(_list_fields(item.value)))


def _find_path(head: bytes) -> tuple[str, ...]:
    """Return the path of the first object with a key of a record."""
    is_listed = _LISTED.search(head) is not None
    open_values: list[str] = []
    for token in _TOKEN.finditer(head):
        text = token[0]
        if text in b"{[":
            open_values.append(ANY if text == b"[" else "")
        elif text in b"}]":
            del open_values[-1:]
        elif token[1] and open_values:
            if _RECORD_KEY.match(text) or (is_listed and text.startswith(b'"record"')):
                return tuple(open_values[:-1])
            open_values[-1] = text[1 : text.rindex(b'"')].decode("utf-8", "replace")
    return ()


def _list_fields(record: Any) -> Iterator[Field]:  # noqa: ANN401 any JSON value
    """Yield the fields of a record. Other members of the object become control fields."""
    if not isinstance(record, dict):
        return
    yield make_control_field(LEADER, _as_text(record.get("leader")))
    for key in _LISTS:
        yield from _read_fields(record.get(key))
    for key, value in record.items():
        if key not in (*_LISTS, "leader"):
            yield make_control_field(key, _as_text(value))


def _read_fields(value: object) -> Iterator[Field]:
    """Yield the fields in a list of fields, or in an object of them by tag."""
    if isinstance(value, dict) and "tag" not in value:
        value = [{tag: item} for tag, items in value.items() for item in _as_list(items)]
    for field in _as_list(value):
        if isinstance(field, list):
            yield from _read_listed(field)
        elif isinstance(field, dict) and "tag" in field:
            yield _read_field(str(field["tag"]), field)
        elif isinstance(field, dict):
            for tag, contents in field.items():
                for content in _as_list(contents):
                    yield _read_field(tag, content)


def _read_listed(field: list[Any]) -> Iterator[Field]:
    """Yield the field of a list: tag, two indicators, then alternating codes and values."""
    if len(field) < 5:
        return
    tag, first, second, *rest = [_as_text(item) for item in field]
    pairs = tuple(zip(rest[::2], rest[1::2], strict=False))
    if pairs[0][0] == "_":
        yield make_control_field(tag, pairs[0][1])
    else:
        yield Field(tag, f"{first or ' ':1.1}{second or ' ':1.1}", pairs)


def _read_field(tag: str, content: object) -> Field:
    """Return the field of an object or a text."""
    if isinstance(content, dict) and isinstance(content.get("data"), dict):
        content = content["data"]
    if not isinstance(content, dict):
        return make_control_field(tag, _as_text(content))
    subfields = content.get("subfields", content.get("subfield"))
    if subfields is None:
        return make_control_field(tag, _read_value(content))
    joined = _as_text(content.get("indicators", content.get("ind"))) or "  "
    indicators = f"{_as_text(content.get('ind1')) or joined[:1]:1.1}"
    indicators += f"{_as_text(content.get('ind2')) or joined[1:2]:1.1}"
    pairs = tuple(pair for subfield in _as_list(subfields) for pair in _read_subfields(subfield))
    return Field(tag, indicators, pairs)


def _read_subfields(subfield: object) -> Iterator[tuple[str, str]]:
    """Yield the codes and values of an object: `{"a": …}` or `{"code": "a", "value": …}`."""
    if not isinstance(subfield, dict):
        yield "?", _as_text(subfield)
    elif isinstance(subfield.get("code"), str) and len(subfield) > 1:
        yield subfield["code"][:1] or "?", _read_value(subfield)
    else:
        for code, values in subfield.items():
            for value in _as_list(values):
                yield code[:1] or "?", _as_text(value)


def _read_value(content: dict[str, Any]) -> str:
    return next((_as_text(content[key]) for key in _VALUES if key in content), "")


def _as_list(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _as_text(value: object) -> str:
    """Return a text or a number as text. Return an empty string for any other value."""
    return "" if value is None or isinstance(value, (dict, list)) else str(value)
