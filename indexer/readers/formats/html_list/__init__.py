"""Reader of publication lists in HTML: tables with a header row, and repeated blocks.

A page is recognized only if its list is most of its text. `finding` finds the list, and `blocks`
splits a block into columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BufferedIOBase
from urllib.parse import urljoin

from lxml import etree

from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, read_whole
from indexer.readers.formats.html_list.blocks import read_block, read_row
from indexer.readers.formats.html_list.finding import find_list, find_sections
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
    for number, block in enumerate(listing.blocks):
        columns = read_row(block, headings[number]) if headings else read_block(block)
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
