"""Read a table: find its header, and convert its rows to source records.

Rows before the header are skipped, such as a title or notes. A total below the table is reported,
not read. A table without a header has columns named "column 1", "column 2".
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice

import msgspec

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.tables.headings import Header, Spans, find_header
from indexer.readers.tables.rows import Row
from indexer.readers.text.streaming import peek

SAMPLE_ROWS = 100
"""Rows at the start of a table in which the header is searched."""
_SHEET = "sheet"
"""The column with the name of the sheet."""
_IS_WORD = re.compile(r"[^\W_]")
"""A letter or a digit. A line of dashes is not a row."""
_SUMMARY = re.compile(
    r"(?:grand |sub ?)?totale?s?\b|sum(?:me|a)?\b|gesamt|insgesamt|somme\b|count\b|average\b"
    r"|итого|всего|المجموع|الإجمالي|总计|合计|共计|總計|合計"
    r"|(?:number of |no\. of )?(?:records?|rows|results|titles|entries)\b *:?"
    r"|end of (?:file|report|list)|\d+ +(?:records?|rows?|results?|titles?|entries|items)\b"
    r"|(?:source|quelle|fuente|notes?) *:|[*©]|\(c\)"
    r"|(?:exported|generated|created|printed|downloaded) (?:on|by|from|at)\b",
    re.IGNORECASE,
)
_NO_COMMA = re.compile(r"(?<=['\"])\s+(?=['\"])")
"""The gap between two texts in an array of NumPy."""
_ESCAPED_FORMULA = re.compile(r"'+[=+\-@\uff0b\uff0d\uff1d\uff20]")
"""A text that would be a formula without the apostrophe at its start, with full-width signs too."""
_NAME_KEYS = ("name", "full_name", "display_name", "label", "title", "text", "value")
"""Keys with the name of an object, the best first."""
_MAX_LITERAL_CHARS = 50_000
_MIN_USUAL_CELLS = 3
"""Minimum cells with text in a usual row. Below it, totals and notes are not recognized."""
_MAX_HELD_BACK = 5
"""Limit on the rows at the end of a table that may be totals or notes."""
_SHOWN_CHARS = 80
"""Limit on the characters of a row in a message."""


def read_table(
    rows: Iterator[Row], file: str, limits: Limits, *, delimiter: str = "", sheet: str = "",
    spans: Spans | None = None,
) -> Iterator[SourceRecord | Problem]:  # fmt: skip
    """Yield the rows below the header, and a Problem for each that is not wholly usable.

    `delimiter`: that of a text. `sheet`: the name of the sheet, if the file has several tables.
    `spans`: the merged cells of a sheet.
    """
    wide = list[int]()
    first, rows = peek(_cut_rows(rows, limits.most_columns, wide), SAMPLE_ROWS, lambda _: 1)
    cells = [_strip(row) for row in first]
    header = find_header(cells, spans)
    headings = [*_add_row_names(header, cells)] if delimiter else [*header.headings]
    if not delimiter:
        headings += [""] * (max(map(len, cells), default=0) - len(headings))
    columns = _name_columns([*headings, _SHEET] if sheet else headings)
    width = len(headings)
    counts = sorted(count for row in cells[header.start :] if (count := sum(map(bool, row))))
    usual_cells = counts[len(counts) // 2] if counts else 0
    titles = cells[: header.start] if header.has_row else []
    for row, is_last in _hold_back(islice(rows, header.start, None), usual_cells):
        if row.cells is None:
            message = f"the row has more than {limits.largest_line} characters"
            yield Problem(file, row.line, message, suggest_raising("largest_line"))
        elif is_last:
            text = " ".join(filter(None, _strip(row)))[:_SHOWN_CHARS]
            message = f"the row below the table is not a publication: {text!r}"
            yield Problem(file, row.line, message, "Delete it, or fill in more of its cells")
        elif any(map(_IS_WORD.search, row.cells)) and _strip(row) not in titles:
            properties = [*_read_cells(columns[:width], row.cells)]
            if sheet:
                properties.append(Property(columns[-1], sheet, sheet))
            yield SourceRecord(SourceLocation(file, row.line), tuple(properties), columns=columns)
            if row.is_open:
                message = "a quotation mark is not closed before the end of the row"
                yield Problem(file, row.line, message, "Close it, or write it twice")
            if delimiter and any(map(str.strip, row.cells[width:])):
                message = f"the row has {len(row.cells)} cells, but the header has {width}"
                hint = f"Put quotation marks around cells that contain {delimiter!r}"
                yield Problem(file, row.line, message, hint)
    if wide:
        message = f"the row has more than {limits.most_columns} cells"
        yield Problem(file, wide[0], message, suggest_raising("most_columns"))


def _cut_rows(rows: Iterator[Row], most: int, wide: list[int]) -> Iterator[Row]:
    """Yield the first cells of each row. Add the number of a row with more to `wide`."""
    for row in rows:
        is_wide = len(row.cells or ()) > most
        wide += [row.line] * is_wide
        yield row._replace(cells=row.cells[:most]) if is_wide and row.cells else row


def _strip(row: Row) -> list[str]:
    return [*map(str.strip, row.cells or ())]


def _read_cells(columns: Sequence[str], cells: Sequence[str]) -> Iterator[Property]:
    """Yield the cells with text as properties. A list in a cell is several."""
    more = (f"column {number}" for number in range(len(columns) + 1, len(cells) + 1))
    for name, cell in zip(chain(columns, more), cells, strict=False):
        value = cell.strip()
        if _ESCAPED_FORMULA.match(value):
            value = value[1:]
        # A formula such as ="0123" keeps the leading zeros of a number in a spreadsheet.
        elif value.startswith('="') and value.endswith('"') and value.count('"') == 2:
            value = value[2:-1]
        for text in _read_list(value):
            yield Property(name, text, text)


def _name_columns(headings: Sequence[str]) -> tuple[str, ...]:
    """Return a unique name for each column.

    The second column "Author" is "Author 2". The third column is "column 3" if it has no heading.
    """
    taken = {_tidy(heading) for heading in headings} - {""}
    counts, names = Counter[str](), list[str]()
    for number, heading in enumerate(headings, 1):
        stem = _tidy(heading) or f"column {number}"
        name = stem
        counts[stem] += 1
        while name in taken and counts[stem] > 1:
            name = f"{stem} {counts[stem]}"
            counts[stem] += name in taken
        taken.add(name)
        names.append(name)
    return tuple(names)


def _tidy(heading: str) -> str:
    return " ".join(heading.split())


def _read_list(text: str) -> list[str]:
    """Return the texts in a cell: those of a list in the syntax of JSON or Python, or the cell.

    Programs write such lists for columns with several values: `['tides', 'maps']`. An object, as in
    `[{'id': 7, 'name': 'tides'}]`, has its name as text.
    """
    if text[:1] != "[" or text[-1] != "]" or len(text) > _MAX_LITERAL_CHARS:
        return [text] if text else []
    try:
        try:
            values = msgspec.json.decode(text)
        except msgspec.DecodeError:
            values = ast.literal_eval(_NO_COMMA.sub(", ", text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return [text]
    objects = [each if isinstance(each, dict) else {"text": each} for each in values if each != ""]
    names = [next(filter(None, map(each.get, _NAME_KEYS)), None) for each in objects]
    texts = [name.strip() for name in names if isinstance(name, str)]
    return [*filter(None, texts)] if len(texts) == len(names) else [text]


def _add_row_names(header: Header, rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the headings of a table, with an empty one before them if the rows have names.

    The statistics program R writes such tables: each row has one cell more than the header.
    """
    body = [row for row in rows[header.start :] if any(row)]
    width = len(header.headings)
    is_shifted = header.has_row and len(body) > 1 and all(len(row) == width + 1 for row in body)
    names = {row[0] for row in body}
    if is_shifted and len(names) == len(body) and all(names) and any(row[-1] for row in body):
        return ("", *header.headings)
    return header.headings


def _is_summary(cells: Sequence[str], usual_cells: int) -> bool:
    """Return whether a row may be a total or a note. It is one if no other row follows it.

    `usual_cells`: the usual number of cells with text in a row of the table.
    """
    filled = [*filter(None, cells)]
    if not filled or usual_cells < _MIN_USUAL_CELLS or len(filled) > max(1, usual_cells // 2):
        return False
    return bool(_SUMMARY.match(filled[0])) or all(map(str.isdecimal, filled))


def _hold_back(rows: Iterator[Row], usual_cells: int) -> Iterator[tuple[Row, bool]]:
    """Yield each row, and whether it is a total or a note at the end of the table."""
    candidates: list[Row] = []
    try:
        for row in rows:
            if len(candidates) < _MAX_HELD_BACK and _is_summary(_strip(row), usual_cells):
                candidates.append(row)
                continue
            yield from ((candidate, False) for candidate in candidates)
            candidates.clear()
            yield row, False
    except Exception:
        yield from ((candidate, False) for candidate in candidates)
        raise
    yield from ((candidate, True) for candidate in candidates)
