"""Lists of publications in Markdown: items with a link, below headings.

An item has the columns title, link, note, year and section. A page is only recognized if such
items are much of its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BufferedIOBase

import msgspec

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Chunk, Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, read_whole
from indexer.readers.citations import find_title, find_year
from indexer.readers.markdown import MarkdownLink, find_bold, find_links, to_text

NAME = "markdown-list"
VERSION = 1
SUFFIXES: tuple[str, ...] = (".md", ".markdown")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "title": ("title",),
    "year": ("year",),
    "summary": ("note",),
    "link": ("link",),
    "subjects": ("section",),
}

_NAMED_SCORE, _UNNAMED_SCORE, _WITH_FRONT_MATTER_SCORE = 40, 30, 65
_MIN_ITEMS, _MIN_SHARE = 5, 0.4
"""Items with a link that make a list, and their share of the characters of the page."""
_ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,4}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?(?=\S)")
_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*$")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_FRONT_MATTER = re.compile(r"\A\s*(---|\+\+\+)[ \t]*\n.*?\n\1[ \t]*(?:\n|\Z)", re.DOTALL)
_REFERENCE = re.compile(r"^[ ]{0,3}\[([^\]\n]{1,100})\]:[ \t]*<?([^\s<>]+)", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_GENERIC = re.compile(
    r"\W*(?:pdf|doi|link|links|here|html?|web|website|code|paper|full text|fulltext|arxiv|preprint|"
    r"slides|video|poster|bib|bibtex|abstract|download|read more|more|source|github|url|epub|data|"
    r"project|page|demo|blog|talk|supplement\w*|appendix|10\.\d{4,}/\S*|https?:\S*)\W*",
    re.IGNORECASE,
)
"""Texts of links that are no titles."""
_BEFORE, _AFTER = " \t\n-–—:|,;·•", " \t\n-–—:|.,;·•"
"""Marks that separate a title from what is before and after it."""


class _Context(msgspec.Struct, frozen=True):
    """What the page says of an item: the headings above it, and the URLs of its references."""

    sections: tuple[str, ...]
    references: dict[str, str]


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of many list items with links."""
    text = _decode(head)
    start = text.lstrip()[:1]
    if "\0" in text or not start or start in '<{"%@':
        return None
    front_matter = _FRONT_MATTER.match(text)
    body = text[front_matter.end() :] if front_matter else text
    references = _find_references(body)
    items = [item for item, _, _ in _list_items(body) if _choose_links(item, references)]
    characters = sum(map(len, items))
    if len(items) < _MIN_ITEMS or characters < _MIN_SHARE * len(" ".join(body.split())):
        return None
    is_named = filename.lower().endswith(SUFFIXES)
    score = _NAMED_SCORE if is_named else _UNNAMED_SCORE
    if front_matter and is_named:
        score = _WITH_FRONT_MATTER_SCORE
    return Evidence(score, f"it has a list with {len(items)} links")


