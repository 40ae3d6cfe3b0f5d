"""JSON Lines reader: one object per line, with the names of fields as keys.

A key is the name of a property. A value is a string, a number, an object such as
`{"url": "https://...", "label": "...", "language": "..."}`, or a list of these. The values in any
other object have dotted names. `id` is the id of the entry, and `lang` the language of its texts.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from io import BufferedIOBase

import msgspec

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, LimitExceeded, detect_by_name
from indexer.readers.json_records.flattening import Flattener, Shape
from indexer.readers.json_records.stream import is_too_deep, report_depth
from indexer.readers.text.encodings import decode_text
from indexer.readers.text.streaming import read_blocks, split_at

NAME = "jsonl"
FIELDS: Mapping[str, tuple[str, ...]] = {}
SUFFIXES: tuple[str, ...] = (".jsonl",)
"""Usual suffixes of JSON Lines files."""
_OWN_NAME = 50
"""Score of a JSON object in a file with this format's suffix."""


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of a file name. An object at its start raises the score."""
    named = detect_by_name(filename, SUFFIXES)
    if named and head.removeprefix(BOM_UTF8).lstrip().startswith(b"{"):
        return Evidence(_OWN_NAME, f"{named.reason} and its first line is an object")
    return named


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the object on each line as an entry, or a Problem if the line is not usable.

    The key `id` is the id of the entry. `lang` is the language of all values except links.
    """
    lines = split_at(b"\n", read_blocks(stream, limits), limits.largest_line, limits)
    for number, line in enumerate(lines, 1):
        if line is None:
            message = f"the line has more than {limits.largest_line} bytes"
            yield Problem(file, number, message, suggest_raising("largest_line"))
        elif line and not line.isspace():
            text, problem = decode_text(line, file, number)
            if problem:
                yield problem
            yield _read_line(text.removeprefix("\ufeff"), SourceLocation(file, number), limits)


def _read_line(line: str, source: SourceLocation, limits: Limits) -> SourceRecord | Problem:
    try:
        record = msgspec.json.decode(line)
    except RecursionError:
        return report_depth(source.file, source.line, limits)
    except (msgspec.DecodeError, UnicodeError) as error:
        hint = "Write one JSON object per line. The line was left out"
        return Problem(source.file, source.line, str(error), hint)
    if not isinstance(record, dict):
        hint = "Write {...} with the fields by name. The line was left out"
        return Problem(source.file, source.line, "the line is not a JSON object", hint)
    if is_too_deep(record, line, limits):
        return report_depth(source.file, source.line, limits)
    identity, language = record.pop("id", None), record.pop("lang", None)
    language = str(language) if language else None
    try:
        properties = _list_properties(record, language, limits)
    except LimitExceeded as error:
        message = f"the line is too large: {error}"
        return Problem(source.file, source.line, message, suggest_raising(error.limit))
    return SourceRecord(
        source, properties, None if identity is None else str(identity),
        lists=frozenset(name for name, value in record.items() if isinstance(value, list)),
    )  # fmt: skip


def _list_properties(
    record: Mapping[str, object], language: str | None, limits: Limits
) -> tuple[Property, ...]:
    """Return the properties of an object. Values of its lists are separate. Raise LimitExceeded."""
    flattener = Flattener(Shape(), limits)
    properties = flattener.properties
    for name, value in record.items():
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, str):
                properties.append(Property(name, item, item, language))
            elif isinstance(item, dict):
                flattener.add_object(name, item, language)
            elif item is not None:
                text = str(item)
                properties.append(Property(name, text, text, language))
    return tuple(properties)
