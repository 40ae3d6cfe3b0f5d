"""PDF: its text, which the child process `pdf_process` reads with limits, its title, and so on."""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import IO

import msgspec

from indexer.analysis.tokenizer import is_unsegmented
from indexer.catalogue.limits import Limits
from indexer.child_process import ChildFailed, ProcessLimits, run_limited
from indexer.errors import describe_installation
from indexer.fulltext.text import (
    DECODING_ERRORS,
    OUTPUT_BYTES_PER_CHARACTER,
    ExtractionError,
    Fault,
    FullText,
    clean_line,
    clean_pages,
    limit_pages,
    make_page_fault,
)
from indexer.values import dates, names
from indexer.values.identifiers import find_dois
from indexer.values.iso_codes import find_languages

_MIN_TITLE_WORDS = 3
_MIN_UNSEGMENTED_CHARS = 6
"""Characters of a title in a script without spaces."""
_MAX_TITLE_CHARS = 300
_MAX_FIELD_CHARS = 2_000
_MAX_PAGE_CHARS = 20_000
"""Characters of the first page that are searched for a DOI."""
_SAME_SIZE = 0.95
_NO_TITLE = re.compile(
    r"\b(?:untitled|microsoft (?:word|powerpoint|excel)|adobe (?:photoshop|indesign))\b"
    r"|\.(?:docx?|odt|rtf|pdf|pptx?|xlsx?|indd|qxd|tex|dvi|e?ps|html?|txt|wpd|cdr|pm\d)\b",
    re.IGNORECASE,
)
_MAX_LETTERHEAD_WORDS = 5
_STAMP = re.compile(r"arXiv:\d")
"""The start of a line that arXiv adds in large letters."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_DOI_FIELDS = ("doi", "DOI", "WPS-ARTICLEDOI", "Subject", "Title", "Keywords")
_XMP_DOI = re.compile(
    r"<(?:prism|pdfx|crossmark):doi>([^<]{1,300})<|\bprism:doi=\"([^\"]{1,300})\""
)
_XMP_YEAR = re.compile(
    r"<prism:(?:publicationDate|coverDate)>\s*(\d{4})\b"
    r"|\bprism:(?:publicationDate|coverDate)=\"(\d{4})\b"
)
_COPYRIGHT = re.compile(
    r"(?:©|\(c\)|\bcopyright\b)[\s©,:]{0,5}(?:\(c\)\s?)?((?:19|20)\d\d)\b(?!\s?[-–,/]\s?\d)",
    re.IGNORECASE,
)
_IMPRINT_PAGES = 4
"""First pages on which the imprint is searched, and one at the end."""
_IMPRINT = re.compile(r"\w.{0,60}?(?P<comma>,)? ?\b(?P<year>(?:19|20)\d\d)\.?")
"""A line that ends with a year, such as "Vienna, 2015" or "June 2015"."""
_MAX_IMPRINT_WORDS = 6
_AUTHOR_SEPARATOR = re.compile(r"\s*;\s*|\s+(?:and|und|et|y|&)\s+", re.IGNORECASE)
_MAX_AUTHORS = 50


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line of a page. `left` and `top` are in points from the lower left corner.

    `size` is the size of its letters in points.
    """

    text: str
    left: float
    top: float
    size: float


class Description(msgspec.Struct):
    """The description of a PDF that the child process writes, or its `error`."""

    pages: int = 0
    metadata: Mapping[str, str] = {}
    language: str = ""
    xmp: str = ""
    error: str = ""

    def get(self, name: str) -> str:
        """Return a field of the metadata, or "" if it is missing or too long to be one."""
        text = self.metadata.get(name, "")
        return text if len(text) <= _MAX_FIELD_CHARS else ""


def find_title(description: Description, lines: Sequence[Line]) -> tuple[str, bool]:
    """Return the title and whether it is guessed. It is the metadata's, or the largest text.

    `lines` are those of the first page with text. The title is empty if neither is a title.
    """
    title = clean_line(description.get("Title"))
    if _is_title(title):
        return title, False
    lines = [line for line in lines if _WORD.search(line.text) and not _STAMP.match(line.text)]
    largest = title = _guess_title(lines)
    # The name of a body in large letters is that of a letterhead if a headline stands below it.
    while len(title.split()) <= _MAX_LETTERHEAD_WORDS and names.is_corporate(title):
        lines = [line for line in lines if clean_line(line.text) not in title]
        title = _guess_title(lines)
    is_headline = len(title.split()) >= _MIN_TITLE_WORDS or is_unsegmented(title)
    return title if is_headline else largest, True


