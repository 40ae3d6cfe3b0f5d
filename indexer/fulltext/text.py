"""FullText: the text of one file, page by page, and what it says about the publication."""

from __future__ import annotations

import msgspec

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem

PLAIN_TEXT = "text/plain"
"""The type of a text without markup."""
OUTPUT_BYTES_PER_CHARACTER = 10
"""Limit on the output of a process by the limit on the characters of a document."""
DECODING_ERRORS = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""Exceptions of decoding the output of a process that a hostile file may have taken over."""


class ExtractionError(Exception):
    """A file has no text that can be read. `message` says why, and `hint` describes the fix."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}. {hint}")
        self.message, self.hint = message, hint


class Fault(msgspec.Struct, frozen=True):
    """A part of a file that was not read, and a hint how to fix it, as in a Problem."""

    what: str
    hint: str


class FullText(msgspec.Struct, frozen=True, kw_only=True):
    """The text of one file.

    `digest` is the SHA-256 of the file (hexadecimal). `media_type` is its type, such as
    application/pdf. `pages` gives the text of each page, with an empty line between paragraphs. A
    page without a text layer is empty. If not `has_pages`, an item is a section of the text.
    A file that can't be read has no pages. `faults` are the parts of the file that are not in
    `pages`.

    The other attributes describe the publication; they are empty or None if they are not certain.
    `is_title_guessed`: the title is the largest text of the first page, or the name of the file.
    `language` is a code such as en. `is_language_detected`: nobody states it.
    """

    digest: str = ""
    media_type: str
    pages: tuple[str, ...]
    has_pages: bool = True
    faults: tuple[Fault, ...] = ()
    title: str = ""
    is_title_guessed: bool = False
    authors: tuple[str, ...] = ()
    year: int | None = None
    doi: str = ""
    language: str | None = None
    is_language_detected: bool = False

    @property
    def empty_pages(self) -> int:
        """The number of pages without text."""
        return sum(1 for page in self.pages if not page)

    def list_problems(self, file: str) -> list[Problem]:
        """Return the faults as problems of a file."""
        return [Problem(file, 0, fault.what, fault.hint) for fault in self.faults]


def limit_pages(pages: tuple[str, ...], limits: Limits) -> tuple[tuple[str, ...], list[Fault]]:
    """Return the pages up to the limits of pages and characters, and the limits they exceed."""
    faults = []
    if len(pages) > limits.most_pages:
        faults.append(make_page_fault(len(pages), limits))
        pages = pages[: limits.most_pages]
    remaining = limits.longest_document
    for index, page in enumerate(pages):
        if len(page) > remaining:
            message = f"the text has more than {limits.longest_document} characters"
            faults.append(Fault(message, suggest_raising("longest_document")))
            return (*pages[:index], page[:remaining]), faults
        remaining -= len(page)
    return pages, faults


def make_page_fault(pages: int, limits: Limits) -> Fault:
    """Return the fault of a document with more pages than the limit."""
    message = f"the document has {pages} pages, more than {limits.most_pages}"
    return Fault(message, suggest_raising("most_pages"))
