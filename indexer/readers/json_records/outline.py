"""Outline of a JSON file: the path of its records, guessed from the start of the file.

Records are the objects of a list, the values of an object, the rows of a table, or the whole file.
APIs wrap them in other objects, such as `{"message": {"items": [...]}}`.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from indexer.readers.json_records.decoding import decode_leniently, is_deeper
from indexer.readers.json_records.names import is_title, simplify
from indexer.readers.json_records.tables import find_table, make_record

ANY = "*"
"""In a path: every element of a list, or every value of an object."""
ROW = "[]"
"""At the end of a path: a list that is one record."""

SAMPLES = 20
"""Records at the start of a file that a reader inspects to recognize it."""

_MAX_DEPTH = 5
"""Limit on the objects around the records. A list that is nested deeper belongs to a record."""
_MAX_NESTING = 100
"""Depth at which an outline stops. The limit on records is far lower."""
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
    """The structure of a file.

    `is_lines`: each line is a record. `path`: from the outermost value to the records; an element
    is a key, ANY, or ROW. `samples`: the first records; the last one may be cut. `columns`: the
    names of the values in a row, if the records are rows. `is_headed`: they are in the first row.
    """

    is_lines: bool
    path: tuple[str, ...]
    samples: tuple[dict[str, Any], ...]
    columns: tuple[str, ...] = ()
    is_headed: bool = False


def is_json(head: bytes) -> bool:
    """Return whether a file that is JSON or YAML and starts with `head` can only be JSON."""
    return head.removeprefix(BOM_UTF8).lstrip(_SPACE)[:1] in (b"{", b"[")


@lru_cache(maxsize=4)
def read_outline(head: bytes) -> Outline | None:
    """Return the outline of a file that starts with `head`, in UTF-8, or None if it is not JSON."""
    if not is_json(head):
        return None
    data = head.removeprefix(BOM_UTF8).lstrip(_SPACE)
    if lines := _read_lines(data):
        path = find_path(lines[0])
        samples = lines if not path else [item for line in lines for item in collect(line, path)]
        return Outline(not path, path, _select_flat(samples[:SAMPLES]))
    value = _complete(data)
    if value is None:
        return None
    if table := find_table(value):
        rows = [make_record(table.columns, row) for row in table.rows[:SAMPLES]]
        path = (*table.keys, ANY, ROW)
        return Outline(False, path, _select_flat(rows), table.columns, table.is_headed)
    path = find_path(value)
    return Outline(False, path, _select_flat(collect(value, path)))


def _select_flat(samples: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return the samples without those that are nested too deeply to inspect safely."""
    return tuple(sample for sample in samples if not is_deeper(sample, _MAX_NESTING))


def _read_lines(data: bytes) -> list[dict[str, Any]]:
    """Return the objects on the first lines, or an empty list if this is not JSON Lines."""
    lines = [line for text in data.split(b"\n") if (line := text.strip(_SPACE))]
    if len(lines) < 2 or not (lines[0].startswith(b"{") and lines[0].endswith(b"}")):
        return []
    values = [load(line) for line in lines[:SAMPLES]]
    return [value for value in values if isinstance(value, dict)]


def load(data: bytes) -> Any:  # noqa: ANN401 any JSON value
    """Return the value of a JSON text, or None. Decimal fractions stay text.

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
    """Return the first value of a text that may be cut, without incomplete elements."""
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
    """Return the first SAMPLES records at a path of a value."""
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
        first = next((item for item in value if isinstance(item, (dict, list)) and item), None)
        inner = find_path(first, depth + 1) if isinstance(first, dict) and depth < 2 else ()
        return (ANY, *inner) if inner else ()
    if not isinstance(value, dict):
        return ()
    if has_title(value):
        return _find_named_list(value)
    best = max(
        _find_lists(value, (), depth), key=lambda item: (item.is_named, item.titled), default=None
    )
    if best:
        return best.path
    return _find_object(value, depth)


def _find_named_list(value: dict[str, Any]) -> tuple[str, ...]:
    """Return the path of the records in an object with a title, such as a JSON feed."""
    is_record = any(simplify(key) in _RECORD_KEYS for key in value)
    for key, items in value.items():
        if is_record and simplify(key) in _CITED:
            continue
        if simplify(key) in _CONTAINERS and _count_titled(items) and not _has_people(items):
            return (key,)
    return ()


def _count_titled(value: object) -> int:
    """Return the number of elements of a list that are objects with a title."""
    if not isinstance(value, list):
        return 0
    return sum(isinstance(item, dict) and is_titled(item) for item in value)


def is_titled(record: dict[str, Any]) -> bool:
    """Return whether an object or an object in it has a title."""
    inner = (part for part in record.values() if isinstance(part, dict))
    return has_title(record) or any(map(has_title, inner))


class _List(NamedTuple):
    """A list that may have the records. `titled` is the number of its objects with a title."""

    path: tuple[str, ...]
    is_named: bool
    titled: int


def _find_lists(value: dict[str, Any], path: tuple[str, ...], depth: int) -> Iterator[_List]:
    """Yield the lists in an object that may be lists of records."""
    for key, part in value.items():
        is_named = simplify(key) in _CONTAINERS
        if isinstance(part, list):
            count = _count_titled(part)
            if (count and not _has_people(part)) or (is_named and _has_only_objects(part)):
                yield _List((*path, key), is_named, count)
        elif isinstance(part, dict) and depth < _MAX_DEPTH and not has_title(part):
            yield from _find_lists(part, (*path, key), depth + 1)


def _has_only_objects(value: list[Any]) -> bool:
    return all(isinstance(item, dict) for item in value[:SAMPLES])


def _has_people(value: list[Any]) -> bool:
    """Return whether the objects of a list have names, but no titles."""
    return not any(
        isinstance(item, dict) and any(is_title(key) and simplify(key) != "name" for key in item)
        for item in value
    )


def _find_object(value: dict[str, Any], depth: int) -> tuple[str, ...]:
    """Return the path of the records that are values of an object, or of a single inner record."""
    inner = [(key, part) for key, part in value.items() if isinstance(part, dict) and part]
    titled = [key for key, part in inner if has_title(part)]
    if len(titled) > 1 and len(titled) == len(inner) and len(titled) >= len(value) - 1:
        return (ANY,)
    if len(titled) == 1 and titled[0] in ("message", "data", "result", "response"):
        return (titled[0],) if not _is_wrapper(value, titled[0]) else ()
    for key, part in inner:
        if len(part) < 2 or has_title(part) or depth == _MAX_DEPTH:
            continue
        if path := _find_object(part, depth + 1):
            return (key, *path)
    return ()


def _is_wrapper(value: dict[str, Any], key: str) -> bool:
    """Return whether the object around a record also has metadata of it, such as its key."""
    return key == "data" and ("key" in value or "id" in value)
