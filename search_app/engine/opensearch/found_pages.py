"""The pages of full texts on which the words of a query are, found by the cluster.

The score of a page has two numbers, which a float32 has exactly: the clauses that are there, and
all their occurrences.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import NamedTuple

import msgspec

from indexer.cluster.fulltext_documents import FileInfo
from indexer.cluster.mapping import PAGES, TEXTS, Json
from search_app.engine.opensearch.client import Response, Send
from search_app.engine.opensearch.combining import any_of, script_score
from search_app.engine.opensearch.fulltext import FullTextQueries, nest
from search_app.engine.query.nodes import Clause
from search_app.engine.results import File
from search_app.engine.store import FoundFile

LISTED_PAGES = 100
"""Number of pages of a text that the first request lists. If all have equally many clauses, a
second request lists the others."""
MAX_FILES = 1000
"""Limit on the files of a publication whose pages are listed."""
MAX_COMPOUNDS = 3
"""Limit on the compounds in a query whose words are looked for on pages."""
CLAUSE = 1 << 17
"""The score of each clause that is on a page. It is greater than the occurrences that count."""
COUNT = f"{CLAUSE} + Math.min(_score, {CLAUSE - 1} / params.clauses)"
_LISTED, _BEST = "listed", "best"
_NUMBER, _TEXT = f"{PAGES}.number", f"{PAGES}.text"


class PageSearch(NamedTuple):
    """Clauses that are looked for in the full texts of some publications, given by id."""

    ids: Sequence[str]
    clauses: Sequence[Clause]


class _Found(NamedTuple):
    """A file with its place among the files of a publication.

    `pages` is the number of pages to list next, or 0 if all pages with most clauses are listed.
    """

    identity: str
    place: int
    file: FoundFile
    pages: int


def find_files(
    searches: Sequence[PageSearch], texts: FullTextQueries, most: int, send: Send
) -> list[dict[str, list[FoundFile]]]:
    """Return the files in which words of the clauses are, by id, for each search.

    The pages with the most clauses are listed. Of these, the `most` ones with the most occurrences
    are read. All searches are in one request. A second one lists the pages of long texts.
    """
    found = [defaultdict[str, dict[int, FoundFile]](dict) for _ in searches]
    listed, wanted = LISTED_PAGES, dict(enumerate(searches))
    while wanted:
        bodies = [
            (number, body)
            for number, search in wanted.items()
            for body in _make_searches(search, texts, listed, most)
        ]
        responses = send([body for _, body in bodies]) if bodies else []
        incomplete = defaultdict[int, dict[str, int]](dict)
        for (number, _), response in zip(bodies, responses, strict=True):
            for each in _read(response):
                first = found[number][each.identity].setdefault(each.place, each.file)
                found[number][each.identity][each.place] = each.file._replace(texts=first.texts)
                if each.pages:
                    incomplete[number][each.identity] = each.pages
        most = 0  # the best pages were read
        listed = max((max(pages.values()) for pages in incomplete.values()), default=0)
        wanted = {
            number: PageSearch([*pages], searches[number].clauses)
            for number, pages in incomplete.items()
        }
    return [
        {identity: [of[place] for place in sorted(of)] for identity, of in files.items()}
        for files in found
    ]


def _make_searches(
    search: PageSearch, texts: FullTextQueries, listed: int, most: int
) -> Iterator[Json]:
    """Yield the searches for the pages of texts, one for each set of compounds that texts have.

    The words of a compound count if a text has all of them, on any page, and no other part of its
    clause.
    """
    ids, clauses = search
    limited = [*islice(texts.list_compounds(clauses), MAX_COMPOUNDS)]
    for present in product((True, False), repeat=len(limited)):
        states = [*zip(limited, present, strict=True)]
        counted = [compound for (compound, _), is_present in states if is_present]
        pages = [
            script_score(found, COUNT, {"clauses": len(clauses)})
            for clause in clauses
            if (found := texts.match_pages(clause, counted))
        ]
        if pages:
            inner: Json = {
                "filter": [condition for (_, condition), is_present in states if is_present],
                "must_not": [condition for (_, condition), is_present in states if not is_present],
                "should": [*_list_pages(any_of(pages), listed, most)],
                "minimum_should_match": 1,
            }
            yield _make_search(ids, inner)


def _list_pages(pages: Json, listed: int, most: int) -> Iterator[Json]:
    """Yield the queries of the pages that are listed, and of those that are read."""
    wanted: Json = {"_source": False, "docvalue_fields": [_NUMBER]}
    yield nest(PAGES, pages, inner_hits=wanted | {"name": _LISTED, "size": listed})
    if most:  # each query takes time for each text
        read: Json = {"name": _BEST, "size": most, "stored_fields": [_TEXT]}
        yield nest(PAGES, pages, inner_hits=wanted | read)


def _make_search(ids: Sequence[str], inner: Json) -> Json:
    """Return the body of the search for texts of some publications."""
    texts = nest(TEXTS, {"bool": inner}, inner_hits={"_source": False, "size": MAX_FILES})
    return {
        "query": {"bool": {"filter": [{"terms": {"id": ids}}, texts]}},
        "size": len(ids),
        "sort": ["id"],
        "track_total_hits": False,
        "stored_fields": ["files"],
    }


def _read(response: Response) -> Iterator[_Found]:
    for hit in response["hits"]["hits"]:
        [identity] = hit["sort"]
        files = read_files(hit)
        for text in hit["inner_hits"][TEXTS]["hits"]["hits"]:
            place = text["_nested"]["offset"]
            yield _read_text(text["inner_hits"], identity, place, files[place])


def _read_text(inner: Response, identity: str, place: int, info: FileInfo) -> _Found:
    listed = inner[_LISTED]["hits"]
    best = inner[_BEST]["hits"]["hits"] if _BEST in inner else []
    highest = int(listed["hits"][0]["_score"]) // CLAUSE
    pages = [hit for hit in listed["hits"] if int(hit["_score"]) // CLAUSE == highest]
    is_cut = len(pages) < listed["total"]["value"] and len(pages) == len(listed["hits"])
    read = [
        (hit["fields"][_NUMBER][0], hit["fields"][_TEXT][0])
        for hit in best
        if int(hit["_score"]) // CLAUSE == highest
    ]
    numbers = sorted(hit["fields"][_NUMBER][0] for hit in pages)
    times = sum(int(hit["_score"]) % CLAUSE for hit in pages)
    file = FoundFile(make_file(info), tuple(numbers), tuple(read), info.language, times)
    return _Found(identity, place, file, listed["total"]["value"] if is_cut else 0)


# Made while the module loads, because msgspec can crash if two threads make the first at once.
_FILES = msgspec.json.Decoder(list[FileInfo])


def read_files(hit: Response) -> list[FileInfo]:
    """Return the descriptions of the files of a publication, given a hit with its files."""
    stored = hit.get("fields", {}).get("files", ["[]"])
    return _FILES.decode(stored[0])


def make_file(info: FileInfo) -> File:
    """Return the description of a file for results."""
    name = info.path.rpartition("/")[2]
    return File(info.digest, name, info.media_type, info.pages, info.empty_pages, info.has_text)
