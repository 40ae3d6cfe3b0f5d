"""The search record: what a systematic review reports of a search.

It covers items 1, 8, 9, 12, 13 and 15 of PRISMA-S (doi:10.1186/s13643-020-01542-z): database,
strategy, limits, updates, date, and number of records.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version

import msgspec

from indexer.catalogue.fields import Catalogue
from search_app.engine import Searcher
from search_app.engine.request import Match, Sort
from search_app.engine.results import ExpandedEntity, Results
from search_app.presentation.search_page import interpretation_notes, search_notes
from search_app.search_state import SearchState


class SearchRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A search, how it was interpreted, and the index that it searched.

    `interpretation` has sentences on corrections, years, relaxing, and dropped words. `entities`
    contains the concepts of the query with all names that were searched for too. `filters` contains
    the selected values by field, and `excluded` the excluded ones. `all_of` contains the facets of
    which all selected values were needed. `url` repeats the search, and `ris` contains its
    publications in RIS. `time` is that of the search in UTC. `generation`, `built` and
    `publication_count` are the name, the time and the size of the index. `program` is the version
    of the program. `total` is the number of hits.
    """

    catalogue: str
    query: str
    match: Match
    exact: bool
    semantic: bool
    inside: bool
    interpretation: tuple[str, ...]
    entities: tuple[ExpandedEntity, ...]
    filters: Mapping[str, tuple[str, ...]]
    all_of: tuple[str, ...]
    excluded: Mapping[str, tuple[str, ...]]
    sort: Sort
    url: str
    ris: str
    time: datetime
    generation: str
    built: str
    publication_count: int
    program: str
    total: int


def make_search_record(
    results: Results,
    state: SearchState,
    catalogue: Catalogue,
    searcher: Searcher,
    *,
    origin: str,
    time: datetime,
) -> SearchRecord:
    """Return the record of a search at a time in UTC. `origin` is the scheme and host of URLs."""
    manifest = searcher.generation.manifest
    without_names = msgspec.structs.replace(results, entities=())
    readings = interpretation_notes(without_names, state, catalogue, has_texts=searcher.has_texts)
    lines = [*search_notes(results, state, catalogue), *(note.line for note in readings)]
    return SearchRecord(
        catalogue=catalogue.title,
        query=state.text,
        match=state.match,
        exact=state.exact,
        semantic=state.semantic,
        inside=state.inside,
        interpretation=tuple(filter(None, lines)),
        entities=results.entities,
        filters=state.filters,
        all_of=tuple(state.all_of),
        excluded=state.excluded,
        sort=results.sort,
        url=f"{origin}{state.make_url(page=1)}",
        ris=f"{origin}{state.make_url('/export/ris', page=1)}",
        time=time,
        generation=results.generation,
        built=manifest.built,
        publication_count=manifest.publications,
        program=version("pubsearch"),
        total=results.total,
    )
