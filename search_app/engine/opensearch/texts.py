"""The pages of full texts on which the words of a query are, found by the cluster.

The score of a page is the number of clauses that are there. Their occurrences are not counted, so
of the pages with most clauses the first ones are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from indexer.cluster.documents import FileInfo
from indexer.cluster.mapping import PAGES, TEXTS, Json
from search_app.engine.opensearch.client import Response, Send
from search_app.engine.opensearch.queries import (
    QueryCompiler,
    any_of,
    nest,
    score_evenly,
)
from search_app.engine.query.nodes import Clause, split_page_parts
from search_app.engine.results import File
from search_app.engine.store import FoundFile

MAX_FILES = 1000
"""Limit on the files of a publication whose pages are listed."""
LISTED_PAGES = 10_000
"""Limit on the pages of a text that are listed."""
_NUMBER, _TEXT = f"{PAGES}.number", f"{PAGES}.text"
MAX_COMPOUNDS = 3
"""Limit on the compounds in a clause whose words are looked for on pages."""


def find_files(
    ids: Sequence[str], clauses: Sequence[Clause], compiler: QueryCompiler, most: int, send: Send
) -> dict[str, list[FoundFile]]:
    """Return the files in which words of the clauses are, by the id of their publication.

    The pages with the most clauses are listed. Of these, the first `most` are read.
    """
    pages = [each for clause in clauses for each in _match_pages(clause, compiler)]
    if not pages or not ids:
        return {}
    matching = any_of(pages)
    wanted: Json = {"_source": False, "docvalue_fields": [_NUMBER]}
    listed: Json = {"name": "listed", "size": LISTED_PAGES}
    inner = [nest(PAGES, matching, inner_hits=wanted | listed)]
    if most:
        read = {"name": "read", "size": most, "stored_fields": [_TEXT], "sort": ["_score", _NUMBER]}
        inner.append(nest(PAGES, matching, inner_hits=wanted | read))
    texts = nest(TEXTS, any_of(inner), inner_hits={"_source": False, "size": MAX_FILES})
    body: Json = {
        "query": {"bool": {"filter": [{"terms": {"id": ids}}, texts]}},
        "size": len(ids),
        "sort": ["id"],
        "track_total_hits": False,
        "_source": ["files"],
    }
    [response] = send([body])
    return {hit["sort"][0]: [*_read(hit)] for hit in response["hits"]["hits"]}


def _match_pages(clause: Clause, compiler: QueryCompiler) -> Iterator[Json]:
    """Yield the query of the pages with words of a clause."""
    parts, compounds = split_page_parts(clause, compiler.is_searched)
    if found := compiler.match_page(parts):
        yield score_evenly(found, 1)
    for compound in compounds[:MAX_COMPOUNDS] if not found else ():
        for word in compound.clauses:
            yield from _match_pages(word, compiler)


def _read(hit: Response) -> Iterator[FoundFile]:
    files = read_files(hit)
    for text in sorted(
        hit["inner_hits"][TEXTS]["hits"]["hits"], key=lambda text: text["_nested"]["offset"]
    ):
        listed = text["inner_hits"]["listed"]["hits"]["hits"]
        read = text["inner_hits"]["read"]["hits"]["hits"] if "read" in text["inner_hits"] else []
        highest = listed[0]["_score"]
        numbers = sorted(_get_number(page) for page in listed if page["_score"] == highest)
        texts = [
            (_get_number(page), page["fields"][_TEXT][0])
            for page in read if page["sort"][0] == highest
        ]  # fmt: skip
        info = files[text["_nested"]["offset"]]
        yield FoundFile(make_file(info), tuple(numbers), tuple(texts), info.language, len(numbers))


def _get_number(page: Response) -> int:
    return int(page["fields"][_NUMBER][0])


def read_files(hit: Response) -> list[FileInfo]:
    """Return the descriptions of the files of a publication, given a hit with its files."""
    return msgspec.convert(hit.get("_source", {}).get("files", []), list[FileInfo])


def make_file(info: FileInfo) -> File:
    """Return the description of a file for results."""
    name = info.path.rpartition("/")[2]
    return File(info.digest, name, info.media_type, info.pages, info.empty_pages, info.has_text)
