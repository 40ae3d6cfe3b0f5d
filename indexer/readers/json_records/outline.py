"""Outline of a JSON file: the path of its records, guessed from the start of the file.

Records are the objects of a list, the values of an object, or the whole file. APIs wrap them in
other objects, such as `{"message": {"items": [...]}}`.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from indexer.catalogue.limits import LIMITS
from indexer.readers.json_records.flattening import is_title, simplify
from indexer.readers.json_records.stream import ANY, Value, decode, read_values

SAMPLES = 20
"""Records at the start of a file that a reader inspects to recognize it."""

_MAX_DEPTH = 5
"""Limit on the objects around the records. A list that is nested deeper belongs to a record."""
_MAX_NESTING = 100
"""Depth at which an outline stops. The limit on records is no higher."""
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
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],]|"', re.DOTALL)
_SPACE = b" \t\r\n\x1e"


class Outline(NamedTuple):
    """The structure of a file.

    `path`: from the outermost value to the records; an element is a key or ANY. `samples`: the
    first records; the last one may be cut.
    """

    path: tuple[str, ...]
    samples: tuple[dict[str, Any], ...]


def is_json(head: bytes) -> bool:
    """Return whether a file that is JSON or YAML and starts with `head` can only be JSON."""
    return head.removeprefix(BOM_UTF8).lstrip(_SPACE)[:1] in {b"{", b"["}


@lru_cache(maxsize=4)
def read_outline(head: bytes) -> Outline | None:
    """Return the outline of a file that starts with `head`, in UTF-8, or None if it is not JSON."""
    if not is_json(head):
        return None
    data = head.removeprefix(BOM_UTF8).lstrip(_SPACE)
    value = _complete(data.decode(errors="replace"))
    if value is None:
        return None
    path = find_path(value)
    complete = read_values(iter((data,)), path, "", LIMITS, len(data))
    records = (item.value for item in complete if isinstance(item, Value))
    samples = [*islice((record for record in records if isinstance(record, dict)), SAMPLES)]
    return Outline(path, tuple(samples or islice(iterate_records(value, path), SAMPLES)))


def _complete(text: str) -> Any:  # noqa: ANN401 any JSON value
    """Return the first value of a text that may be cut, without incomplete elements, or None."""
    stack: list[str] = []
    end, depth = 0, 0
    for match in _TOKEN.finditer(text):
        mark = match[0]
        if mark == '"' or len(stack) > _MAX_NESTING:
            break
        if mark in "{[":
            stack.append("}" if mark == "{" else "]")
        elif mark in "}]":
            stack.pop()
        elif mark != ",":
            continue
        end, depth = match.start() if mark == "," else match.end(), len(stack)
        if not stack:
            break
    try:
        return decode(text[:end] + "".join(reversed(stack[:depth])))
    except (ValueError, RecursionError):
        return None


def iterate_records(value: object, path: tuple[str, ...]) -> Iterator[dict[str, Any]]:
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


def has_title(record: Mapping[str, Any]) -> bool:
    """Return whether an object has a key such as "title" with a value."""
    return any(value and is_title(key) for key, value in record.items())


def is_titled(record: Mapping[str, Any]) -> bool:
    return has_title(record) or any(
        isinstance(part, dict) and has_title(part) for part in record.values()
    )


def find_path(value: object, depth: int = 0) -> tuple[str, ...]:
    if isinstance(value, list):
        first = next((item for item in value if isinstance(item, (dict, list)) and item), None)
        inner = find_path(first, depth + 1) if isinstance(first, dict) and depth < 2 else ()
        return (ANY, *inner) if inner else ()
    if not isinstance(value, dict):
        return ()
    lists = _find_lists(value, (), depth)
    if best := max(lists, key=lambda item: item[:2], default=None):
        return best[2]
    return () if has_title(value) else _find_object(value, depth)


def _find_lists(
    value: dict[str, Any], path: tuple[str, ...], depth: int
) -> Iterator[tuple[bool, int, tuple[str, ...]]]:
    """Yield the lists in an object that may be lists of records.

    Each has whether its name is usual, the number of its objects with a title, and its path.
    An object with a title can be a publication. Then only a list with a usual name has records,
    such as that of a feed, but not that of its references.
    """
    is_headed = has_title(value)
    is_record = is_headed and any(simplify(key) in _RECORD_KEYS for key in value)
    for key, part in value.items():
        name = simplify(key)
        is_named = name in _CONTAINERS and not (is_record and name in _CITED)
        if isinstance(part, list):
            items = [item for item in part if isinstance(item, dict)]
            # Objects with names, but no other titles, are people.
            keys = {simplify(key) for item in items for key in item if is_title(key)}
            titled = sum(map(is_titled, items)) if keys - {"name"} else 0
            is_results = is_named and not is_headed and len(items) == len(part)
            if is_results or (titled and (is_named or not is_headed)):
                yield is_named, titled, (*path, key)
        elif isinstance(part, dict) and depth < _MAX_DEPTH and not (is_headed or has_title(part)):
            yield from _find_lists(part, (*path, key), depth + 1)


def _find_object(value: dict[str, Any], depth: int) -> tuple[str, ...]:
    """Return the path of the records that are values of an object, or of a single inner record."""
    inner = [(key, part) for key, part in value.items() if isinstance(part, dict) and part]
    titled = [key for key, part in inner if has_title(part)]
    if len(titled) > 1 and len(titled) == len(inner) and len(titled) >= len(value) - 1:
        return (ANY,)
    if len(titled) == 1 and titled[0] in {"message", "data", "result", "response"}:
        # The object around a record may also have metadata of it, such as its key.
        is_wrapper = titled[0] == "data" and ("key" in value or "id" in value)
        return () if is_wrapper else (titled[0],)
    for key, part in inner:
        is_wrapper = len(part) > 1 and not has_title(part) and depth < _MAX_DEPTH
        if is_wrapper and (path := _find_object(part, depth + 1)):
            return (key, *path)
    return ()
