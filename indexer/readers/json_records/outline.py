"""Outline of a JSON file: where its records are, judged by the start of the file.

Records are the objects of a list, the values of an object, or the whole file. APIs wrap them into
other objects, such as `{"message": {"items": [...]}}`.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from indexer.readers.json_records.decoding import decode_leniently, is_deeper
from indexer.readers.json_records.names import is_title, simplify

ANY = "*"
"""In a path: every element of a list, or every value of an object."""

SAMPLES = 20
"""Records at the start of a file that a reader looks at to recognize it."""

_MAX_DEPTH = 5
"""Objects around the records. Deeper lists belong to a record."""
_MAX_NESTING = 100
"""Nesting at which an outline stops. The limit on records is far lower."""
_CONTAINERS = frozenset(
    "graph article articles bibliography bindings book books catalog catalogue data dataset "
    "datasets doc docs document documents edges entries entry features feed hit hits item items "
    "itemlistelement list literature member members objects paper papers publication "
    "publications record records reference references reports resources response result results "
    "row rows value values work works".split()
)
"""Usual names of lists of records, as `simplify` returns them."""
_CITED = frozenset(("reference", "references"))
_RECORD_KEYS = frozenset("abstract author authors creator creators doi".split())
"""Keys of a publication, whose list of references has no records."""
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],]|"', re.DOTALL)
_SPACE = b" \t\r\n\x1e"


class Outline(NamedTuple):
    """`is_lines`: each line is a record. `path`: the keys that lead to the records, or ANY.

    `samples` are the first records, of which the last may be cut.
    """

    is_lines: bool
    path: tuple[str, ...]
    samples: tuple[dict[str, Any], ...]


def is_json(head: bytes) -> bool:
    """Return whether a file that starts with `head` can only be JSON, if it is JSON or YAML."""
    return head.removeprefix(BOM_UTF8).lstrip(_SPACE)[:1] in (b"{", b"[")


@lru_cache(maxsize=4)
def read_outline(head: bytes) -> Outline | None:
    """Return the outline of a file that starts with `head`, in UTF-8, or None if it is not JSON."""
    if not is_json(head):
        return None
    data = head.removeprefix(BOM_UTF8).lstrip(_SPACE)
    if lines := _read_lines(data):
        path = find_path(lines[0])
        samples = lines if not path else [each for line in lines for each in collect(line, path)]
        return Outline(not path, path, _select_flat(samples[:SAMPLES]))
    value = _complete(data)
    if value is None:
        return None
    path = find_path(value)
    return Outline(False, path, _select_flat(collect(value, path)))


def _select_flat(samples: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return the samples that are not nested so deeply that looking at them could fail."""
    return tuple(sample for sample in samples if not is_deeper(sample, _MAX_NESTING))


def _read_lines(data: bytes) -> list[dict[str, Any]]:
    """Return the objects on the first lines; none if this is not JSON Lines."""
    lines = [line for each in data.split(b"\n") if (line := each.strip(_SPACE))]
    if len(lines) < 2 or not (lines[0].startswith(b"{") and lines[0].endswith(b"}")):
        return []
    values = [load(line) for line in lines[:SAMPLES]]
    return [value for value in values if isinstance(value, dict)]


