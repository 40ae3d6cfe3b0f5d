"""The page of a search, and of a facet: the links and sentences around the hits and the facets.

Templates print them. The JSON API (`api.responses`) makes its URLs with the same functions, so page
and API agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, pairwise

import msgspec

from indexer.catalogue.fields import MISSING, Catalogue
from search_app.engine.request import Sort
from search_app.engine.results import Diagnosis, MissingPlace, QueryCount, Results, ValueCount
from search_app.i18n.translation import gettext
from search_app.presentation.country_map import make_country_map
from search_app.presentation.facets import make_facet_groups
from search_app.presentation.hits import render_hits
from search_app.presentation.labels import (
    exclusion_label,
    facet_label,
    find_facet_language,
    make_export_links,
    selection_label,
)
from search_app.presentation.search_notes import (
    describe_relaxed,
    interpretation_notes,
    search_notes,
    summarize,
)
from search_app.search_state import SIZES, SearchState


def make_search_page(
    results: Results, state: SearchState, catalogue: Catalogue, *, has_texts: bool
) -> dict[str, object]:
    """Return what the template of a search page prints. `has_texts`: the index has full texts."""
    groups = make_facet_groups(results, state, catalogue)
    pages = count_pages(results, state)
    diagnosis = results.diagnosis
    return {
        "has_texts": has_texts,
        "summary": summarize(results, state),
        "hits": render_hits(results, state, catalogue),
        "groups": groups,
        # A region is selected by a filter. Without one, no map is open.
        "map": make_country_map(groups, catalogue) if state.filters else None,
        "chips": list(make_chips(results, state, catalogue)),
        "exports": make_export_links(lambda name: state.make_url(f"/export/{name}", page=1)),
        "sorts": label_sorts(),
        "sizes": SIZES,
        "pages": pages,
        "near_pages": _list_near_pages(state.page, pages),
        "relaxed": describe_relaxed(results),
        "alternatives": make_alternatives(diagnosis, state, catalogue) if diagnosis else None,
        "notes": list(search_notes(results, state, catalogue)),
        "readings": list(interpretation_notes(results, state, catalogue, has_texts=has_texts)),
    }


def label_sorts() -> dict[Sort, str]:
    """Return the labels of the sort orders."""
    return {
        "relevance": gettext("Best match"),
        "newest": gettext("Newest first"),
        "oldest": gettext("Oldest first"),
        "title": gettext("Title"),
    }


def count_pages(results: Results, state: SearchState) -> int:
    """Return the number of pages of the list, at least 1."""
    return max(1, -(-results.listed // state.size))


def _list_near_pages(page: int, pages: int) -> list[int]:
    """Return the numbers of the first, the last, and the nearby pages, with 0 for each gap."""
    near = sorted({1, pages, *range(max(1, page - 2), min(pages, page + 2) + 1)})
    gaps = [[0, number] if number - before > 1 else [number] for before, number in pairwise(near)]
    return [1, *chain.from_iterable(gaps)]


class Chip(msgspec.Struct, frozen=True):
    """A selected or excluded value: its labels, the URL without it, and the total without it.

    `facet` is the label of its field, and `name` is that with the words that all values are needed,
    if they are. `own_label` is the part of the label that is in the language `lang`, or in that of
    the page if this is None: for an excluded value, its own label.
    """

    facet: str
    name: str
    label: str
    own_label: str
    href: str
    total: int
    field: str
    value: str
    lang: str | None = None
    excluded: bool = False


def make_chips(results: Results, state: SearchState, catalogue: Catalogue) -> Iterator[Chip]:
    """Yield the active filters, each with the number of hits without it."""
    if not (state.filters or state.excluded):
        return
    all_buckets = [bucket for buckets in results.facets.values() for bucket in buckets]
    all_buckets += [child for bucket in all_buckets for child in bucket.children]
    totals = {(bucket.field, bucket.value, bucket.excluded): bucket.total for bucket in all_buckets}
    restricted = [
        (name, value, is_excluded)
        for is_excluded, filters in ((False, state.filters), (True, state.excluded))
        for name, values in filters.items()
        for value in values
    ]
    for name, value, excluded in restricted:
        field = catalogue.by_name[name]
        label = own_label = facet_label(field, value, catalogue)
        language = find_facet_language(field, value, catalogue)
        without = state.without_exclusion if excluded else state.without_filter
        if excluded:
            label = exclusion_label(field, value, catalogue)
            if value == MISSING:
                own_label, language = label, None
        yield Chip(
            field.label,
            field.label if excluded else selection_label(field, state),
            label,
            own_label,
            without(name, value).make_url(),
            totals[name, value, excluded],
            name,
            value,
            language,
            excluded,
        )


class SearchLink(msgspec.Struct, frozen=True):
    """A search: its text or label, its number of hits, and the URL of its page.

    `url` is None if the search has no hits.
    """

    text: str
    total: int
    url: str | None


class WiderSubjects(msgspec.Struct, frozen=True):
    """A concept that no publication has, with searches for broader and related concepts."""

    text: str
    broader: tuple[SearchLink, ...]
    related: tuple[SearchLink, ...]


class PlaceAlternatives(msgspec.Struct, frozen=True):
    """A place that no publication is about, with searches by filter values near it.

    Each search keeps the rest of the query. `unplaced` has the publications without a place.
    """

    name: str
    regions: tuple[SearchLink, ...]
    countries: tuple[SearchLink, ...]
    unplaced: tuple[SearchLink, ...]

    @property
    def groups(self) -> tuple[tuple[str, tuple[SearchLink, ...]], ...]:
        """The searches under their labels, without empty groups."""
        labeled = (
            (gettext("Its region"), self.regions),
            (gettext("Countries in it"), self.countries),
            (gettext("Without a region"), self.unplaced),
        )
        return tuple((name, links) for name, links in labeled if links)


class Alternatives(msgspec.Struct, frozen=True):
    """The alternatives to a query of which no publication has all words.

    `words` searches for each word alone. It is empty if no word has hits. `nearest` replaces
    unknown words by similar ones. `unfiltered` drops all filters. `any` needs any of the words
    only. `any_of` needs any of the selected values of a facet only, by its name, and has its label.
    `lacking` has the concepts that no publication has, with broader and related ones.
    `places` has the places that no publication is about.
    """

    words: tuple[SearchLink, ...]
    nearest: tuple[SearchLink, ...]
    unfiltered: SearchLink | None
    any: SearchLink | None
    any_of: Mapping[str, SearchLink]
    lacking: tuple[WiderSubjects, ...] = ()
    places: tuple[PlaceAlternatives, ...] = ()


def make_alternatives(
    diagnosis: Diagnosis, state: SearchState, catalogue: Catalogue
) -> Alternatives:
    """Return the alternatives that a diagnosis offers, as links from the page of a state."""

    def link_all(counts: Iterable[QueryCount]) -> tuple[SearchLink, ...]:
        return tuple([_link_to(each.total, state.change(text=each.text)) for each in counts])

    filters = (*state.filters.values(), *state.excluded.values())
    has_several_filters = sum(map(len, filters)) > 1
    # Words without hits are listed only next to words with hits. The page already says "no hits".
    words = diagnosis.words if any(count.total for count in diagnosis.words) else ()
    return Alternatives(
        link_all(words),
        link_all(diagnosis.nearest),
        _link_to(diagnosis.unfiltered, state.without_filters()) if has_several_filters else None,
        None if diagnosis.any is None else _link_to(diagnosis.any, state.change(match="any")),
        {
            facet: _link_to(total, state.with_any_of(facet), catalogue.by_name[facet].label)
            for facet, total in diagnosis.any_of.items()
        },
        tuple(
            [
                WiderSubjects(each.text, link_all(each.broader), link_all(each.related))
                for each in diagnosis.lacking
            ]
        ),
        tuple([_make_place(place, state, catalogue) for place in diagnosis.places]),
    )


def _make_place(place: MissingPlace, state: SearchState, catalogue: Catalogue) -> PlaceAlternatives:
    regions: list[SearchLink] = []
    countries: list[SearchLink] = []
    unplaced: list[SearchLink] = []
    for value in place.near:
        row = catalogue.by_name[value.field]
        group = countries if row.parent else unplaced if value.value == MISSING else regions
        target = _select_value(value, state.change(text=place.text), catalogue)
        group.append(_link_to(value.total, target, facet_label(row, value.value, catalogue)))
    # The name of a country is that of a country that publications are about.
    rows = [row.name for row in catalogue.fields if row.kind == "country" and place.code]
    name = catalogue.get_label(rows[0], place.code) if rows else place.name
    return PlaceAlternatives(name, tuple(regions), tuple(countries), tuple(unplaced))


def _select_value(count: ValueCount, state: SearchState, catalogue: Catalogue) -> SearchState:
    """Return the state with one value selected in a facet, instead of the current selection."""
    parent = catalogue.by_name[count.field].parent or count.field
    for name in (parent, catalogue.children[parent].name):
        for value in state.filters.get(name, ()):
            state = state.without_filter(name, value)
    return state.with_filter(count.field, count.value)


def _link_to(total: int, state: SearchState, label: str = "") -> SearchLink:
    """Return the link to a search. Its label is the query if there is none."""
    return SearchLink(label or state.text, total, state.make_url() if total else None)
