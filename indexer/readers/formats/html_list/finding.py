"""Find the list of publications in a page.

The blocks of a list are elements of one kind. They have the same tag and class, and their parents
have the same tag and class.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from lxml import etree

from indexer.readers.formats.html_list.page import STRONG, name_by_class, read_term, read_text
from indexer.readers.tables.headings import has_heading_words
from indexer.readers.text.citations import find_title

_MIN_BLOCKS, _MIN_SHARE, _MIN_TITLED = 5, 0.5, 0.8
"""Minimum number of blocks in a list, their share of the text of the page, and the share of the
blocks that have a title."""
_MIN_BLOCK_CHARS = 25
"""Minimum average length of a block. Menu entries are shorter."""
_BLOCK_TAGS = frozenset(("li", "p", "tr", "div", "article", "section", "dt", "dd", "blockquote"))
_SKIPPED = frozenset(
    ("script", "style", "nav", "header", "footer", "aside", "form", "noscript", "template", "head")
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "caption"))
_TITLES = STRONG | {"label", "i", "em"}
_MAX_HEADING_CHARS = 200


class PublicationList(NamedTuple):
    """The blocks of a page, or the rows of its tables and the headings of each row."""

    blocks: tuple[etree._Element, ...]
    headings: tuple[tuple[str, ...], ...] = ()


def find_list(page: etree._Element) -> PublicationList | None:
    """Return the list that is most of the text of a page, or None."""
    lengths = _measure(page)
    needed = _MIN_SHARE * lengths.get(page, 0)
    if not needed:
        return None
    return _find_rows(page, lengths, needed) or _find_blocks(lengths, needed)


def _measure(page: etree._Element) -> dict[etree._Element, int]:
    """Return the characters of text in each element that has any, without menus and scripts."""
    lengths: dict[etree._Element, int] = {}
    walker = etree.iterwalk(page, events=("start", "end"))
    for event, element in walker:
        if event == "start":
            is_skipped = element.tag in _SKIPPED and not _is_in_article(element)
            lengths[element] = 0 if is_skipped else len((element.text or "").strip())
            if is_skipped:
                walker.skip_subtree()
            continue
        parent = element.getparent()
        if parent is not None and parent in lengths:
            lengths[parent] += lengths[element] + len((element.tail or "").strip())
    return {element: length for element, length in lengths.items() if length}


def _is_in_article(element: etree._Element) -> bool:
    """Return whether an element is the header or footer of an article, not of the page."""
    is_edge = element.tag in ("header", "footer")
    return is_edge and next(element.iterancestors("article", "li"), None) is not None


def _find_rows(
    page: etree._Element, lengths: dict[etree._Element, int], needed: float
) -> PublicationList | None:
    """Return the rows of all tables with headings, if they are most of the text."""
    rows: list[etree._Element] = []
    headings: list[tuple[str, ...]] = []
    names: dict[etree._Element, tuple[str, ...]] = {}
    for row in page.iter("tr"):
        table = next(row.iterancestors("table"), None)
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        if table is None or len(cells) < 2:
            continue
        if _is_header(row, cells):
            names[table] = tuple(read_text(cell) for cell in cells)
        elif table in names and row in lengths:
            rows.append(row)
            headings.append(names[table])
    if len(rows) < _MIN_BLOCKS or sum(lengths[row] for row in rows) < needed:
        return None
    return PublicationList(tuple(rows), tuple(headings))


def _is_header(row: etree._Element, cells: list[etree._Element]) -> bool:
    """Return whether a row has the headings of a table.

    It has header tags, or it is the first row and has only bold text or usual headings.
    """
    parent = row.getparent()
    if all(cell.tag == "th" for cell in cells) or (parent is not None and parent.tag == "thead"):
        return True
    texts = [read_text(cell) for cell in cells]
    are_bold = all(
        len(cell) == 1 and cell[0].tag in STRONG and text == read_text(cell[0])
        for cell, text in zip(cells, texts, strict=True)
    )
    return row.getprevious() is None and (are_bold or has_heading_words(texts))


def _find_blocks(lengths: dict[etree._Element, int], needed: float) -> PublicationList | None:
    """Return the most numerous blocks of one kind that are most of the text."""
    kinds: dict[tuple[object, ...], list[etree._Element]] = defaultdict(list)
    for element in lengths:
        if element.tag in _BLOCK_TAGS:
            parent = element.getparent()
            parent_kind = () if parent is None else (parent.tag, parent.get("class"))
            # An article has classes with its own number and topics.
            class_name = None if element.tag == "article" else element.get("class")
            kinds[element.tag, class_name, *parent_kind].append(element)
    candidates: list[tuple[int, int, list[etree._Element]]] = []
    for blocks in kinds.values():
        if len(blocks) < _MIN_BLOCKS or _is_nested(blocks):
            continue
        titled = [block for block in blocks if _has_title(block)]
        characters = sum(lengths[block] for block in titled)
        is_list = len(titled) >= max(_MIN_BLOCKS, _MIN_TITLED * len(blocks))
        if is_list and characters >= max(needed, _MIN_BLOCK_CHARS * len(titled)):
            candidates.append((len(titled), characters, titled))
    chosen = max(candidates, key=lambda candidate: candidate[:2], default=None)
    return PublicationList(tuple(chosen[2])) if chosen else None


def _is_nested(blocks: list[etree._Element]) -> bool:
    members = set(blocks)
    return any(not members.isdisjoint(block.iterancestors()) for block in blocks)


def _has_title(block: etree._Element) -> bool:
    """Return whether a block has a link to another page, or shows its title in another way."""
    if read_term(block) or find_title(read_text(block)):
        return True
    for element in block.iter():
        if element.tag == "a":
            url = element.get("href") or ""
            if url and not url.startswith("#"):
                return True
        elif element.tag in _TITLES or (element is not block and name_by_class(element)):
            return True
    return False


def find_sections(page: etree._Element, blocks: tuple[etree._Element, ...]) -> list[str]:
    """Return the heading above each block. The first heading of the page is its title."""
    numbers = {block: number for number, block in enumerate(blocks)}
    sections = [""] * len(blocks)
    section, is_first = "", True
    open_block: etree._Element | None = None
    for event, element in etree.iterwalk(page, events=("start", "end")):
        if event == "end":
            open_block = None if element is open_block else open_block
        elif element in numbers:
            sections[numbers[element]] = section
            open_block = element if open_block is None else open_block
        elif element.tag in _HEADINGS and open_block is None:
            is_title = is_first and element.tag == "h1"
            section = "" if is_title else read_text(element)[:_MAX_HEADING_CHARS]
            is_first = False
    return sections
