"""PDF: the text of a PDF, which a child process reads with limits."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import msgspec

from indexer.catalogue.limits import Limits
from indexer.child_process import ChildFailed, ProcessLimits, run_limited
from indexer.extras import describe_installation
from indexer.fulltext import pdf_description
from indexer.fulltext.cleaning import clean_pages
from indexer.fulltext.layout import Line, split_paragraphs
from indexer.fulltext.text import (
    DECODING_ERRORS,
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
_OUTPUT_BYTES_PER_CHARACTER = 10
_PROGRAM = str(Path(__file__).with_name("pdf_process.py"))
NOT_INSTALLED = "a PDF needs the extra `pdf`, which is not installed"
_SAVE_AGAIN = "Open it in a PDF program, and save it again"
_RUN_OCR = "Run OCR first, for example with OCRmyPDF"
_ERRORS = {
    "encrypted": ("the PDF is protected by a password", "Save it without the password"),
    "damaged": ("the PDF is damaged", _SAVE_AGAIN),
    "memory": ("the PDF needs too much memory", _SAVE_AGAIN),
}


class _Page(msgspec.Struct):
    lines: list[Line]
    is_image: bool = False
    is_broken: bool = False


class _Output(msgspec.Struct):
    """The output of the child process. `failure` is the reason why it ended early."""

    description: pdf_description.Description
    pages: list[_Page] = []
    failure: str = ""


def is_installed() -> bool:
    """Return whether the extra is installed."""
    return find_spec(PACKAGE) is not None


def extract_pdf(stream: IO[bytes], digest: str, limits: Limits) -> FullText:
    """Return the text of a PDF. Raise ExtractionError if it can't be read.

    A scanned PDF has pages without text: readers can open it, and its metadata may have a title.
    Without a title in its metadata or on its first page, the title is empty.
    """
    if not is_installed():
        raise ExtractionError(NOT_INSTALLED, describe_installation("pdf"))
    output = _run(stream, limits)
    pages = clean_pages([split_paragraphs(page.lines) for page in output.pages])
    if not any(pages):
        _check_readable(output)
    pages, faults = limit_pages(pages, limits)
    faults = [*_find_faults(output, limits), *faults]
    first_lines = next((page.lines for page in output.pages if page.lines), ())
    title, is_guessed = pdf_description.find_title(output.description, first_lines)
    return FullText(
        digest=digest, media_type=MEDIA_TYPE, pages=pages, faults=tuple(faults),
        title=title, is_title_guessed=is_guessed,
        authors=pdf_description.find_authors(output.description),
        year=pdf_description.find_year(output.description, [page.lines for page in output.pages]),
        doi=pdf_description.find_doi(output.description, pages),
        language=pdf_description.find_language(output.description),
    )  # fmt: skip


def _run(stream: IO[bytes], limits: Limits) -> _Output:
    """Return the output of the child process. Raise ExtractionError if it has no page."""
    child_limits = ProcessLimits(
        MAX_MEMORY_BYTES, MAX_SECONDS, MAX_PAGE_SECONDS,
        _OUTPUT_BYTES_PER_CHARACTER * max(limits.longest_document, 1_000_000),
    )  # fmt: skip
    output: _Output | None = None
    arguments = (limits.most_pages, limits.longest_document)
    with run_limited(_PROGRAM, arguments, stream, child_limits) as blocks:
        try:
            for line in _split_lines(blocks):
                if output:
                    output.pages.append(msgspec.json.decode(line, type=_Page))
                else:
                    output = _Output(_decode_description(line))
        except (ChildFailed, *DECODING_ERRORS) as error:
            if not output or not output.pages:
                raise ExtractionError(f"the PDF can't be read: {error}", _SAVE_AGAIN) from None
            output.failure = str(error)
    if not output:
        raise ExtractionError("the PDF can't be read", _SAVE_AGAIN)
    return output


def _split_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines in blocks. The last line is left out if it is incomplete."""
    parts: list[bytes] = []
    for block in blocks:
        first, *others = block.split(b"\n")
        parts.append(first)
        for part in others:
            yield b"".join(parts)
            parts = [part]


def _decode_description(line: bytes) -> pdf_description.Description:
    description = msgspec.json.decode(line, type=pdf_description.Description)
    if description.error:
        raise ExtractionError(*_ERRORS.get(description.error, _ERRORS["damaged"]))
    return description


def _check_readable(output: _Output) -> None:
    """Raise ExtractionError if a PDF without text is damaged, or has no pages."""
    if output.failure:
        raise ExtractionError(f"the PDF can't be read: {output.failure}", _SAVE_AGAIN)
    if any(page.is_broken for page in output.pages):
        raise ExtractionError("the pages of the PDF are damaged", _SAVE_AGAIN)
    if not output.pages:
        raise ExtractionError("the PDF has no pages", _SAVE_AGAIN)


def _find_faults(output: _Output, limits: Limits) -> Iterator[Fault]:
    total, read = output.description.pages, len(output.pages)
    images = sum(page.is_image for page in output.pages)
    broken = sum(page.is_broken for page in output.pages)
    if not any(page.lines for page in output.pages):
        yield Fault(f"none of the {total} pages of the PDF has text", _RUN_OCR)
    elif images:
        yield Fault(f"{images} of {total} pages have no text", _RUN_OCR)
    if broken:
        yield Fault(f"{broken} of {total} pages are damaged", _SAVE_AGAIN)
    if output.failure:
        yield Fault(f"only {read} of {total} pages were read: {output.failure}", _SAVE_AGAIN)
    elif total > limits.most_pages:
        yield make_page_fault(total, limits)
