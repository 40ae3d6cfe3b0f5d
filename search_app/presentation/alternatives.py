"""Alternatives to a query without hits, or without hits for all words: links with counts."""

from __future__ import annotations

import msgspec

from indexer.catalogue.fields import MISSING, Catalogue
from search_app.engine.results import Counted, Diagnosis, Lacking, Place, Valued
from search_app.i18n.messages import gettext
from search_app.presentation.facet_panel import label
from search_app.search_state import SearchState


class Way(msgspec.Struct, frozen=True):
    """A search: its label, its number of hits, and its URL.

    `href` is empty if the search has no hits.
    """

    label: str
    total: int
    href: str

    @property
    def number(self) -> str:
        """The number of hits, formatted for display."""
        return f"{self.total:,}"


class Wider(msgspec.Struct, frozen=True):
    """Searches for broader and related concepts, instead of a concept that no publication has."""

    said: str
    broader: tuple[Way, ...]
    related: tuple[Way, ...]


class Nowhere(msgspec.Struct, frozen=True):
    """A place that no publication is about, with searches by filter values near it."""

    name: str
    regions: tuple[Way, ...]
    countries: tuple[Way, ...]
    unplaced: tuple[Way, ...]

    @property
    def groups(self) -> tuple[tuple[str, tuple[Way, ...]], ...]:
        """The searches under their labels, without empty groups."""
        labeled = (
            (gettext("Its region"), self.regions),
            (gettext("Countries in it"), self.countries),
            (gettext("Without a region"), self.unplaced),
        )
        return tuple((name, ways) for name, ways in labeled if ways)


class Ways(msgspec.Struct, frozen=True):
    """The alternatives to a query.

    `words` searches for each word alone. It is empty if no word has hits. `nearest` replaces
    unknown words by similar ones. `unfiltered` drops all filters. `any` needs any of the words
    only. `lacking` has the concepts that no publication has, with broader and related ones.
    `places` has the places that no publication is about.
    """

    words: tuple[Way, ...]
    nearest: tuple[Way, ...]
    unfiltered: Way | None
    any: Way | None
    lacking: tuple[Wider, ...] = ()
    places: tuple[Nowhere, ...] = ()


def ways(diagnosis: Diagnosis, state: SearchState, catalogue: Catalogue) -> Ways:
    """Return the alternatives that a diagnosis offers, as links from the page of a state."""
    several = sum(map(len, state.filters.values())) > 1
    # Words without hits are listed only next to words with hits. The page already says "no hits".
    words = diagnosis.words if any(each.total for each in diagnosis.words) else ()
    return Ways(
        tuple([_way(each, state) for each in words]),
        tuple([_way(each, state) for each in diagnosis.nearest]),
        _to(diagnosis.unfiltered, state.without_filters()) if several else None,
        _to(diagnosis.any, state.with_match("any")),
        tuple([_wider(each, state) for each in diagnosis.lacking]),
        tuple([_nowhere(each, state, catalogue) for each in diagnosis.places]),
    )


def _nowhere(place: Place, state: SearchState, catalogue: Catalogue) -> Nowhere:
    regions: list[Way] = []
    countries: list[Way] = []
    unplaced: list[Way] = []
    for each in place.near:
        row = catalogue.by_name[each.field]
        group = countries if row.parent else unplaced if each.value == MISSING else regions
        name = label(row, each.value, catalogue)
        leads_to = _chosen(each, state.alone(place.text), catalogue)
        group.append(Way(name, each.total, leads_to.url()))
    return Nowhere(place.name, tuple(regions), tuple(countries), tuple(unplaced))


def _chosen(valued: Valued, state: SearchState, catalogue: Catalogue) -> SearchState:
    """Return the state with one value selected in a facet, instead of the current selection."""
    parent = catalogue.by_name[valued.field].parent or valued.field
    for name in (parent, catalogue.children[parent].name):
        for value in state.filters.get(name, ()):
            state = state.without_filter(name, value)
    return state.with_filter(valued.field, valued.value)


def _wider(lacking: Lacking, state: SearchState) -> Wider:
    broader, related = (
        tuple([_way(each, state) for each in counted])
        for counted in (lacking.broader, lacking.related)
    )
    return Wider(lacking.said, broader, related)


def _way(counted: Counted, state: SearchState) -> Way:
    href = state.alone(counted.text).url() if counted.total else ""
    return Way(counted.text, counted.total, href)


def _to(total: int | None, state: SearchState) -> Way | None:
    return None if total is None else Way(state.text, total, state.url() if total else "")
