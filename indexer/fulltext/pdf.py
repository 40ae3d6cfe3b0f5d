"""PDF: the text of a PDF, which the child process `pdf_process` reads with limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import IO

import msgspec

from indexer.catalogue.limits import Limits
from indexer.child_process import ChildFailed, ProcessLimits, run_limited
from indexer.extras import describe_installation
from indexer.fulltext import pdf_description
from indexer.fulltext.cleaning import clean_pages
from indexer.fulltext.pdf_description import Description, Line
from indexer.fulltext.text import (
    DECODING_ERRORS,
    OUTPUT_BYTES_PER_CHARACTER,
    ExtractionError,
    Fault,
    FullText,
    limit_pages,
    make_page_fault,
)

MEDIA_TYPE = "application/pdf"
PACKAGE = "pypdfium2"
MAX_MEMORY_BYTES = 1_500_000_000
"""Limit on the address space. A file of 100 MB takes twice its size and 0.2 GB."""
MAX_SECONDS = 120
"""Limit on the processor time of a file. 5,000 pages take about 60 s."""
MAX_PAGE_SECONDS = 60
"""Limit on the time of one page."""
_PROGRAM = str(Path(__file__).with_name("pdf_process.py"))
NOT_INSTALLED = "a PDF needs the extra `pdf`, which is not installed"
_SAVE_AGAIN = "Open it in a PDF program, and save it again"
_RUN_OCR = "Run OCR first, for example with OCRmyPDF"
_ERRORS = {
    "encrypted": ("the PDF is protected by a password", "Save it without the password"),
    "damaged": ("the PDF is damaged", _SAVE_AGAIN),
    "memory": ("the PDF needs too much memory", _SAVE_AGAIN),
}
_MAX_PITCH = 1.35
"""Distance of two lines of a paragraph, as a multiple of the usual distance on the page."""
_MAX_SIZE_RATIO = 1.15
"""Ratio of the sizes of two lines of a paragraph. A heading is larger."""
_INDENT = 0.8
"""Smallest indent of the first line of a paragraph, as a multiple of its size."""


class _Page(msgspec.Struct):
    lines: list[Line]
    is_image: bool = False
    is_broken: bool = False


def is_installed() -> bool:
    """Return whether the extra is installed."""
    return find_spec(PACKAGE) is not None


def extract_pdf(stream: IO[bytes], limits: Limits) -> FullText:
    """Return the text of a PDF. Raise ExtractionError if it can't be read.

    A scanned PDF has pages without text: readers can open it, and its metadata may have a title.
    Without a title in its metadata or on its first page, the title is empty.
    """
    if not is_installed():
        raise ExtractionError(NOT_INSTALLED, describe_installation("pdf"))
    description, read, failure = _run(stream, limits)
    texts = clean_pages([_split_paragraphs(page.lines) for page in read])
    if not any(texts):
        if failure:
            raise ExtractionError(f"the PDF can't be read: {failure}", _SAVE_AGAIN)
        if any(page.is_broken for page in read):
            raise ExtractionError("the pages of the PDF are damaged", _SAVE_AGAIN)
        if not read:
            raise ExtractionError("the PDF has no pages", _SAVE_AGAIN)
    pages, faults = limit_pages(texts, limits)
    lines = [page.lines for page in read]
    title, is_guessed = pdf_description.find_title(description, next(filter(None, lines), ()))
    return FullText(
        media_type=MEDIA_TYPE,
        pages=pages,
        faults=(*_list_faults(description.pages, read, failure, limits), *faults),
        title=title,
        is_title_guessed=is_guessed,
        authors=pdf_description.find_authors(description),
        year=pdf_description.find_year(description, lines),
        doi=pdf_description.find_doi(description, pages),
        language=pdf_description.find_language(description),
    )


def _run(stream: IO[bytes], limits: Limits) -> tuple[Description, list[_Page], str]:
    """Return the output of the child process, and why it ended early, or "".

    Raise ExtractionError if it ended before the first page.
    """
    most_bytes = OUTPUT_BYTES_PER_CHARACTER * max(limits.longest_document, 1_000_000)
    child_limits = ProcessLimits(MAX_MEMORY_BYTES, MAX_SECONDS, MAX_PAGE_SECONDS, most_bytes)
    arguments = (limits.most_pages, limits.longest_document)
    description: Description | None = None
    pages: list[_Page] = []
    failure = ""
    with run_limited(_PROGRAM, arguments, stream, child_limits) as blocks:
        try:
            for line in _split_lines(blocks):
                if description:
                    pages.append(msgspec.json.decode(line, type=_Page))
                else:
                    description = msgspec.json.decode(line, type=Description)
                    if error := description.error:
                        raise ExtractionError(*_ERRORS.get(error, _ERRORS["damaged"]))
        except (ChildFailed, *DECODING_ERRORS) as error:
            if not pages:
                raise ExtractionError(f"the PDF can't be read: {error}", _SAVE_AGAIN) from None
            failure = str(error)
    if not description:
        raise ExtractionError("the PDF can't be read", _SAVE_AGAIN)
    return description, pages, failure


def _split_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines in blocks. The last line is left out if it is incomplete."""
    parts: list[bytes] = []
    for block in blocks:
        first, *others = block.split(b"\n")
        parts.append(first)
        for part in others:
            yield b"".join(parts)
            parts = [part]


def _split_paragraphs(page: Sequence[Line]) -> list[str]:
    """Return the texts of the lines of a page, with an empty line between two paragraphs.

    A paragraph ends at a wide gap, at a change of size, and before an indented line. A jump upward,
    to the next column, does not end it.
    """
    drops = ((above, above.top - below.top) for above, below in pairwise(page))
    pitches = [drop for above, drop in drops if 0 < drop < 3 * max(above.size, 1)]
    pitch = median(pitches) if pitches else 0.0
    lines: list[str] = []
    for index, line in enumerate(page):
        after = page[index + 1] if index + 1 < len(page) else None
        if index and _starts_paragraph(page[index - 1], line, after, pitch):
            lines.append("")
        lines.append(line.text)
    return lines


def _starts_paragraph(before: Line, line: Line, after: Line | None, pitch: float) -> bool:
    drop, indent = before.top - line.top, _INDENT * line.size
    if abs(drop) < pitch / 2:  # the rest of the same line, such as an exponent
        return False
    if max(before.size, line.size) > _MAX_SIZE_RATIO * min(before.size, line.size):
        return True
    if drop > _MAX_PITCH * pitch:
        return True
    if drop <= 0 or not after or not 0 < line.top - after.top <= _MAX_PITCH * pitch:
        return False
    return line.left - before.left > indent and line.left - after.left > indent


def _list_faults(
    total: int, pages: Sequence[_Page], failure: str, limits: Limits
) -> Iterator[Fault]:
    images = sum(page.is_image for page in pages)
    broken = sum(page.is_broken for page in pages)
    if not any(page.lines for page in pages):
        yield Fault(f"none of the {total} pages of the PDF has text", _RUN_OCR)
    elif images:
        yield Fault(f"{images} of {total} pages have no text", _RUN_OCR)
    if broken:
        yield Fault(f"{broken} of {total} pages are damaged", _SAVE_AGAIN)
    if failure:
        yield Fault(f"only {len(pages)} of {total} pages were read: {failure}", _SAVE_AGAIN)
    elif total > limits.most_pages:
        yield make_page_fault(total, limits)
