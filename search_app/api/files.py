"""The files of publications in responses of the API: their types, and how they are made.

`openapi` publishes the docstrings of the types as descriptions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NotRequired, TypedDict

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from search_app.engine.results import File, FileMatch
from search_app.presentation.html import mark
from search_app.presentation.urls import make_file_page_url, make_file_url


class PassageBody(TypedDict):
    """A passage of a page. `html` is escaped, with matches in `<mark>`.

    `page` counts from 1. It is a section of the text if the file has no pages. `url` is that of the
    page, if the site serves the file.
    """

    page: int
    html: str
    url: NotRequired[str]


class FileBody(TypedDict):
    """A file of a publication. Its full text is searched, unless `has_text` is false.

    `digest` is its SHA-256 in hexadecimal. `url` is present if the site serves it. `page_count` is
    the number of its pages, and `empty_pages` that of pages without text. `page_count` is 0 if the
    format has no pages, and for a file that can't be read, such as a damaged PDF. `pages` lists the
    pages, or the sections of a text without pages, with the most words of the query, and `passages`
    has passages of the best of them. Both are present in hits, and in a publication if the request
    has `find`.
    """

    name: str
    digest: str
    media_type: str
    page_count: int
    empty_pages: int
    has_text: bool
    url: NotRequired[str]
    pages: NotRequired[Sequence[int]]
    passages: NotRequired[Sequence[PassageBody]]


def serialize_matches(
    matches: Iterable[FileMatch], publication: Publication, catalogue: Catalogue, prefix: str
) -> list[FileBody]:
    """Return the files of a publication in which words of a query are."""
    return [_serialize_match(match, publication, catalogue, prefix) for match in matches]


def serialize_files(
    files: Iterable[File],
    matches: Iterable[FileMatch] | None,
    publication: Publication,
    catalogue: Catalogue,
    prefix: str,
) -> list[FileBody]:
    """Return all files of a publication. `matches` are those of a text to find, if there is one."""
    bodies = [_serialize_file(file, publication, catalogue, prefix) for file in files]
    if matches is None:
        return bodies
    found = {body["digest"]: body for body in serialize_matches(
        matches, publication, catalogue, prefix
    )}  # fmt: skip
    return [found.get(body["digest"], {**body, "pages": [], "passages": []}) for body in bodies]


def _serialize_file(
    file: File, publication: Publication, catalogue: Catalogue, prefix: str
) -> FileBody:
    body: FileBody = {
        "name": file.name,
        "digest": file.digest,
        "media_type": file.media_type,
        "page_count": file.pages,
        "empty_pages": file.empty_pages,
        "has_text": file.has_text,
    }
    if url := make_file_url(file, publication, catalogue, prefix):
        body["url"] = url
    return body


def _serialize_match(
    match: FileMatch, publication: Publication, catalogue: Catalogue, prefix: str
) -> FileBody:
    body = _serialize_file(match.file, publication, catalogue, prefix)
    passages: list[PassageBody] = []
    for found in match.passages:
        passage: PassageBody = {"page": found.page, "html": str(mark(found.passage))}
        if url := make_file_page_url(match.file, body.get("url", ""), found.page):
            passage["url"] = url
        passages.append(passage)
    return {**body, "pages": match.pages, "passages": passages}
