"""Reader of publication lists in HTML: tables with a header row, and repeated blocks.

A page is recognized only if its list is most of its text. The blocks of a list are elements of one
kind: they have the same tag and class, and so do their parents. In a block, a label such as
"Authors:" names the text after it, and a class such as "pub-title" the text of its element. Other
text is the title or a note.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from io import BufferedIOBase
from typing import NamedTuple
from urllib.parse import urljoin

from lxml import etree

from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, read_whole
from indexer.readers.tables.headings import has_heading_words
from indexer.readers.text.citations import (
    GENERIC,
    find_doi,
    find_last_sentence,
    find_repeated,
    find_title,
    find_year,
    has_words,
)
from indexer.readers.text.web_page import read_page

NAME = "html-list"
SUFFIXES: tuple[str, ...] = (".html", ".htm", ".xhtml")
FIELDS: Mapping[str, tuple[str, ...]] = {}
"""The columns are the headings and labels of a page, so they are mapped by name and value."""

_TABLE_SCORE, _BLOCK_SCORE = 40, 35
_START = re.compile(rb"<(?:!doctype html|html|body|table|ul|ol|dl|div|h[1-6]|p)\b")


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of a table with headings, or of repeated blocks."""
    start = head[:2000].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if not start.startswith(b"<") or not _START.search(start):
        return None
    page, _ = read_page(head, filename, LIMITS)
    if not (listing := find_list(page)):
        return None
    if listing.headings:
        return Evidence(_TABLE_SCORE, f"it has a table with {len(listing.blocks)} rows")
    return Evidence(_BLOCK_SCORE, f"it has a list of {len(listing.blocks)} similar blocks")


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield a record for each block of the list in a page."""
    page, problems = read_page(read_whole(stream, limits), file, limits)
    yield from problems
    if not (listing := find_list(page)):
        if not problems:
            hint = "Use a page with a table or a list of publications"
            yield Problem(file, 0, "the page has no list of publications", hint)
        return
    _complete(page)
    sections = find_sections(page, listing.blocks)
    headings = listing.headings
    links = (link for block in listing.blocks for link in block.iter("a"))
    repeated = find_repeated((squeeze(link.text), link.get("href") or "") for link in links)
    for number, block in enumerate(listing.blocks):
        columns = read_row(block, headings[number]) if headings else read_block(block, repeated)
        columns += [("section", sections[number]), ("id", block.get("id") or "")]
        properties = tuple(Property(name, value, value) for name, value in columns if value)
        if properties:
            yield SourceRecord(SourceLocation(file, block.sourceline or 0), properties)


def _complete(page: etree._Element) -> None:
    """Make links absolute, if the page states its address, and line breaks spaces."""
    for part in page.iter("br"):
        part.tail = f" {part.tail or ''}"
    base = next(iter(page.xpath("//base/@href | //link[@rel='canonical']/@href")), "")
    for link in page.xpath("//a[@href][not(starts-with(@href, '#'))]") if base else ():
        with suppress(ValueError):  # an invalid address
            link.set("href", urljoin(base, link.get("href")))


STRONG = frozenset(("b", "strong", "cite", "h2", "h3", "h4", "h5", "h6", "dt"))
"""Elements whose text can be a title."""
_KNOWN_CLASS = re.compile(
    r"(?:^|[\W_])(title|author|abstract|summary|description|year|date|journal|venue|publisher|doi|"
    r"isbn|issn|keyword|tag|volume|issue|pages|type)s?(?:$|[\W_])",
    re.IGNORECASE,
)
"""Classes that name the content of an element."""
_SPACE = re.compile(r"\s+")


def squeeze(text: str | None) -> str:
    """Return a text with each run of whitespace replaced by a space."""
    return _SPACE.sub(" ", text or "").strip()


def read_text(element: etree._Element) -> str:
    return squeeze("".join(element.itertext()))


def read_term(description: etree._Element) -> str:
    """Return the `<dt>` that a `<dd>` describes, or an empty string for any other element."""
    term = description.getprevious() if description.tag == "dd" else None
    while term is not None and term.tag == "dd":
        term = term.getprevious()
    return read_text(term) if term is not None and term.tag == "dt" else ""


def name_by_class(element: etree._Element) -> str:
    """Return the name in the class of an element, or an empty string."""
    match = _KNOWN_CLASS.search(element.get("class") or "")
    return match[1].lower() if match else ""


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
_TITLE_TAGS = STRONG | {"label", "i", "em"}
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
        members = set(blocks)
        is_nested = any(not members.isdisjoint(block.iterancestors()) for block in blocks)
        if len(blocks) < _MIN_BLOCKS or is_nested:
            continue
        titled = [block for block in blocks if _has_title(block)]
        characters = sum(lengths[block] for block in titled)
        is_list = len(titled) >= max(_MIN_BLOCKS, _MIN_TITLED * len(blocks))
        if is_list and characters >= max(needed, _MIN_BLOCK_CHARS * len(titled)):
            candidates.append((len(titled), characters, titled))
    chosen = max(candidates, key=lambda candidate: candidate[:2], default=None)
    return PublicationList(tuple(chosen[2])) if chosen else None


def _has_title(block: etree._Element) -> bool:
    """Return whether a block has a link to another page, or shows its title in another way."""
    if read_term(block) or find_title(read_text(block)):
        return True
    for element in block.iter():
        if element.tag == "a":
            url = element.get("href") or ""
            if url and not url.startswith("#"):
                return True
        elif element.tag in _TITLE_TAGS or (element is not block and name_by_class(element)):
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


_LABEL = re.compile(r"([^\d\W][^:]{0,38}?)\s*:\s*")
_LABEL_TAGS = frozenset(("label", "dt", "b", "strong", "span", "em", "i", "th"))
_ENDS_OF_LABELS = frozenset(("br", "li", "p", "div", "tr", "dd"))
_TITLE = re.compile(r"tit(?:le|re|el|olo|ulo)", re.IGNORECASE)
_YEAR = re.compile(r"year|date|published|jahr|ann[éo]|año", re.IGNORECASE)
_MARKS = " |–—-·•,;:"


class _Part(NamedTuple):
    """A piece of text in a block: its label or class, and whether it can be a title.

    `is_title`: it is a link or bold. Italic text is the title only if nothing else is.
    """

    name: str
    text: str
    is_title: bool = False
    is_italic: bool = False
    says_nothing: bool = False


def read_row(row: etree._Element, headings: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the cells of a row by heading, and its links.

    A repeated heading is numbered, and an empty one is replaced by the number of its column.
    """
    columns: list[tuple[str, str]] = []
    seen: Counter[str] = Counter()
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    for number, cell in enumerate(cells, 1):
        heading = headings[number - 1] if number <= len(headings) else ""
        name = heading or f"column {number}"
        seen[name] += 1
        columns.append((name if seen[name] == 1 else f"{name} {seen[name]}", read_text(cell)))
    links = _list_links(row)
    if "doi" not in map(str.lower, headings):
        columns.append(("doi", find_doi(url for _, url in links)))
    return columns + links