def _decode(data: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"):
        try:
            return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as error:
            if error.end == len(data) and len(data) - error.start < 4:  # a cut character
                return _decode(data[: error.start])
    return data.decode("cp1252", "replace").replace("\r\n", "\n").replace("\r", "\n")


def split(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Chunk | Problem]:
    """Yield the items that have links."""
    for whole in read_whole(stream, file, limits):
        if isinstance(whole, Problem):
            yield whole
            continue
        text = _decode(whole.data)
        if text.count("\n") > limits.most_parts:
            message = f"the page has more than {limits.most_parts} lines"
            yield Problem(file, 0, message, suggest_raising("most_parts"))
            return
        if front_matter := _FRONT_MATTER.match(text):
            text = "\n" * front_matter[0].count("\n") + text[front_matter.end() :]
        references = _find_references(text)
        for item, line, sections in _list_items(text):
            if _choose_links(item, references):
                folded = item.casefold()
                named = {label: url for label, url in references.items() if f"[{label}]" in folded}
                context = msgspec.json.encode(_Context(sections, named))
                yield Chunk(item.encode(), file, line, context)


def _list_items(text: str) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Yield the items of lists: their Markdown, line, and the headings and items above them."""
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
    """The headings above a line, and the items that are open."""

    def __init__(self) -> None:
        self._headings: list[tuple[int, str]] = []
        self._parents: list[tuple[int, str]] = []
        self._item: list[str] = []
        self._indent = self._line = 0
        self._previous = ""
        self._has_title = False

    def add(self, line: str, number: int) -> Iterator[tuple[str, int, tuple[str, ...]]]:
        """Add a line. Yield the item before if it ends."""
        previous, self._previous = self._previous, line
        if heading := _HEADING.match(line):
            yield from self.finish()
            self._add_heading(len(heading[1]), heading[2])
        elif previous.strip() and not self._item and _UNDERLINE.match(line):
            self._add_heading(1 if line[0] == "=" else 2, previous)
        elif item := _ITEM.match(line):
            indent = len(item[1].expandtabs(4))
            is_detail = indent > self._indent and self._item and find_links(self._item[0])
            if is_detail:
                self._item.append(line[item.end() :])
                return
            yield from self.finish()
            self._parents = [each for each in self._parents if each[0] < indent]
            self._item, self._indent, self._line = [line[item.end() :]], indent, number
        elif not line.strip():
            self._previous = ""
        elif self._item:
            if line[0] in " \t" or previous.strip():
                self._item.append(line.strip())
            else:
                yield from self.finish()

    def finish(self) -> Iterator[tuple[str, int, tuple[str, ...]]]:
        """Yield the open item. One without a link is a heading of those below it."""
        if self._item:
            above = [text for _, text in self._headings] + [text for _, text in self._parents]
            text = "\n".join(self._item)
            yield text, self._line, tuple(above)
            if not find_links(self._item[0]):
                self._parents.append((self._indent, to_text(self._item[0])[:200]))
        self._item = []

    def _add_heading(self, level: int, markdown: str) -> None:
        self._headings = [each for each in self._headings if each[0] < level]
        self._parents = []
        # The first heading of the highest level is the title of the page.
        if level > 1 or self._has_title:
            self._headings.append((level, to_text(markdown)))
        self._has_title = True


def _find_references(text: str) -> dict[str, str]:
    """Return the URLs of reference links by label."""
    return {label.strip().casefold(): url for label, url in _REFERENCE.findall(text)}


def _choose_links(item: str, references: dict[str, str]) -> list[MarkdownLink]:
    """Return the links of an item that lead to another page."""
    return [link for link in find_links(item, references) if not link.url.startswith("#")]


def parse(chunk: Chunk, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the record of an item."""
    item = chunk.data.decode()
    context = msgspec.json.decode(chunk.context, type=_Context)
    links = _choose_links(item, context.references)
    title, rest = _split_title(item, links)
    stated = [("title", title), ("note", rest)]
    stated += [("link", url) for url in dict.fromkeys(link.url for link in links)]
    stated.append(("year", find_year(item)))
    stated += [("section", section) for section in context.sections]
    properties = tuple(Property(name, value, value) for name, value in stated if value)
    yield SourceRecord(SourceLocation(chunk.file, chunk.line), properties)


def _split_title(item: str, links: list[MarkdownLink]) -> tuple[str, str]:
    """Return the title of an item and the rest of its text.

    The title is the first link with a text of its own. Else it is bold, in quotation marks, after
    the year in parentheses, or the whole item.
    """
    for link in links:
        if link.text and not _GENERIC.fullmatch(link.text):
            return link.text, _clean(item[: link.start], item[link.end :])
    if bold := find_bold(item):
        return to_text(bold[2]).strip(_AFTER), _clean(item[: bold.start()], item[bold.end() :])
    if cited := find_title(item):
        title = to_text(cited[1]).strip(_AFTER)
        return title, _clean(item[: cited.start(1)].rstrip('"“«„'), item[cited.end() :])
    text = item
    for link in reversed(links):
        text = text[: link.start] + text[link.end :]
    title = _clean("", text)
    return title or links[0].url, ""


def _clean(before: str, after: str) -> str:
    """Return the text around a title, without the marks that separated it."""
    left, right = (" ".join(to_text(part).split()).strip(" *_") for part in (before, after))
    left = left.lstrip(_AFTER).rstrip(" -–—:|").removesuffix("(").removesuffix("[").rstrip()
    right = right.lstrip(_AFTER).rstrip(_BEFORE)
    left = left if right else left.rstrip(_BEFORE)
    if right.startswith((")", "]")):
        right = right[1:].lstrip(_AFTER)
    return f"{left} {right}".strip()
