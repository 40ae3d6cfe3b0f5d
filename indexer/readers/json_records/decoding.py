"""Decode one JSON object. Repair invalid bytes and small violations of the standard."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from functools import lru_cache
from typing import Any

import msgspec

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, SourceLocation
from indexer.readers.chunks import Chunk
from indexer.readers.json_records.tables import make_record
from indexer.readers.text.encodings import decode_text

_DECODER = msgspec.json.Decoder(float_hook=str)
_LEFT_OUT = "The record was left out"


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """The context of a chunk: the key of its record in an object, or the columns of its row."""

    key: str = ""
    columns: tuple[str, ...] = ()


@lru_cache(maxsize=16)
def decode_context(data: bytes) -> Context:
    """Return the context of a chunk."""
    return msgspec.json.decode(data, type=Context)


def decode_record(chunk: Chunk, limits: Limits) -> tuple[dict[str, Any] | None, Problem | None]:
    """Return the object of a chunk, and a Problem if bytes were replaced.

    Return None and a Problem if the object is not usable. Decimal fractions stay text. NaN is null.
    """
    source, problem = SourceLocation(chunk.file, chunk.line), None
    data = chunk.data.removeprefix(BOM_UTF8).strip(b" \t\r\n\x1e")
    try:
        record = _DECODER.decode(data)
    except RecursionError:
        return None, make_depth_problem(source, limits)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        text, problem = decode_text(data, source.file, source.line)
        try:
            record = decode_leniently(text)
        except RecursionError:
            return None, make_depth_problem(source, limits)
        except ValueError:
            hint = f"Correct the JSON there, or create the file again. {_LEFT_OUT}"
            return None, Problem(source.file, source.line, str(error), hint)
    if isinstance(record, list) and (columns := decode_context(chunk.context).columns):
        record = make_record(columns, record)
    if not isinstance(record, dict):
        hint = f"Write {{...}} with the values by name. {_LEFT_OUT}"
        return None, Problem(source.file, source.line, "the record is not a JSON object", hint)
    brackets = data.count(b"[") + data.count(b"{")
    if brackets > limits.deepest and is_deeper(record, limits.deepest):
        return None, make_depth_problem(source, limits)
    return record, problem


def decode_leniently(text: str) -> Any:  # noqa: ANN401 any JSON value
    """Return a JSON value. Raise ValueError or RecursionError.

    Accept control characters in strings, numbers of any size, NaN, and lone surrogates.
    """
    value = json.loads(
        text, strict=False, parse_int=str, parse_float=str, parse_constant=lambda _: None
    )
    return (
        json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode())
        if "\\u" in text
        else value
    )


def is_deeper(value: object, max_depth: int) -> bool:
    """Return whether lists and objects are nested deeper than `max_depth` levels."""
    if not isinstance(value, (dict, list)):
        return False
    children = value.values() if isinstance(value, dict) else value
    return max_depth == 0 or any(is_deeper(child, max_depth - 1) for child in children)


def make_depth_problem(source: SourceLocation, limits: Limits) -> Problem:
    """Return the Problem of a record whose lists and objects are nested too deeply."""
    message = f"lists and objects are nested deeper than {limits.deepest}"
    return Problem(source.file, source.line, message, suggest_raising("deepest"))
