"""Description of a PDF: title, authors, year, DOI and language, where they are certain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from indexer.analysis.tokenizer import is_unsegmented
from indexer.fulltext.cleaning import clean_line, clean_pages
from indexer.values import dates, names
from indexer.values.identifiers import find_dois
from indexer.values.languages import find_languages

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