def read_block(block: etree._Element, repeated: Set[str]) -> list[tuple[str, str]]:
    """Return the title of a block, its named texts, its other text as a note, and its links.

    A title is none of the `repeated` texts of links, unless the block has no other words.
    """
    values: dict[str, list[str]] = {}
    unnamed: list[_Part] = []
    for part in _Splitter(block, repeated).parts:
        if part.name:
            values.setdefault(part.name, []).append(part.text)
        else:
            unnamed.append(part)
    rest = [part for part in unnamed if not part.says_nothing]
    columns = [(name, " ".join(texts).strip(_MARKS)) for name, texts in values.items()]
    title, note = read_term(block), rest
    if title.isdecimal():  # the block is listed under a year
        columns, title = [*columns, ("year", title)], ""
    if not title and not any(_TITLE.search(name) for name in values):
        if not any(has_words(part.text) for part in rest):
            rest = [_Part("", " ".join(part.text for part in unnamed))]
        title, note = _split_title(rest)
    text = " ".join(part.text for part in note)
    year = "" if any(_YEAR.search(name) for name, _ in columns) else find_year(text)
    links = _list_links(block)
    texts = (*(url for _, url in links), read_text(block))
    doi = "" if "doi" in map(str.lower, values) else find_doi(texts)
    text = text.strip(_MARKS).lstrip(".) ")
    return [("title", title), *columns, ("year", year), ("doi", doi), ("note", text), *links]


