"""Convert the rows of a table to source records."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.tables.headings import Header
from indexer.values.iso_codes import find_language_code

_LANGUAGE = re.compile(r"\[([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)\](?:\[\])?\Z")
_SUFFIX = re.compile(
    r"(?P<name>.*\w)\W*[ _.:@(-](?P<code>[a-z]{2})\)?\Z", re.IGNORECASE | re.DOTALL
)
_SUFFIX_CODES = frozenset(
    "ar bg cs da de el en es fa fi fr he hr hu it ja ko nl pl pt ro ru sr sv th tr uk vi zh".split()
)
"""Language codes at the end of headings such as "title_fr". Codes that are words, such as "id", are
left out."""
_MAX_SUFFIXED_CHARS = 100
_SUMMARY = re.compile(
    r"(?:grand |sub ?)?totale?s?\b|sum(?:me|a)?\b|gesamt|insgesamt|somme\b|count\b|average\b"
    r"|итого|всего|المجموع|الإجمالي|总计|合计|共计|總計|合計"
    r"|(?:number of |no\. of )?(?:records?|rows|results|titles|entries)\b *:?"
    r"|end of (?:file|report|list)|\d+ +(?:records?|rows?|results?|titles?|entries|items)\b"
    r"|(?:source|quelle|fuente|notes?) *:|[*©]|\(c\)"
    r"|(?:exported|generated|created|printed|downloaded) (?:on|by|from|at)\b",
    re.IGNORECASE,
)
_QUOTED = r"(?:'(?P<single>(?:[^'\\]|\\.)*+)'|\"(?P<double>(?:[^\"\\]|\\.)*+)\")"
_LISTED = re.compile(_QUOTED, re.DOTALL)
_PLAIN_QUOTED = _QUOTED.replace("?P<single>", "?:").replace("?P<double>", "?:")
_LIST = re.compile(rf"\[\s*+(?:{_PLAIN_QUOTED}\s*+,?\s*+)*+\]", re.DOTALL)
_ESCAPED = re.compile(r"\\(['\"\\])")
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

T = TypeVar("T")


class Table:
    """A table with unique names of columns.

    `sheet`: the name of the sheet if the file has several; the last column has it as value.
    """

    def __init__(self, columns: tuple[str, ...], sheet: str = "") -> None:
        self.columns, self._sheet = columns, sheet
        self._languages = (*find_languages(columns),)

    def make_record(self, file: str, line: int, cells: Sequence[str]) -> SourceRecord:
        """Return a row as a record.

        A cell with text becomes a property, or several if it is a list.
        """
        properties = []
        for name, language, cell in zip(self.columns, self._languages, cells, strict=False):
            if value := cell.strip():
                if _ESCAPED_FORMULA.match(value):
                    value = value[1:]
                # A formula such as ="0123" keeps the leading zeros of a number in a spreadsheet.
                elif value.startswith('="') and value.endswith('"') and value.count('"') == 2:
                    value = value[2:-1]
                texts = _read_list(value) if value[:1] == "[" and value[-1] == "]" else None
                texts = [value] if texts is None else texts
                properties += [Property(name, text, text, language) for text in texts if text]
        extra = enumerate(map(str.strip, cells[len(self.columns) :]), len(self.columns) + 1)
        properties += [Property(f"column {number}", cell, cell) for number, cell in extra if cell]
        if self._sheet:
            properties.append(Property(self.columns[-1], self._sheet, self._sheet))
        source = SourceLocation(file, line)
        return SourceRecord(source, tuple(properties), columns=self.columns)


SHEET = "sheet"
"""The column with the name of the sheet."""


def name_columns(headings: Sequence[str]) -> tuple[str, ...]:
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


def find_languages(columns: Sequence[str]) -> Iterator[str | None]:
    """Yield the language in the name of each column, or None.

    "dc.title[fr]" is French. "Title (fr)" and "title_fr" are French only if there is a column such
    as "Title" or "title_en".
    """
    stems = [_split_suffix(name) for name in columns]
    counts = Counter(stem for stem, _ in stems)
    plain = {_tidy(name).casefold() for name in columns}
    for name, (stem, code) in zip(columns, stems, strict=True):
        if match := _LANGUAGE.search(name):
            yield find_language_code(match[1])
        elif code and (stem in plain or counts[stem] > 1):
            yield code
        else:
            yield None


def _split_suffix(name: str) -> tuple[str, str | None]:
    match = _SUFFIX.fullmatch(name) if len(name) <= _MAX_SUFFIXED_CHARS else None
    if match and match["code"].lower() in _SUFFIX_CODES:
        return match["name"].casefold(), match["code"].lower()
    return name.casefold(), None


def _read_list(text: str) -> list[str] | None:
    """Return the texts of a list in the syntax of Python or JSON, or None if it is not a list.

    Programs write such cells for columns with several values: `['tides', 'maps']`.
    """
    if not _LIST.fullmatch(text):
        return _read_objects(text) if text.startswith("[{") else None
    try:
        texts = msgspec.json.decode(text, type=list[str])
    except msgspec.DecodeError:
        texts = [
            _ESCAPED.sub(r"\1", match["single"] or match["double"] or "")
            for match in _LISTED.finditer(text)
        ]
    return [text for item in texts if (text := item.strip())]


def _read_objects(text: str) -> list[str] | None:
    """Return the names of the objects in a list, or None if one has no name."""
    try:
        try:
            values = msgspec.json.decode(text)
        except msgspec.DecodeError:
            values = ast.literal_eval(text) if len(text) <= _MAX_LITERAL_CHARS else None
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        return None
    named = [next((value[key] for key in _NAME_KEYS if value.get(key)), None) for value in values]
    names = [name for name in named if isinstance(name, str)]
    return names if len(names) == len(values) else None


def add_row_names(header: Header, rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
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


def count_usual_cells(rows: Sequence[Sequence[str]]) -> int:
    """Return the median number of cells with text, in the rows with text."""
    counts = sorted(count for row in rows if (count := sum(map(bool, row))))
    return counts[len(counts) // 2] if counts else 0


def is_summary(cells: Sequence[str], usual_cells: int) -> bool:
    """Return whether a row may be a total or a note. It is one if no other row follows it.

    `usual_cells`: the usual number of cells with text in a row of the table.
    """
    filled = [*filter(None, cells)]
    if not filled or usual_cells < _MIN_USUAL_CELLS or len(filled) > max(1, usual_cells // 2):
        return False
    return bool(_SUMMARY.match(filled[0])) or all(map(str.isdecimal, filled))


def hold_back(rows: Iterable[T], is_candidate: Callable[[T], bool]) -> Iterator[tuple[T, bool]]:
    """Yield each row, and whether it is one of the candidates at the end of the table."""
    candidates: list[T] = []
    try:
        for row in rows:
            if len(candidates) < _MAX_HELD_BACK and is_candidate(row):
                candidates.append(row)
                continue
            yield from ((candidate, False) for candidate in candidates)
            candidates.clear()
            yield row, False
    except Exception:
        yield from ((candidate, False) for candidate in candidates)
        raise
    yield from ((candidate, True) for candidate in candidates)


def report_summary(file: str, line: int, cells: Sequence[str]) -> Problem:
    """Return the Problem of a total or a note below a table."""
    text = " ".join(filter(None, cells))
    message = f"the row below the table is not a publication: {text[:_SHOWN_CHARS]!r}"
    return Problem(file, line, message, "Delete it, or fill in more of its cells")
