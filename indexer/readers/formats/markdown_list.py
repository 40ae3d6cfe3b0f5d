"""Reader of publication lists in Markdown: links, citations, or rows of a table, below headings.

An item has the columns title, link, note, year, doi, and section. The other cells of a row have the
headings of their columns. A page is recognized only if its items are at least 40% of its text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from io import BufferedIOBase
from itertools import chain, islice
from typing import NamedTuple

from markdown_it.token import Token

from indexer.catalogue.column_names import fold_heading, list_headings
from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, LimitExceeded, read_whole
from indexer.readers.text.citations import (
    GENERIC,
    find_doi,
    find_repeated,
    find_title,
    find_year,
    has_words,
)
from indexer.readers.text.encodings import decode_file, decode_head
from indexer.readers.text.markdown import Link, Text, parse, read_inline

NAME = "markdown-list"
SUFFIXES: tuple[str, ...] = (".md", ".markdown")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "title": ("title|Title",),
    "year": ("year|Year|Date|date",),
    "summary": ("note",),
    "doi": ("doi|DOI",),
    "link": ("link",),
    "subjects": ("section",),
}

_NAMED_SCORE, _UNNAMED_SCORE, _WITH_FRONT_MATTER_SCORE = 40, 30, 65
_MIN_ITEMS, _MIN_SHARE = 5, 0.4
"""Minimum number of items in a list, and their share of the characters of the page."""
_FRONT_MATTER = re.compile(r"\A\s*(---|\+\+\+)[ \t]*\n.*?\n\1[ \t]*(?:\n|\Z)", re.DOTALL)
_MARK = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d{1,4}[.)])[ \t]|[^|\n]*\|)", re.MULTILINE)
"""The start of an item of a list, or a line with cells."""
_MAX_PARENT_CHARS = 200
_BEFORE, _AFTER = " \t\n-–—:|,;·•", " \t\n-–—:|.,;·•"
"""Marks that separate a title from the text before and after it."""


class _Item(NamedTuple):
    """A list item or a row of a table: its texts, and the headings and items above it.

    A list item has one text. A row has one for each cell, and the column `headings`. `size`: the
    characters of its Markdown.
    """

    cells: Sequence[Text]
    line: int
    size: int
    sections: tuple[str, ...]
    headings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return " | ".join(cell.text for cell in self.cells)

    @property
    def urls(self) -> list[str]:
        """The links to other pages."""
        urls = (link.url for cell in self.cells for link in cell.links)
        return [*dict.fromkeys(url for url in urls if not url.startswith("#"))]

    @property
    def is_entry(self) -> bool:
        """Whether it has a link, or is a citation with a title and a year."""
        return bool(self.urls or (find_year(self.text) and find_title(self.text)))


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of many list items with links, or of citations."""
    text = decode_head(head)
    start = text.lstrip()[:1]
    if "\0" in text or not start or start in '<{"%@':
        return None
    if sum(1 for _ in islice(_MARK.finditer(text), _MIN_ITEMS)) < _MIN_ITEMS:
        return None
    front_matter = _FRONT_MATTER.match(text)
    body = text[front_matter.end() :] if front_matter else text
    items = [item for item in _list_items(body) if item.is_entry]
    characters = sum(item.size for item in items)
    if len(items) < _MIN_ITEMS or characters < _MIN_SHARE * len(" ".join(body.split())):
        return None
    is_named = filename.lower().endswith(SUFFIXES)
    score = _NAMED_SCORE if is_named else _UNNAMED_SCORE
    if front_matter and is_named:
        score = _WITH_FRONT_MATTER_SCORE
    return Evidence(score, f"it has a list with {len(items)} links or citations")


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the items with links, and the citations."""
    text, problem = decode_file(read_whole(stream, limits), file)
    if text.count("\n") > limits.most_parts:
        raise LimitExceeded(f"{limits.most_parts} lines", "most_parts")
    if problem:
        yield problem
    if front_matter := _FRONT_MATTER.match(text):
        text = "\n" * front_matter[0].count("\n") + text[front_matter.end() :]
    items = [item for item in _list_items(text) if item.is_entry]
    links = chain.from_iterable(cell.links for item in items for cell in item.cells)
    repeated = find_repeated((link.text, link.url) for link in links)
    for item in items:
        yield _make_record(
            item._replace(cells=[_mute(each, repeated) for each in item.cells]), file
        )


def _mute(cell: Text, repeated: Set[str]) -> Text:
    """Return a text whose links have no text if they are in `repeated`, like bare URLs."""
    links = [link._replace(text="") if link.text in repeated else link for link in cell.links]
    return cell._replace(links=links)


def _list_items(text: str) -> Iterator[_Item]:
    """Yield the items of lists and the rows of tables."""
    headings: dict[str, str] = {}  # by tag
    has_title = False
    blocks = iter(parse(text))
    for block in blocks:
        sections = (*headings.values(),)
        if block.type == "heading_open":
            headings = {tag: name for tag, name in headings.items() if tag < block.tag}
            # If the first heading has level 1, it is the title of the page.
            if has_title or block.tag != "h1":
                headings[block.tag] = read_inline([next(blocks)]).text
            has_title = True
        elif block.type == "table_open":
            yield from _list_rows(blocks, sections)
        elif block.type == "list_item_open":
            yield from _list_item(blocks, block, sections)


def _list_rows(blocks: Iterator[Token], sections: tuple[str, ...]) -> Iterator[_Item]:
    """Yield the rows of the table that is open."""
    line, headings, row = 0, list[str](), list[Token]()
    for block in blocks:
        if block.type == "tr_open":
            line, row = _get_line(block), []
        elif block.type == "th_open":
            headings.append(read_inline([next(blocks)]).text)
        elif block.type == "td_open":
            row.append(next(blocks))
        elif block.type == "tr_close" and row:
            yield _make_item(line, [[cell] for cell in row], sections, headings)
        elif block.type == "table_close":
            return


def _list_item(blocks: Iterator[Token], first: Token, sections: tuple[str, ...]) -> Iterator[_Item]:
    """Yield the item of a list that is open, and the items in it.

    If it has a link, the items in it are details of it. Otherwise, its text is their last section.
    """
    texts, own = list[Token](), Text("")
    for block in blocks:
        if block.type == "inline":
            own = own if texts else read_inline([block])
            texts.append(block)
        elif block.type == "list_item_close" and block.level == first.level:
            break
        elif block.type == "list_item_open" and not own.links:
            if texts:
                yield _make_item(_get_line(first), [texts], sections)
                sections, texts = (*sections, own.text[:_MAX_PARENT_CHARS]), []
            yield from _list_item(blocks, block, sections)
    if texts:
        yield _make_item(_get_line(first), [texts], sections)


def _make_item(
    line: int, cells: Sequence[Sequence[Token]], sections: tuple[str, ...],
    headings: Sequence[str] = (),
) -> _Item:  # fmt: skip
    size = sum(len(block.content) for cell in cells for block in cell)
    return _Item(tuple(map(read_inline, cells)), line, size, sections, tuple(headings))


def _get_line(block: Token) -> int:
    return block.map[0] + 1 if block.map else 0


def _make_record(item: _Item, file: str) -> SourceRecord:
    columns = [*(_read_row(item) if item.headings else _split_title(item.cells[0]))]
    names = {name.casefold() for name, _ in columns}
    columns += [("link", url) for url in item.urls]
    if names.isdisjoint(("year", "date")):
        columns.append(("year", find_year(item.text)))
    if "doi" not in names:
        columns.append(("doi", find_doi([*item.urls, item.text])))
    columns += [("section", section) for section in item.sections]
    properties = tuple(Property(name, value, value) for name, value in columns if value)
    return SourceRecord(SourceLocation(file, item.line), properties)


def _read_row(row: _Item) -> Iterator[tuple[str, str]]:
    """Yield the columns of a row.

    The title is below a usual heading, or else in the first cell with a link to a publication.
    """
    usual = {fold_heading(name) for name in list_headings()["title"]}
    titled = next((each for each in row.headings if fold_heading(each) in usual), None)
    has_title = titled is not None
    for number, (heading, cell) in enumerate(zip(row.headings, row.cells, strict=False), 1):
        if not has_title and any(map(_is_title, cell.links)):
            has_title = True
            yield from _split_title(cell)
        else:
            name = "title" if heading == titled else heading or f"column {number}"
            yield name, cell.text.strip()


def _is_title(link: Link) -> bool:
    return not (link.url.startswith("#") or GENERIC.fullmatch(link.text))


def _split_title(item: Text) -> Iterator[tuple[str, str]]:
    """Yield the title of an item and the rest of its text, as the column "note".

    The title is the first link whose text is specific, unless words and a link to them come before
    it. Otherwise it is bold, in quotation marks, after the year in parentheses, or the whole item.
    Links are a part of that only if it has no other words.
    """
    text, bold = item.text, item.bold
    link = next(filter(_is_title, item.links), None)
    if link and (link is item.links[0] or not has_words(text[: item.links[0].start])):
        yield "title", link.text.strip()
        yield "note", _clean(text[: link.start], text[link.end :])
    elif bold:
        yield "title", text[slice(*bold)].strip(_AFTER)
        yield "note", _clean(text[: bold[0]], text[bold[1] :])
    elif cited := find_title(text):
        yield "title", cited[1].strip(_AFTER)
        yield "note", _clean(text[: cited.start(1)].rstrip('"“«„'), text[cited.end() :])
    else:
        for link in reversed(item.links):
            text = text[: link.start] + text[link.end :]
        yield "title", _clean("", text if has_words(text) else item.text)


def _clean(before: str, after: str) -> str:
    """Return the text around a title, without separators next to the title."""
    left, right = (" ".join(part.split()) for part in (before, after))
    left = left.lstrip(_AFTER).rstrip(" -–—:|").removesuffix("(").removesuffix("[").rstrip()
    right = right.lstrip(_AFTER).rstrip(_BEFORE)
    left = left if right else left.rstrip(_BEFORE)
    if right.startswith((")", "]")):
        right = right[1:].lstrip(_AFTER)
    return f"{left} {right}".strip()
