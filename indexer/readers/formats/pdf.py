"""Reader of PDFs: each is one record, with a title, and what else its text and metadata say."""

from collections.abc import Iterator, Mapping
from hashlib import file_digest
from io import BufferedIOBase, BufferedReader
from pathlib import Path

from indexer.analysis.cleaning import make_slug
from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.fulltext.documents import TextCache, check_size, extract, make_title
from indexer.fulltext.text import ExtractionError
from indexer.readers.base import CERTAIN, SURE, Evidence, detect_by_name

NAME = "pdf"
SUFFIXES: tuple[str, ...] = (".pdf",)
FIELDS: Mapping[str, tuple[str, ...]] = {
    "id": ("name",),
    "title": ("title",),
    "authors": ("author",),
    "year": ("year",),
    "language": ("language",),
    "detected_language": ("detected language",),
    "doi": ("doi",),
    "notes": ("title source",),
}
GUESSED = "Title taken from the file"
"""The note of a record whose title is not in the metadata of its file."""
_NAME_SCORE = SURE - 1
"""Score of a name. Other formats are never named like a PDF, unless a reader is sure of them."""
_MAX_HEADER = 1024
"""Bytes that may precede the signature of a PDF."""


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of the signature of a PDF, or of its name.

    A web page that was saved in place of a PDF is a damaged PDF.
    """
    if head.startswith(b"%PDF-"):
        return Evidence(CERTAIN, "it starts like a PDF")
    by_name = detect_by_name(filename, SUFFIXES)
    if by_name and b"%PDF-" in head[:_MAX_HEADER]:
        return Evidence(SURE, "it has the signature of a PDF")
    return by_name and by_name._replace(score=_NAME_SCORE)


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the record of a PDF. A PDF without a readable text has only a title.

    The extraction needs the file itself, so a compressed PDF is a Problem.
    """
    path = getattr(stream, "name", None)
    if not isinstance(stream, BufferedReader) or not isinstance(path, str):
        yield Problem(file, 0, "a compressed PDF can't be read", "Decompress it")
        return
    name = Path(file)
    values = [("name", make_slug(name.stem, None))]
    try:
        check_size(stream, limits)
        digest = file_digest(stream, "sha256").hexdigest()
        text = extract(Path(path), digest, limits, TextCache())
    except ExtractionError as error:
        yield Problem(file, 0, error.message, error.hint)
        values += [("title", make_title(name)), ("title source", GUESSED)]
    else:
        language = "detected language" if text.is_language_detected else "language"
        values += [
            ("title", text.title), *(("author", author) for author in text.authors),
            ("year", str(text.year or "")), (language, text.language or ""), ("doi", text.doi),
            ("title source", GUESSED if text.is_title_guessed else ""),
        ]  # fmt: skip
    properties = tuple(Property(column, value, value) for column, value in values if value)
    yield SourceRecord(SourceLocation(file, 0), properties)
