"""Tables in JSON: records are lists of values, and a list elsewhere names the columns.

The names are in the first row, as in the Sheets API, or in another list, as pandas and Datasette
write them: `{"columns": ["Title", "Year"], "data": [["Atlas", 2014]]}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, count
from typing import Any, NamedTuple

from indexer.catalogue.column_names import fold_heading, list_headings
from indexer.readers.json_records.names import simplify

_NAME_LISTS = frozenset(("columns", "cols", "columnnames", "fields", "header", "headers", "names"))
"""Usual keys of the list with the names of columns, as `simplify` returns them."""
_NAME_KEYS = ("name", "label", "title", "id")
"""Keys of the name in an object that describes a column, the best first."""
_MAX_DEPTH = 5
"""Limit on the objects around the rows or the names."""


class Table(NamedTuple):
    """A table. `keys`: the keys of the objects around its rows.

    `rows`: its rows, without the one with the names, if `is_headed`.
    """

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    is_headed: bool


def find_table(value: object) -> Table | None:
    """Return the first table in a JSON value, or None."""
    parts = [*_list_parts(value, ())]
    headers = [
        names for keys, part in parts
        if keys and simplify(keys[-1]) in _NAME_LISTS and (names := _read_names(part))
    ]  # fmt: skip
    for keys, part in parts:
        if isinstance(part, list) and part and all(isinstance(row, list) for row in part):
            first, *rows = part
            for names in headers:
                if len(names) == len(first):
                    return Table(keys, names, part, is_headed=False)
            if rows and _is_header(first):
                return Table(keys, tuple(first), rows, is_headed=True)
    return None


def _list_parts(value: object, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield a value and the values in its objects, with their keys."""
    yield keys, value
    if isinstance(value, dict) and len(keys) < _MAX_DEPTH:
        for key, part in value.items():
            yield from _list_parts(part, (*keys, key))


def _read_names(value: object) -> tuple[str, ...]:
    """Return the names of columns in a list of names or of objects, or () if one has no name."""
    if not isinstance(value, list):
        return ()
    names = [
        next((item[key] for key in _NAME_KEYS if item.get(key)), None)
        if isinstance(item, dict) else item
        for item in value
    ]  # fmt: skip
    texts = [name for name in names if isinstance(name, str) and name]
    return tuple(texts) if len(texts) == len(names) else ()


def _is_header(row: Sequence[object]) -> bool:
    """Return whether a row has names only, and at least half of them are usual headings."""
    names = [cell for cell in row if isinstance(cell, str) and cell]
    usual = sum(fold_heading(name).replace(" ", "") in _load_headings() for name in names)
    return len(names) == len(row) and 2 * usual >= len(row) > 0


@cache
def _load_headings() -> frozenset[str]:
    headings = chain.from_iterable(list_headings().values())
    return frozenset(fold_heading(heading).replace(" ", "") for heading in headings)


def make_record(columns: Sequence[str], row: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the values of a row by column. Values without a column are in "column 3" etc."""
    record: dict[str, list[Any]] = {}
    further = (f"column {number}" for number in count(len(columns) + 1))
    for name, value in zip(chain(columns, further), row, strict=False):
        record.setdefault(name, []).append(value)
    return record
