"""Find list items and table rows in a Markdown page, with the headings above them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from indexer.readers.text.markdown import find_links, to_text

_ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,4}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?(?=\S)")
_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*$")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TABLE_RULE = re.compile(r"[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+(?:[ \t]*:?-+:?[ \t]*)?$")
_CELL_END = re.compile(r"(?<!\\)\|")
_MAX_PARENT_CHARS = 200


class Item(NamedTuple):
    """A list item or a table row: its Markdown, its line, and the headings and items above it.

    `headings` are the column headings of a row.
    """

    markdown: str
    line: int
    sections: tuple[str, ...]
    headings: tuple[str, ...] = ()


def split_cells(row: str) -> list[str]:
    """Return the cells of a row of a table."""
    return [cell.strip() for cell in _CELL_END.split(row.strip().strip("|"))]


def list_items(text: str) -> Iterator[Item]:
    """Yield the items of lists and the rows of tables."""
    text = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text)
    outline = _Outline()
    is_code = False
    for number, line in enumerate(text.split("\n"), 1):
        if _FENCE.match(line):
            is_code = not is_code
        elif not is_code:
            yield from outline.add(line, number)
    yield from outline.finish()


class _Outline:
    """The headings and items above a line, and the open item."""

    def __init__(self) -> None:
        self._headings: list[tuple[int, str]] = []
        self._parents: list[tuple[int, str]] = []
        self._item: list[str] = []
        self._indent = self._line = 0
        self._previous = ""
        self._has_title = False
        self._columns: tuple[str, ...] = ()

    def add(self, line: str, number: int) -> Iterator[Item]:
        """Add a line. Yield the open item if it ends before this line."""
        previous, self._previous = self._previous, line
        if heading := _HEADING.match(line):
            yield from self.finish()
            self._add_heading(len(heading[1]), heading[2])
        elif "|" in previous and _TABLE_RULE.match(line):
            self._item, self._columns = [], tuple(map(to_text, split_cells(previous)))
        elif self._columns and "|" in line:
            yield Item(line, number, self._list_sections(), self._columns)
        elif previous.strip() and not self._item and _UNDERLINE.match(line):
            self._add_heading(1 if line[0] == "=" else 2, previous)
        elif item := _ITEM.match(line):
            yield from self._start_item(item, line, number)
        elif not line.strip():
            self._previous, self._columns = "", ()
        elif self._item:
            yield from self._continue_item(line, previous)

    def finish(self) -> Iterator[Item]:
        """Yield the open item. An item without a link is a heading of the items below it."""
        self._columns = ()
        if self._item:
            yield Item("\n".join(self._item), self._line, self._list_sections())
            if not find_links(self._item[0]):
                parent = to_text(self._item[0])[:_MAX_PARENT_CHARS]
                self._parents.append((self._indent, parent))
        self._item = []

    def _start_item(self, item: re.Match[str], line: str, number: int) -> Iterator[Item]:
        indent = len(item[1].expandtabs(4))
        if self._item and indent > self._indent and find_links(self._item[0]):
            self._item.append(line[item.end() :])  # a detail of the item above
            return
        yield from self.finish()
        self._parents = [parent for parent in self._parents if parent[0] < indent]
        self._item, self._indent, self._line = [line[item.end() :]], indent, number

    def _continue_item(self, line: str, previous: str) -> Iterator[Item]:
        if line[0] in " \t" or previous.strip():
            self._item.append(line.strip())
        else:
            yield from self.finish()

    def _list_sections(self) -> tuple[str, ...]:
        return tuple(text for _, text in (*self._headings, *self._parents))

    def _add_heading(self, level: int, markdown: str) -> None:
        self._headings = [heading for heading in self._headings if heading[0] < level]
        self._parents = []
        # If the first heading has level 1, it is the title of the page.
        if level > 1 or self._has_title:
            self._headings.append((level, to_text(markdown)))
        self._has_title = True
