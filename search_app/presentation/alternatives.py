"""Alternatives to a query without hits, or without hits for all words: links with counts."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from indexer.catalogue.fields import MISSING, Catalogue
from search_app.engine.diagnosis import Diagnosis, Lacking, MissingPlace, QueryCount, ValueCount
from search_app.i18n.translation import format_number, gettext
from search_app.presentation.facet_rows import facet_label
from search_app.search_state import SearchState


class SearchLink(msgspec.Struct, frozen=True):
    """A search: its text or label, its number of hits, and the URL of its page.

    `url` is None if the search has no hits.
    """

    text: str
    total: int
    url: str | None

    @property
    def number(self) -> str:
        """The number of hits, formatted for display."""
        return format_number(self.total)


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


def alternatives(diagnosis: Diagnosis, state: SearchState, catalogue: Catalogue) -> Alternatives:
    """Return the alternatives that a diagnosis offers, as links from the page of a state."""
    filters = (*state.filters.values(), *state.excluded.values())
    has_several_filters = sum(map(len, filters)) > 1
    # Words without hits are listed only next to words with hits. The page already says "no hits".
    words = diagnosis.words if any(count.total for count in diagnosis.words) else ()
    return Alternatives(
        tuple([_make_link(count, state) for count in words]),
        tuple([_make_link(count, state) for count in diagnosis.nearest]),
        _link_to(diagnosis.unfiltered, state.without_filters()) if has_several_filters else None,
        None if diagnosis.any is None else _link_to(diagnosis.any, state.with_match("any")),
        {
            facet: _link_to(total, state.with_any_of(facet), catalogue.by_name[facet].label)
            for facet, total in diagnosis.any_of.items()
        },
        tuple([_make_wider(lacking, state) for lacking in diagnosis.lacking]),
        tuple([_make_place(place, state, catalogue) for place in diagnosis.places]),
    )


def _make_place(place: MissingPlace, state: SearchState, catalogue: Catalogue) -> PlaceAlternatives:
    regions: list[SearchLink] = []
    countries: list[SearchLink] = []
    unplaced: list[SearchLink] = []
    for value in place.near:
        row = catalogue.by_name[value.field]
        group = countries if row.parent else unplaced if value.value == MISSING else regions
        name = facet_label(row, value.value, catalogue)
        target = _select_value(value, state.with_only_text(place.text), catalogue)
        group.append(SearchLink(name, value.total, target.make_url()))
    name = _name_place(place, catalogue)
    return PlaceAlternatives(name, tuple(regions), tuple(countries), tuple(unplaced))


def _name_place(place: MissingPlace, catalogue: Catalogue) -> str:
    """Return the display name of a place, as that of a country that publications are about."""
    rows = (row.name for row in catalogue.fields if row.kind == "country")
    row = next(rows, None)
    return catalogue.get_label(row, place.code) if row and place.code else place.name


def _select_value(count: ValueCount, state: SearchState, catalogue: Catalogue) -> SearchState:
    """Return the state with one value selected in a facet, instead of the current selection."""
    parent = catalogue.by_name[count.field].parent or count.field
    for name in (parent, catalogue.children[parent].name):
        for value in state.filters.get(name, ()):
            state = state.without_filter(name, value)
    return state.with_filter(count.field, count.value)


def _make_wider(lacking: Lacking, state: SearchState) -> WiderSubjects:
    return WiderSubjects(
        lacking.text,
        tuple([_make_link(count, state) for count in lacking.broader]),
        tuple([_make_link(count, state) for count in lacking.related]),
    )


def _make_link(count: QueryCount, state: SearchState) -> SearchLink:
    return _link_to(count.total, state.with_only_text(count.text))


def _link_to(total: int, state: SearchState, label: str = "") -> SearchLink:
    """Return the link to a search. Its label is the query if there is none."""
    return SearchLink(label or state.text, total, state.make_url() if total else None)
