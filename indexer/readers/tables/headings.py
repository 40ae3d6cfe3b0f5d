"""Find the header of a table: the row with the names of the columns.

Titles, notes, and blank rows may precede it. A table may have no header, or two header rows, of
which the first names groups of columns. A row is a header if it has usual headings, or if it
differs from the rows below: it has names where they have numbers, dates, or links.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain, islice
from typing import NamedTuple

from indexer.catalogue.column_names import fold_heading, list_headings, list_tags

Row = Sequence[str]
Spans = Mapping[tuple[int, int], int]
"""Widths of merged cells, by row and column."""

_OTHER_WORDS = frozenset(
    "address affiliation arxiv barcode bibliography book citation classification country dewey "
    "format heading item location material medium pais pays preis price quelle record ref "
    "reference region report section shelf size status web الرقم".split()
)
"""Words of headings, folded, that feed no field of a catalogue by themselves."""
_MAX_HEADING_CHARS = 80
_MAX_HEADING_WORDS = 7
_CANDIDATES = 50
"""Rows at the start of a table that may be the header."""
_ROWS_BELOW = 50
"""Rows below a candidate with which it is compared."""
_MAX_HEADING_COLUMNS = 50
"""Limit on the columns of a merged heading without names below it."""
_DATA = re.compile(
    r"[\W\d_]*\d[\W\d_]*|https?://\S+|www\.\S+|(?:doi:? ?)?10\.\d{4,9}/\S+|\S+@\S+\.\S+"
    r"|(?:c|ca\.?|©|\[)? ?\d{4}[\]?]*|\d{4}-\d\d-\d\dT\S+",
    re.IGNORECASE,
)
_MARC = re.compile(r"\d{3}(?:[_#\d][_#]|[_#]\d|[ _#$|\d]{0,4}[a-z])")
"""A tag of MARC with indicators or the code of a subfield, such as 245__a. A number is data."""
_NAME = re.compile(r"[^\W\d_]+")


class Header(NamedTuple):
    """The header of a table.

    `headings`: one per column; "" if a column has none. `start`: the index of the first row below.
    `has_row`: the table has a header; otherwise all headings are empty. `is_known`: the row has
    usual headings, or names above data.
    """

    headings: tuple[str, ...]
    start: int
    has_row: bool
    is_known: bool


class _UsualNames(NamedTuple):
    """Usual names of columns: folded headings without spaces, words of headings, and tags."""

    headings: frozenset[str]
    words: frozenset[str]
    tags: frozenset[str]


def find_header(rows: Sequence[Row], spans: Spans | None = None) -> Header:
    """Return the header of a table by its first rows.

    The cells have no white space around them. `spans` is None if merged cells are unknown.
    """
    filled = [sum(map(bool, row)) for row in rows]
    usual = sorted(filter(None, filled)) or [0]
    width = usual[-1 - len(usual) // 4]
    min_cells = max(1, min(2, width), (width + 1) // 2)
    candidates = [index for index, count in enumerate(filled) if count >= min_cells]
    with_words = {index for index in candidates[:_CANDIDATES] if has_heading_words(rows[index])}
    widest = 0
    for index in candidates[:_CANDIDATES]:
        is_note = 4 * filled[index] < 3 * width or rows[index][0].startswith("# ")
        if with_words and index not in with_words and is_note:
            continue
        below = [row for row in islice(rows, index + 1, None) if any(row)][:_ROWS_BELOW]
        has_words = index in with_words
        if has_words or (filled[index] > widest and _differs(rows[index], below, width)):
            is_known = has_words or _count_names(rows[index], below) > 0
            return _join_groups(rows, index, spans, is_known)
        widest = max(widest, filled[index])
    start = candidates[0] if candidates else len(rows)
    columns = max(map(len, rows[start:]), default=0)
    return Header(("",) * columns, start, has_row=False, is_known=False)


@cache
def load_usual_names() -> _UsualNames:
    """Return the usual names of columns. The first call reads files."""
    headings = {fold_heading(name) for names in list_headings().values() for name in names}
    words = {name for name in headings if _NAME.fullmatch(name)}
    return _UsualNames(
        frozenset(heading.replace(" ", "") for heading in headings),
        _OTHER_WORDS | words,
        frozenset(chain.from_iterable(list_tags().values())),
    )


def count_heading_words(row: Row) -> int:
    """Return the number of usual headings in a row."""
    return sum(_is_usual_heading(cell) for cell in row if 0 < len(cell) <= _MAX_HEADING_CHARS)


def has_heading_words(row: Row) -> bool:
    """Return whether enough cells of a row are usual headings, and few cells are data."""
    cells = [*filter(None, row)]
    usual = count_heading_words(cells)
    data = sum(map(_is_data, cells))
    return 2 * data < len(cells) and (usual > min(2, len(cells) // 2) or 2 * usual > len(cells))


@lru_cache(maxsize=10_000)
def _is_usual_heading(cell: str) -> bool:
    if _is_data(cell):
        return False
    usual = load_usual_names()
    heading = fold_heading(cell)
    if heading.replace(" ", "") in usual.headings or cell in usual.tags or _MARC.fullmatch(cell):
        return True
    words = _NAME.findall(heading)
    known = sum(word in usual.words for word in words)
    return 0 < len(words) <= _MAX_HEADING_WORDS and 2 * known >= len(words)


def _is_data(cell: str) -> bool:
    is_data = len(cell) > 2 * _MAX_HEADING_CHARS or _DATA.fullmatch(cell) is not None
    return is_data and not _MARC.fullmatch(cell)


def _differs(row: Row, below: Sequence[Row], width: int) -> bool:
    """Return whether a row without usual headings differs from the rows below, so is a header."""
    cells = [*filter(None, row)]
    data = sum(map(_is_data, cells))
    if not below or width < 2 or 5 * data > len(cells):
        return False
    is_long = any(len(cell.split()) > _MAX_HEADING_WORDS for cell in cells)
    if is_long and not _count_names(row, below):
        return False
    repeated = sum(
        any(column < len(other) and other[column] == cell for other in below)
        for column, cell in enumerate(row)
        if cell
    )
    return repeated == 0


def _count_names(row: Row, below: Sequence[Row]) -> int:
    """Return the number of columns with a name in the row, and mostly data below it."""
    names = 0
    for column, cell in enumerate(row):
        values = [other[column] for other in below if column < len(other) and other[column]]
        if cell and values and not _is_data(cell):
            names += 2 * sum(map(_is_data, values)) > len(values)
    return names


def _join_groups(rows: Sequence[Row], index: int, spans: Spans | None, is_known: bool) -> Header:
    """Return the header at a row, joined with a row above or below that names groups."""
    for upper in (index - 1, index):
        if 0 <= upper < len(rows) - 1:
            merged = {cell[1]: width for cell, width in (spans or {}).items() if cell[0] == upper}
            groups, names = _pad(rows[upper], rows[upper + 1])
            below = [row for row in islice(rows, upper + 2, None) if any(row)][:_ROWS_BELOW]
            if _names_groups(groups, names, merged, below):
                return Header(_join(groups, names, merged), upper + 2, True, is_known)
    headings = [*rows[index]]
    for (row, column), width in (spans or {}).items():
        if row == index and width <= _MAX_HEADING_COLUMNS:
            headings[column : column + width] = headings[column : column + 1] * width
    return Header(tuple(headings), index + 1, True, is_known)


def _names_groups(groups: Row, names: Row, merged: Mapping[int, int], below: Sequence[Row]) -> bool:
    """Return whether a row names groups of the columns that the next row names."""
    used = [column for column, group in enumerate(groups) if group]
    if not used or not any(names) or any(map(_is_data, (*groups, *names))):
        return False
    if wide := [column for column in used if merged.get(column, 1) > 1]:
        is_title = used == [0]
        is_data = any(names[c] for c in used if c not in wide) and not _are_names(names, below)
        return not (is_title or is_data) and all(all(names[c : c + merged[c]]) for c in wide)
    gaps = [column for column, group in enumerate(groups) if not group and column > min(used)]
    if len(used) < 2 or not any(names[column] for column in gaps):
        return False
    filled = [c for c in gaps if any(c < len(row) and row[c] for row in below)]
    is_wide = 2 * used[-1] >= len(names) - 1  # notes above a table are only in its left columns
    return is_wide and _are_names(names, below) and all(names[c] for c in filled)


def _are_names(row: Row, below: Sequence[Row]) -> bool:
    return has_heading_words(row) or _count_names(row, below) > 0


def _join(groups: Row, names: Row, merged: Mapping[int, int]) -> tuple[str, ...]:
    """Return headings such as "Group / Name" from two rows."""
    headings, group, end = [], "", 0
    for column, (own_group, name) in enumerate(zip(groups, names, strict=True)):
        if own_group:
            group, end = own_group, column + merged.get(column, 1) if merged else len(groups)
        is_grouped = column < end and name and name != group
        headings.append(f"{group} / {name}" if is_grouped else own_group or name)
    return tuple(headings)


def _pad(first: Row, second: Row) -> tuple[list[str], list[str]]:
    width = max(len(first), len(second))
    return [*first, *[""] * (width - len(first))], [*second, *[""] * (width - len(second))]