def _split_title(parts: list[_Part]) -> tuple[str, list[_Part]]:
    """Return the title among unnamed parts, and the other parts."""
    for index, part in enumerate(parts):
        if part.is_title:
            return part.text, parts[:index] + parts[index + 1 :]
    text = " ".join(part.text for part in parts)
    if cited := find_title(text):
        before, after = text[: cited.start(1)].rstrip('"“«„'), text[cited.end() :]
        return cited[1].strip(" .,"), [_Part("", before.strip(), False), _Part("", after, False)]
    for index, part in enumerate(parts):
        if part.is_italic:
            before = " ".join(previous.text for previous in parts[:index])
            if title := find_last_sentence(before):  # the italic text is a journal
                authors = before.strip().removesuffix(title).strip()
                return title.strip(" .,"), [_Part("", authors, False), *parts[index:]]
            return part.text, parts[:index] + parts[index + 1 :]
    return (parts[0].text, parts[1:])


def _list_links(element: etree._Element) -> list[tuple[str, str]]:
    """Return the URLs of the links in an element, without repeats."""
    links = dict.fromkeys(squeeze(link.get("href")) for link in element.iter("a"))
    return [("link", link) for link in links if link and not link.startswith(("#", "javascript:"))]


class _Splitter:
    """Splits a block into parts. A label applies until its parent element or its line ends."""

    def __init__(self, block: etree._Element, repeated: Set[str]) -> None:
        self.parts: list[_Part] = []
        self._block, self._repeated = block, repeated
        self._has_words = self._has_linked_words = False
        self._label, self._label_depth = "", 0
        self._names, self._titles = [""], [False]
        for event, element in etree.iterwalk(block, events=("start", "end")):
            if event == "start":
                self._start(element)
            else:
                self._end(element)

    def _start(self, element: etree._Element) -> None:
        is_inner = element is not self._block
        name = name_by_class(element) if is_inner else ""
        is_title = element.tag in STRONG or (element.tag == "a" and bool(element.get("href")))
        self._names.append(name or self._names[-1])
        self._titles.append((is_title and is_inner) or self._titles[-1])
        text = squeeze(element.text)
        if (element.tail or "").lstrip().startswith(":"):
            text += ":"
        label = _LABEL.fullmatch(text) if element.tag in _LABEL_TAGS and is_inner else None
        if label:
            self._label, self._label_depth = label[1], len(self._names) - 1
        else:
            self._add(text, element.tag)

    def _end(self, element: etree._Element) -> None:
        self._names.pop()
        self._titles.pop()
        if len(self._names) < self._label_depth or element.tag in _ENDS_OF_LABELS:
            self._label = ""
        if element is not self._block:
            self._add(squeeze(element.tail).lstrip(": "))

    def _add(self, text: str, tag: str = "") -> None:
        if text:
            says_nothing = text in self._repeated or GENERIC.fullmatch(text) is not None
            # After words and a link to them, no other link is the title.
            is_title = self._titles[-1] and not says_nothing and not self._has_linked_words
            self._has_linked_words |= self._has_words and self._titles[-1] and says_nothing
            self._has_words = self._has_words or (not says_nothing and has_words(text))
            # A link to a file after the last label has no label.
            name = "" if self._titles[-1] and says_nothing else self._label or self._names[-1]
            is_italic = tag in ("i", "em")
            self.parts.append(_Part(name, text, is_title, is_italic, says_nothing))