def _guess_title(lines: Sequence[Line]) -> str:
    """Return the largest text that can be a title, or ""."""
    return next(filter(None, map(_join_title, _find_largest(lines))), "")


def _is_title(text: str) -> bool:
    if _NO_TITLE.search(text) or len(text) > _MAX_TITLE_CHARS:
        return False
    words = _WORD.findall(text)
    if is_unsegmented(text):
        return sum(map(len, words)) >= _MIN_UNSEGMENTED_CHARS
    return len(text.split()) >= _MIN_TITLE_WORDS and bool(words)


def _find_largest(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """Yield the first block of lines in the largest letters, and the block after it.

    The largest letters may be the name of a journal above the title. The smallest are no title.
    """
    sizes = [line.size for line in lines]
    largest = max(sizes, default=0)
    start = next((n for n, size in enumerate(sizes) if _is_same_size(size, largest)), 0)
    for _ in range(2):
        if start == len(lines) or sizes[start] == min(sizes):
            return
        end = start
        while end < len(lines) and _is_same_size(sizes[start], sizes[end]):
            end += 1
        yield lines[start:end]
        start = end


def _is_same_size(first: float, second: float) -> bool:
    return min(first, second) >= _SAME_SIZE * max(first, second)


def _join_title(lines: Sequence[Line]) -> str:
    """Return the joined lines if they can be a title, else ""."""
    title = clean_pages([[line.text for line in lines]])[0]
    is_long = len(_WORD.findall(title)) > 1 or is_unsegmented(title)
    return title if is_long and len(title) <= _MAX_TITLE_CHARS else ""


def find_authors(description: Description) -> tuple[str, ...]:
    """Return the normalized names of the authors in the metadata, if all are those of persons."""
    text = clean_line(description.get("Author"))
    parts = [part for part in _AUTHOR_SEPARATOR.split(text) if part]
    if len(parts) == 1 and all(" " in part.strip() for part in text.split(",")):
        parts = text.split(",")
    authors = [names.parse(part) for part in parts]
    if len(authors) > _MAX_AUTHORS or not all(name and name.given for name in authors):
        return ()
    return tuple(str(name) for name in authors)


def find_doi(description: Description, pages: Sequence[str]) -> str:
    """Return the only DOI in the metadata, or else the only one on the first page, or ""."""
    fields = [description.get(name) for name in _DOI_FIELDS]
    fields += [doi for match in _XMP_DOI.findall(description.xmp) for doi in match]
    dois = {doi for field in fields for doi in find_dois(field)}
    if not dois:
        dois = {*find_dois(next(filter(None, pages), "")[:_MAX_PAGE_CHARS])}
    return dois.pop() if len(dois) == 1 else ""


def find_year(description: Description, pages: Sequence[Sequence[Line]]) -> int | None:
    """Return the year of publication if the metadata of publishers, or else the imprint, has one.

    The imprint is the copyright, or else the lines of the first pages that are a place and a year,
    or a month and a year. The date of creation is that of the file, so it is no evidence.
    """
    years = {year for match in _XMP_YEAR.findall(description.xmp) for year in match if year}
    first = pages[:_IMPRINT_PAGES]
    if not years:
        ends = (*first, *pages[len(first) :][-1:])
        texts = (" ".join(line.text for line in page) for page in ends)
        years = {year for text in texts for year in _COPYRIGHT.findall(text)}
    if not years:
        lines = [clean_line(line.text) for page in first for line in page]
        imprints = map(_IMPRINT.fullmatch, lines)
        years = {
            match["year"]
            for match in imprints
            if match
            and len(match[0].split()) <= _MAX_IMPRINT_WORDS
            and (match["comma"] or "-" in (dates.parse_date(match[0]) or ""))
        }
    return int(years.pop()) if len(years) == 1 else None


def find_language(description: Description) -> str | None:
    """Return the language that the PDF declares, or None."""
    languages = find_languages(description.language)
    return languages[0] if len(languages) == 1 else None


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
    title, is_guessed = find_title(description, next(filter(None, lines), ()))
    return FullText(
        media_type=MEDIA_TYPE,
        pages=pages,
        faults=(*_list_faults(description.pages, read, failure, limits), *faults),
        title=title,
        is_title_guessed=is_guessed,
        authors=find_authors(description),
        year=find_year(description, lines),
        doi=find_doi(description, pages),
        language=find_language(description),
    )


def _run(stream: IO[bytes], limits: Limits) -> tuple[Description, list[_Page], str]:
    """Return the output of the child process, and why it ended early. Raise ExtractionError."""
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
