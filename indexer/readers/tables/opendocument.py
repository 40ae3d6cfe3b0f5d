"""Read the rows of an OpenDocument spreadsheet one by one, without expanding those that repeat.

An attribute of a few bytes can repeat a row a million times, and libraries expand them all first.
"""

from collections.abc import Iterator
from typing import IO, NamedTuple
from xml.parsers import expat

_URN = "urn:oasis:names:tc:opendocument:xmlns"
_TABLE, _ROW, _CELL, _COVERED = (
    f"{_URN}:table:1.0 {name}"
    for name in ("table", "table-row", "table-cell", "covered-table-cell")
)
_NAME, _TABLE_STYLE, _ROWS_REPEATED, _COLUMNS_REPEATED, _DISPLAY = (
    f"{_URN}:table:1.0 {name}"
    for name in ("name", "style-name", "number-rows-repeated", "number-columns-repeated", "display")
)
_PARAGRAPH, _SPACE, _TAB, _BREAK = (
    f"{_URN}:text:1.0 {name}" for name in ("p", "s", "tab", "line-break")
)
_NOTE, _VALUE, _DATE, _BOOLEAN = (
    f"{_URN}:office:1.0 {name}" for name in ("annotation", "value", "date-value", "boolean-value")
)
_STYLE, _STYLE_NAME, _PROPERTIES = (
    f"{_URN}:style:1.0 {name}" for name in ("style", "name", "table-properties")
)
_MAX_COLUMNS = 16_384
"""Columns of a sheet in LibreOffice and Excel. More are left out."""
_BLOCK_BYTES = 1 << 16


class SheetRow(NamedTuple):
    """A row. `sheet`: the number of its sheet, from 0. `repeated`: how often it occurs in a row."""

    sheet: int
    name: str
    is_shown: bool
    repeated: int
    cells: list[str | float]


def read_rows(content: IO[bytes], most: int | None = None) -> Iterator[SheetRow]:
    """Yield the rows of all sheets in `content.xml`, at most `most` of each sheet.

    Cells without content at the end of a row are left out. Raise ExpatError or ValueError.
    """
    handler = _Handler(most)
    for block in iter(lambda: content.read(_BLOCK_BYTES), b""):
        handler.parser.Parse(block)
        yield from handler.rows
        handler.rows.clear()
    handler.parser.Parse(b"", True)


class _Handler:
    """The state of the parser: the sheet, row, and cell that are open, and the finished `rows`."""

    def __init__(self, most: int | None) -> None:
        self.rows: list[SheetRow] = []
        self._most = most
        self._sheet, self._left, self._name, self._is_shown = -1, most, "", True
        self._style, self._hidden = "", set[str]()
        self._cells, self._gap, self._repeated = list[str | float](), 0, 1
        self._cell, self._text = dict[str, str](), list[str]()
        self._paragraphs = self._notes = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse
        self._listen(True)

    def _listen(self, is_on: bool) -> None:
        """Handle the elements of rows, or only the end of the sheet."""
        self.parser.StartElementHandler = self._start if is_on else None
        self.parser.CharacterDataHandler = self._add_text if is_on else None

    def _refuse(self, *_: object) -> None:
        raise ValueError("it declares a document type")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in {_CELL, _COVERED}:
            self._cell = attributes
            self._text.clear()
        elif tag == _PARAGRAPH:
            self._paragraphs += 1
            if self._text and not self._notes:
                self._text.append("\n")
        elif tag in {_SPACE, _TAB, _BREAK}:
            self._add_text("\n" if tag == _BREAK else " ")
        elif tag == _ROW:
            self._cells, self._gap = [], 0
            self._repeated = int(attributes.get(_ROWS_REPEATED, 1))
        elif tag == _NOTE:
            self._notes += 1
        elif tag == _TABLE:
            self._sheet, self._left = self._sheet + 1, self._most
            self._name = attributes.get(_NAME, "")
            self._is_shown = attributes.get(_TABLE_STYLE) not in self._hidden
        elif tag == _STYLE:
            self._style = attributes.get(_STYLE_NAME, "")
        elif tag == _PROPERTIES and attributes.get(_DISPLAY) == "false":
            self._hidden.add(self._style)

    def _add_text(self, text: str) -> None:
        if self._paragraphs and not self._notes:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        if tag == _TABLE:
            self._paragraphs = self._notes = 0
            self._listen(True)
        elif self._left == 0:
            return
        elif tag in {_CELL, _COVERED}:
            count = int(self._cell.get(_COLUMNS_REPEATED, 1))
            if (value := self._read_cell()) == "":
                self._gap += count
            else:
                self._cells += [""] * min(self._gap, _MAX_COLUMNS - len(self._cells))
                self._cells += [value] * min(count, _MAX_COLUMNS - len(self._cells))
                self._gap = 0
        elif tag == _PARAGRAPH:
            self._paragraphs -= 1
        elif tag == _NOTE:
            self._notes -= 1
        elif tag == _ROW:
            row = (self._sheet, self._name, self._is_shown, self._repeated, self._cells)
            self.rows.append(SheetRow(*row))
            if self._left is not None:
                self._left -= bool(self._cells)
                self._listen(self._left > 0)

    def _read_cell(self) -> str | float:
        """Return a number, TRUE or FALSE, a date in ISO 8601, or the text of a cell."""
        get = self._cell.get
        if value := get(_VALUE):
            return float(value)
        date = get(_DATE, "").removesuffix("T00:00:00").replace("T", " ")
        return date or get(_BOOLEAN, "").upper() or "".join(self._text).strip()
