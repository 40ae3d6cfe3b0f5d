"""MARC-in-JSON and similar formats: a list of records, one per line, or records in an object.

A field is an object that has its tag as the key or under `tag`.
"""

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

NAMES = ("marc-json", "unimarc-json")
SUFFIXES: tuple[str, ...] = (".json", ".ndjson")
"""Usual suffixes of MARC-in-JSON files."""

_SIGN = re.compile(r'[{\[](?=.*"\d{3}")(?=.*"subfields"\s*:)', re.DOTALL)
_TOKEN = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(\s*+:)?|[\[\]{}]', re.DOTALL)


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of tags and subfields."""
    is_marc = _SIGN.match(decode_head(head).lstrip())
    return Evidence(96, "it has MARC fields in JSON") if is_marc else None


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
    """Return the path of the first object with a leader or fields."""
    open_values: list[str] = []
    for token in _TOKEN.finditer(head):
        if token[0] in b"{[":
            open_values.append(ANY if token[0] == b"[" else "")
        elif token[0] in b"}]":
            del open_values[-1:]
        elif token[2] and open_values:
            if token[1] in (b"leader", b"fields"):
                return tuple(open_values[:-1])
            open_values[-1] = token[1].decode("utf-8", "replace")
    return ()


def _list_fields(record: Any) -> Iterator[Field]:  # noqa: ANN401 any JSON value
    """Yield the fields of a record. Other members of the object become control fields."""
    if not isinstance(record, dict):
        return
    for key, value in record.items():
        if key != "fields":
            yield make_control_field(LEADER if key == "leader" else key, _as_text(value))
            continue
        for field in _as_list(value):
            if isinstance(field, dict) and "tag" in field:
                yield _read_field(str(field["tag"]), field)
            elif isinstance(field, dict):
                for tag, contents in field.items():
                    for content in _as_list(contents):
                        yield _read_field(tag, content)


def _read_field(tag: str, content: object) -> Field:
    """Return the field of an object or a text."""
    if isinstance(content, dict) and isinstance(content.get("data"), dict):
        content = content["data"]
    if not isinstance(content, dict) or "subfields" not in content:
        return make_control_field(tag, _as_text(content))
    first, second = (_as_text(content.get(key)) or " " for key in ("ind1", "ind2"))
    pairs = tuple(pair for part in _as_list(content["subfields"]) for pair in _read_subfields(part))
    return Field(tag, first[0] + second[0], pairs)


def _read_subfields(subfield: object) -> Iterator[tuple[str, str]]:
    """Yield the codes and values of an object: `{"a": …}` or `{"code": "a", "value": …}`."""
    if isinstance(subfield, dict) and isinstance(subfield.get("code"), str):
        yield subfield["code"][:1] or "?", _as_text(subfield)
    elif isinstance(subfield, dict):
        for code, values in subfield.items():
            for value in _as_list(values):
                yield code[:1] or "?", _as_text(value)


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _as_text(value: object) -> str:
    """Return a text or a number as text, or that of the value in an object. Others are empty."""
    if isinstance(value, dict):
        value = value.get("value", value.get("data"))
    return "" if value is None or isinstance(value, (dict, list)) else str(value)
