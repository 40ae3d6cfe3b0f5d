"""Reader of publication lists in Markdown: links, citations, or rows of a table, below headings.

An item has the columns title, link, note, year, doi, and section. The other cells of a row have the
headings of their columns. A page is recognized only if its items are at least 40% of its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BufferedIOBase

import msgspec

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, read_whole
from indexer.readers.chunks import Chunk, parse_chunks
from indexer.readers.formats.markdown_list.outline import list_items, split_cells
from indexer.readers.text.citations import find_doi, find_title, find_year
from indexer.readers.text.encodings import decode_file, decode_head
from indexer.readers.text.markdown import MarkdownLink, find_bold, find_links, to_text

NAME = "markdown-list"
SUFFIXES: tuple[str, ...] = (".md", ".markdown")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "title": ("title|Title",),
    "year": ("year",),
    "summary": ("note",),
    "doi": ("doi|DOI",),
    "link": ("link",),
    "subjects": ("section",),
}

_NAMED_SCORE, _UNNAMED_SCORE, _WITH_FRONT_MATTER_SCORE = 40, 30, 65
_MIN_ITEMS, _MIN_SHARE = 5, 0.4
"""Minimum number of items in a list, and their share of the characters of the page."""
_LABEL = re.compile(r"\[([^\[\]\n]{1,100})\]")
_FRONT_MATTER = re.compile(r"\A\s*(---|\+\+\+)[ \t]*\n.*?\n\1[ \t]*(?:\n|\Z)", re.DOTALL)
_REFERENCE = re.compile(r"^[ ]{0,3}\[([^\]\n]{1,100})\]:[ \t]*<?([^\s<>]+)", re.MULTILINE)
_GENERIC = re.compile(
    r"\W*(?:pdf|doi|link|links|here|html?|web|website|code|paper|full text|fulltext|arxiv|preprint|"
    r"slides|video|poster|bib|bibtex|abstract|download|read more|more|source|github|url|epub|data|"
    r"project|page|demo|blog|talk|supplement\w*|appendix|10\.\d{4,}/\S*|https?:\S*)\W*",
    re.IGNORECASE,
)
"""Link texts that are not titles."""
_BEFORE, _AFTER = " \t\n-–—:|,;·•", " \t\n-–—:|.,;·•"
"""Marks that separate a title from the text before and after it."""


class _Context(msgspec.Struct, frozen=True):
    """The section headings above an item, and the URLs of its reference links by label.

    `headings` are the column headings of a row.
    """

    sections: tuple[str, ...]
    references: dict[str, str]
    headings: tuple[str, ...] = ()


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of many list items with links, or of citations."""
    text = decode_head(head)
    start = text.lstrip()[:1]
    if "\0" in text or not start or start in '<{"%@':
        return None
    front_matter = _FRONT_MATTER.match(text)
    body = text[front_matter.end() :] if front_matter else text
    references = _find_references(body)
    items = [item.markdown for item in list_items(body) if _is_entry(item.markdown, references)]
    characters = sum(map(len, items))
    if len(items) < _MIN_ITEMS or characters < _MIN_SHARE * len(" ".join(body.split())):
        return None
    is_named = filename.lower().endswith(SUFFIXES)
    score = _NAMED_SCORE if is_named else _UNNAMED_SCORE
    if front_matter and is_named:
        score = _WITH_FRONT_MATTER_SCORE
    return Evidence(score, f"it has a list with {len(items)} links or citations")


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the records of a file, in order."""
    return parse_chunks(split_chunks(stream, file, limits), parse, limits)


def split_chunks(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Chunk | Problem]:
    """Yield the items with links, and the citations."""
    text, problem = decode_file(read_whole(stream, limits), file)
    if problem:
        yield problem
    if text.count("\n") > limits.most_parts:
        message = f"the page has more than {limits.most_parts} lines"
        yield Problem(file, 0, message, suggest_raising("most_parts"))
        return
    if front_matter := _FRONT_MATTER.match(text):
        text = "\n" * front_matter[0].count("\n") + text[front_matter.end() :]
    references = _find_references(text)
    for item in list_items(text):
        if _is_entry(item.markdown, references):
            labels = _LABEL.findall(item.markdown.casefold()) if references else ()
            used = {label: references[label] for label in labels if label in references}
            context = msgspec.json.encode(_Context(item.sections, used, item.headings))
            yield Chunk(item.markdown.encode("utf-8", "replace"), file, item.line, context)


def _find_references(text: str) -> dict[str, str]:
    """Return the URLs of reference links by label."""
    return {label.strip().casefold(): url for label, url in _REFERENCE.findall(text)}


def _choose_links(item: str, references: dict[str, str]) -> list[MarkdownLink]:
    """Return the links of an item to other pages."""
    return [link for link in find_links(item, references) if not link.url.startswith("#")]


def _is_entry(item: str, references: dict[str, str]) -> bool:
    """Return whether an item has a link, or is a citation with a title and a year."""
    return bool(_choose_links(item, references) or (find_year(item) and find_title(item)))


def parse(chunk: Chunk, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the record of an item."""
    item = chunk.data.decode()
    context = msgspec.json.decode(chunk.context, type=_Context)
    links = _choose_links(item, context.references)
    if context.headings:
        columns = _read_row(item, context)
    else:
        title, rest = _split_title(item, links)
        columns = [("title", title), ("note", rest)]
    urls = list(dict.fromkeys(link.url for link in links))
    names = {name.casefold() for name, _ in columns}
    columns += [("link", url) for url in urls]
    if names.isdisjoint(("year", "date")):
        columns.append(("year", find_year(to_text(item))))
    if "doi" not in names:
        columns.append(("doi", find_doi([*urls, item])))
    columns += [("section", section) for section in context.sections]
    properties = tuple(Property(name, value, value) for name, value in columns if value)
    yield SourceRecord(SourceLocation(chunk.file, chunk.line), properties)


def _read_row(row: str, context: _Context) -> list[tuple[str, str]]:
    """Return the columns of a row. The first cell with a link to a publication has the title."""
    columns: list[tuple[str, str]] = []
    has_title = any(heading.casefold() == "title" for heading in context.headings)
    for number, cell in enumerate(split_cells(row)):
        heading = context.headings[number] if number < len(context.headings) else ""
        links = _choose_links(cell, context.references)
        titles = [link for link in links if link.text and not _GENERIC.fullmatch(link.text)]
        if titles and not has_title:
            has_title = True
            title, rest = _split_title(cell, links)
            columns += [("title", title), ("note", rest)]
        else:
            columns.append((heading or f"column {number + 1}", to_text(cell)))
    return columns


def _split_title(item: str, links: list[MarkdownLink]) -> tuple[str, str]:
    """Return the title of an item and the rest of its text.

    The title is the first link whose text is specific. Otherwise it is bold, in quotation marks,
    after the year in parentheses, or the whole item.
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
    return title or next((link.url for link in links), ""), ""


def _clean(before: str, after: str) -> str:
    """Return the text around a title, without separators next to the title."""
    left, right = (" ".join(to_text(part).split()).strip(" *_") for part in (before, after))
    left = left.lstrip(_AFTER).rstrip(" -–—:|").removesuffix("(").removesuffix("[").rstrip()
    right = right.lstrip(_AFTER).rstrip(_BEFORE)
    left = left if right else left.rstrip(_BEFORE)
    if right.startswith((")", "]")):
        right = right[1:].lstrip(_AFTER)
    return f"{left} {right}".strip()
