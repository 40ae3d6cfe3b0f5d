"""Reader of PDFs: each is one record, with a title, and what else its text and metadata say.

The file is not read into a chunk. A chunk has the description of the file, so that a record stays
the same if only other parts of the file change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import file_digest
from io import BufferedIOBase, BufferedReader
from pathlib import Path

import msgspec

from indexer.analysis.cleaning import make_slug
from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.fulltext.cache import TextCache
from indexer.fulltext.documents import check_size, extract, make_title
from indexer.fulltext.text import ExtractionError
from indexer.readers.base import CERTAIN, SURE, Evidence, detect_by_name
from indexer.readers.chunks import Chunk, parse_chunks

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


class _Description(msgspec.Struct, omit_defaults=True):
    """The description of a PDF that is a record. `name` is the name of the file as an id."""

    name: str
    title: str
    is_title_guessed: bool = True
    authors: tuple[str, ...] = ()
    year: int | None = None
    language: str | None = None
    is_language_detected: bool = False
    doi: str = ""


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
    """Yield the records of a file, in order."""
    return parse_chunks(split_chunks(stream, file, limits), parse, limits)


def split_chunks(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Chunk | Problem]:
    """Yield the description of a PDF. A PDF without a readable text has only a title.

    The extraction needs the file itself, so a compressed PDF is a Problem.
    """
    path = getattr(stream, "name", None)
    if not isinstance(stream, BufferedReader) or not isinstance(path, str):
        yield Problem(file, 0, "a compressed PDF can't be read", "Decompress it")
        return
    name = Path(file)
    description = _Description(make_slug(name.stem, None), make_title(name))
    try:
        check_size(stream, limits)
        digest = file_digest(stream, "sha256").hexdigest()
        text = extract(Path(path), digest, limits, TextCache())
    except ExtractionError as error:
        yield Problem(file, 0, error.message, error.hint)
    else:
        description = _Description(
            description.name, text.title, text.is_title_guessed, text.authors, text.year,
            text.language, text.is_language_detected, text.doi,
        )  # fmt: skip
    yield Chunk(msgspec.json.encode(description), file, 0)


def parse(chunk: Chunk, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the record of a PDF."""
    stated = msgspec.json.decode(chunk.data, type=_Description)
    values = [
        ("name", stated.name), ("title", stated.title),
        *(("author", author) for author in stated.authors),
        ("year", str(stated.year or "")),
        ("detected language" if stated.is_language_detected else "language", stated.language or ""),
        ("doi", stated.doi), ("title source", GUESSED if stated.is_title_guessed else ""),
    ]  # fmt: skip
    properties = tuple(Property(name, value, value) for name, value in values if value)
    yield SourceRecord(SourceLocation(chunk.file, 0), properties)
