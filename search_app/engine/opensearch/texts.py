"""The pages of full texts on which the words of a query are, found by the cluster.

Each page names the clauses that are there. Its score is their number, and a fraction that grows
with the number of their occurrences.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, islice

import msgspec

from indexer.cluster.mapping import PAGES, TEXTS, Json
from indexer.codec.segment.fulltext import File
from search_app.engine.opensearch.client import Response, Send
from search_app.engine.opensearch.queries import (
    MAX_CLAUSES,
    PAGE_STEMS,
    QueryCompiler,
    any_of,
    count_leaves,
    match_intervals,
    nest,
    score_evenly,
)
from search_app.engine.query import nodes
from search_app.engine.store import FoundFile

MAX_FILES = 1000
"""Limit on the files of a publication whose pages are listed."""
LISTED_PAGES = 10_000
"""Limit on the pages of a text that are listed."""
_NUMBER, _TEXT = f"{PAGES}.number", f"{PAGES}.text"
MAX_COMPOUNDS = 3
"""Limit on the compounds in a clause whose words are looked for on pages."""
OCCURRENCES = 0.02
"""The most that the occurrences of a clause add to the score of a page."""
COMPOUND = 0.5
"""The score of a page with a word of a compound, and with nothing else of its clause. It counts as
the clause itself if the text has all words of the compound."""


def find_files(
    ids: Sequence[str],
    clauses: Sequence[nodes.Clause],
    compiler: QueryCompiler,
    most: int,
    send: Send,
) -> dict[str, list[FoundFile]]:
    """Return the files in which words of the clauses are, by the id of their publication.

    The pages with the most clauses are listed. Of these, the `most` with the most occurrences are
    read.
    """

    def list_pages(counted: int) -> list[Json]:
        return [
            query
            for number, clause in enumerate(clauses)
            for query in _match_pages(clause, number, counted, compiler)
        ]

    plain = list_pages(0)
    if not plain or not ids:
        return {}
    # The query of pages is stated for those that are listed, and for those that are read.
    free = (MAX_CLAUSES - 1) // (2 if most else 1) - count_leaves(plain)
    matching = any_of(list_pages(max(free, 0) // len(clauses)))
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


def _match_pages(
    clause: nodes.Clause, number: int, counted: int, compiler: QueryCompiler
) -> Iterator[Json]:
    """Yield a query of the pages with words of a clause, if any text may have some.

    The occurrences of up to `counted` words and names are counted. Pages name the clause by its
    number, or the words of a compound that they have: see `_find_best`.
    """
    parts, compounds = nodes.split_page_parts(clause, compiler.is_searched)
    queries = list[Json]()
    if found := compiler.match_page(parts):
        sources = chain.from_iterable(map(compiler.list_page_intervals, parts))
        some = [*islice(sources, counted)]
        counts = [match_intervals(PAGE_STEMS, some, OCCURRENCES)] if some else []
        queries.append({"bool": {"must": [score_evenly(found, 1, f"{number}")], "should": counts}})
    for place, compound in enumerate(compounds[:MAX_COMPOUNDS]):
        words = [nodes.split_page_parts(word, compiler.is_searched)[0] for word in compound.clauses]
        on_pages = [found for parts in words if (found := compiler.match_page(parts))]
        if len(on_pages) == len(words):
            name = f"{number}.{place}.{len(words)}"
            queries += [
                score_evenly(each, COMPOUND, f"{name}.{word}") for word, each in enumerate(on_pages)
            ]
    if queries:
        yield {"dis_max": {"queries": queries}}


def _find_best(pages: Sequence[Response]) -> list[Response]:
    """Return those of the pages of a text that have words of the most clauses.

    The words of a compound count if the text has all of them, and no other part of its clause.
    """
    by_clause, of_compounds = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    for place, page in enumerate(pages):
        for name in page["matched_queries"]:
            (of_compounds if "." in name else by_clause)[name].add(place)
    compounds = defaultdict[str, list[set[int]]](list)
    for name, places in of_compounds.items():
        compounds[name.rpartition(".")[0]].append(places)
    complete = defaultdict[str, set[int]](set)
    for name, words in compounds.items():
        number, _, count = name.split(".")
        if len(words) == int(count):
            complete[number].update(*words)
    counts = Counter(chain.from_iterable((complete | by_clause).values()))
    most = max(counts.values(), default=0)
    return [page for place, page in enumerate(pages) if most and counts[place] == most]


def _read(hit: Response) -> Iterator[FoundFile]:
    files = read_files(hit)
    for text in sorted(
        hit["inner_hits"][TEXTS]["hits"]["hits"], key=lambda text: text["_nested"]["offset"]
    ):
        best = _find_best(text["inner_hits"]["listed"]["hits"]["hits"])
        if not best:
            continue
        numbers = sorted(map(_get_number, best))
        read = text["inner_hits"]["read"]["hits"]["hits"] if "read" in text["inner_hits"] else []
        texts = [
            (_get_number(page), page["fields"][_TEXT][0])
            for page in read if _get_number(page) in numbers
        ]  # fmt: skip
        file, times = files[text["_nested"]["offset"]], sum(map(_count_occurrences, best))
        yield FoundFile(file, tuple(numbers), tuple(texts), times)


def _count_occurrences(page: Response) -> int:
    """Return how often the words of a clause occur on a page that was found by it alone."""
    share = (page["_score"] - 1) / OCCURRENCES
    return round(share / (1 - share)) if 0 < share < 1 else 1


def _get_number(page: Response) -> int:
    return int(page["fields"][_NUMBER][0])


def read_files(hit: Response) -> list[File]:
    """Return the descriptions of the files of a publication, given a hit with its files."""
    return msgspec.convert(hit.get("_source", {}).get("files", []), list[File])
