"""Split a block or a row into columns.

A label such as "Authors:" names the text after it. A class such as "pub-title" names the text of
its element. Other text is the title or a note.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from lxml import etree

from indexer.readers.formats.html_list.page import (
    STRONG,
    name_by_class,
    read_term,
    read_text,
    squeeze,
)
from indexer.readers.text.citations import (
    GENERIC,
    find_doi,
    find_last_sentence,
    find_title,
    find_year,
)

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
    is_title: bool
    is_italic: bool = False


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


def read_block(block: etree._Element) -> list[tuple[str, str]]:
    """Return the title of a block, its named texts, its other text as a note, and its links."""
    values: dict[str, list[str]] = {}
    rest: list[_Part] = []
    for part in _Splitter(block).parts:
        if part.name:
            values.setdefault(part.name, []).append(part.text)
        else:
            rest.append(part)
    columns = [(name, " ".join(texts).strip(_MARKS)) for name, texts in values.items()]
    title, note = read_term(block), rest
    if title.isdecimal():  # the block is listed under a year
        columns, title = [*columns, ("year", title)], ""
    if not title and not any(_TITLE.search(name) for name in values):
        title, note = _split_title(rest)
    text = " ".join(part.text for part in note if not GENERIC.fullmatch(part.text))
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
    first = next((part for part in parts if not GENERIC.fullmatch(part.text)), None)
    return (first.text, [part for part in parts if part is not first]) if first else ("", parts)


def _list_links(element: etree._Element) -> list[tuple[str, str]]:
    """Return the URLs of the links in an element, without repeats."""
    links = dict.fromkeys(squeeze(link.get("href")) for link in element.iter("a"))
    return [("link", link) for link in links if link and not link.startswith(("#", "javascript:"))]


class _Splitter:
    """Splits a block into parts. A label applies until its parent element or its line ends."""

    def __init__(self, block: etree._Element) -> None:
        self.parts: list[_Part] = []
        self._block = block
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
            is_generic = GENERIC.fullmatch(text) is not None
            is_title = self._titles[-1] and not is_generic
            # A link to a file after the last label has no label.
            name = "" if self._titles[-1] and is_generic else self._label or self._names[-1]
            is_italic = tag in ("i", "em")
            self.parts.append(_Part(name, text, is_title, is_italic))
