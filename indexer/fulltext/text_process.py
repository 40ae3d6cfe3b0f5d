"""Child process that reads a text, a web page, JATS, or TEI: see `indexer.child_process`.

Its standard input is the file. Its arguments are the suffix of its name, its digest, and the
limits. Its standard output is a FullText in MessagePack. If the file can't be read, it has no
pages, and the reason is its only fault.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import msgspec

from indexer.catalogue.limits import Limits
from indexer.fulltext import markup
from indexer.fulltext.cleaning import clean_pages
from indexer.fulltext.text import (
    PLAIN_TEXT,
    ExtractionError,
    Fault,
    FullText,
    limit_pages,
    make_page_fault,
)


def main(suffix: str, digest: str, limits: dict[str, Any]) -> None:
    """Write the text of the file on standard input."""
    read, media_type = READERS[suffix]
    try:
        text = read(sys.stdin.buffer.read(), digest, msgspec.convert(limits, Limits))
        if not any(text.pages):
            raise ExtractionError("the file has no text", "Remove it, or save it again")
    except ExtractionError as error:
        faults = (Fault(error.message, error.hint),)
        text = FullText(digest=digest, media_type=media_type, pages=(), faults=faults)
    sys.stdout.buffer.write(msgspec.msgpack.encode(text))
    sys.stdout.buffer.flush()


def _read_plain_text(data: bytes, digest: str, limits: Limits) -> FullText:
    """Return a plain text. A form feed ends a page. Text over the limits is not cleaned."""
    text = markup.decode(data)
    count = text.count("\f") + 1
    faults = [make_page_fault(count, limits)] if count > limits.most_pages else []
    raw, more = limit_pages(tuple(text.split("\f", limits.most_pages)[: limits.most_pages]), limits)
    pages = clean_pages([page.splitlines() for page in raw])
    return FullText(
        digest=digest, media_type=PLAIN_TEXT, pages=pages, has_pages=count > 1,
        faults=(*faults, *more),
    )  # fmt: skip


def _read_html(data: bytes, digest: str, limits: Limits) -> FullText:
    return _make_text(markup.read_html(data), digest, limits)


def _read_xml(data: bytes, digest: str, limits: Limits) -> FullText:
    return _make_text(markup.read_xml(data), digest, limits)


def _make_text(text: markup.Markup, digest: str, limits: Limits) -> FullText:
    pages, faults = limit_pages(text.sections, limits)
    return FullText(
        digest=digest, media_type=text.media_type, pages=pages, has_pages=False,
        faults=tuple(faults), title=text.title,
    )  # fmt: skip


READERS: dict[str, tuple[Callable[[bytes, str, Limits], FullText], str]] = {
    **dict.fromkeys((".txt", ".text", ".md", ".markdown"), (_read_plain_text, PLAIN_TEXT)),
    **dict.fromkeys((".html", ".htm", ".xhtml"), (_read_html, markup.HTML)),
    **dict.fromkeys((".xml", ".nxml", ".tei"), (_read_xml, markup.XML)),
}
"""The functions that read a text, and its type if it can't be read, by the suffix of its name."""