def load(data: bytes) -> Any:  # noqa: ANN401 any JSON value
    """Return the value of a JSON text, or None. Numbers other than integers stay text.

    Accept control characters in strings, and NaN for null, which the standard forbids.
    """
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return decode_leniently(data.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None


_DECODER = msgspec.json.Decoder(float_hook=str)


def _complete(data: bytes) -> Any:  # noqa: ANN401 any JSON value
    """Return the first value of a text that may be cut anywhere, without its incomplete parts."""
    stack: list[bytes] = []
    end, depth = 0, 0
    for match in _TOKEN.finditer(data):
        token = match[0]
        if token == b'"' or len(stack) > _MAX_NESTING:
            break
        if token in (b"{", b"["):
            stack.append(b"}" if token == b"{" else b"]")
            end, depth = match.end(), len(stack)
        elif token in (b"}", b"]"):
            stack.pop()
            end, depth = match.end(), len(stack)
            if not stack:
                break
        elif token == b",":
            end, depth = match.start(), len(stack)
    return load(data[:end] + b"".join(reversed(stack[:depth])))


def collect(value: object, path: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the first records of a value."""
    return list(islice(iterate_records(value, path), SAMPLES))


def iterate_records(value: object, path: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yield the objects at a path of a value."""
    if isinstance(value, list) and (not path or path[0] == ANY):
        for element in value:
            yield from iterate_records(element, path[1:])
    elif isinstance(value, dict) and not path:
        yield value
    elif isinstance(value, dict) and path[0] == ANY:
        for element in value.values():
            if path != (ANY,) or isinstance(element, dict):
                yield from iterate_records(element, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from iterate_records(value[path[0]], path[1:])


def has_title(record: dict[str, Any]) -> bool:
    """Return whether an object has a key such as "title" with a value."""
    return any(value and is_title(key) for key, value in record.items())


def find_path(value: object, depth: int = 0) -> tuple[str, ...]:
    """Return the path of the records in a value."""
    if isinstance(value, list):
        first = next((each for each in value if isinstance(each, (dict, list)) and each), None)
        inner = find_path(first, depth + 1) if isinstance(first, dict) and depth < 2 else ()
        return (ANY, *inner) if inner else ()
    if not isinstance(value, dict):
        return ()
    if has_title(value):
        return _find_named_list(value)
    found = max(
        _find_lists(value, (), depth), key=lambda each: (each.is_named, each.titled), default=None
    )
    if found:
        return found.path
    return _find_object(value, depth)


def _find_named_list(value: dict[str, Any]) -> tuple[str, ...]:
    """Return the path of a list of records in an object with a title, such as a JSON feed."""
    is_record = any(simplify(key) in _RECORD_KEYS for key in value)
    for key, each in value.items():
        if is_record and simplify(key) in _CITED:
            continue
        if simplify(key) in _CONTAINERS and _count_titled(each) and not _is_people(each):
            return (key,)
    return ()


def _count_titled(value: object) -> int:
    """Return the number of elements of a list that are objects with a title."""
    if not isinstance(value, list):
        return 0
    return sum(isinstance(each, dict) and is_titled(each) for each in value)


def is_titled(record: dict[str, Any]) -> bool:
    """Return whether an object has a title, or has an object with a title."""
    inner = (each for each in record.values() if isinstance(each, dict))
    return has_title(record) or any(map(has_title, inner))


class _List(NamedTuple):
    path: tuple[str, ...]
    is_named: bool
    titled: int


def _find_lists(value: dict[str, Any], path: tuple[str, ...], depth: int) -> Iterator[_List]:
    """Yield the lists in an object that may be lists of records."""
    for key, each in value.items():
        is_named = simplify(key) in _CONTAINERS
        if isinstance(each, list):
            count = _count_titled(each)
            if (count and not _is_people(each)) or (is_named and _is_objects(each)):
                yield _List((*path, key), is_named, count)
        elif isinstance(each, dict) and depth < _MAX_DEPTH and not has_title(each):
            yield from _find_lists(each, (*path, key), depth + 1)


def _is_objects(value: list[Any]) -> bool:
    return all(isinstance(each, dict) for each in value[:SAMPLES])


def _is_people(value: list[Any]) -> bool:
    """Return whether the objects of a list have names, but no titles."""
    return not any(
        isinstance(each, dict) and any(is_title(key) and simplify(key) != "name" for key in each)
        for each in value
    )


def _find_object(value: dict[str, Any], depth: int) -> tuple[str, ...]:
    """Return the path of records that are values of an object, or of the one inner record."""
    inner = [(key, each) for key, each in value.items() if isinstance(each, dict) and each]
    titled = [key for key, each in inner if has_title(each)]
    if len(titled) > 1 and len(titled) == len(inner) and len(titled) >= len(value) - 1:
        return (ANY,)
    if len(titled) == 1 and titled[0] in ("message", "data", "result", "response"):
        return (titled[0],) if not _is_wrapper(value, titled[0]) else ()
    for key, each in inner:
        if len(each) < 2 or has_title(each) or depth == _MAX_DEPTH:
            continue
        if path := _find_object(each, depth + 1):
            return (key, *path)
    return ()


def _is_wrapper(value: dict[str, Any], key: str) -> bool:
    """Return whether the object around a record says more of it, such as its key."""
    return key == "data" and ("key" in value or "id" in value)
