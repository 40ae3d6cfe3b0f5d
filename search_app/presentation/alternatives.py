"""The ways on from where nothing was found, or nothing with all the words: links with numbers."""

from __future__ import annotations

import msgspec

from indexer.catalogue.fields import MISSING, Catalogue
from search_app.engine.results import Counted, Diagnosis, Lacking, Place, Valued
from search_app.presentation.facet_panel import label
from search_app.search_state import SearchState


class Way(msgspec.Struct, frozen=True):
    """A search: what it is called, how many publications it finds, and its address.

    There is no address where it finds none.
    """

    label: str
    total: int
    href: str

    @property
    def number(self) -> str:
        """The number as it is printed."""
        return f"{self.total:,}"

    @property
    def unit(self) -> str:
        """What is counted."""
        return "publication" if self.total == 1 else "publications"


class Wider(msgspec.Struct, frozen=True):
    """Searches for broader and related things, in place of a thing that no publication has."""

    said: str
    broader: tuple[Way, ...]
    related: tuple[Way, ...]


class Nowhere(msgspec.Struct, frozen=True):
    """A place that no publication is about, with searches by values of the filters near it."""

    name: str
    regions: tuple[Way, ...]
    countries: tuple[Way, ...]
    unplaced: tuple[Way, ...]

    @property
    def groups(self) -> tuple[tuple[str, tuple[Way, ...]], ...]:
        """The searches under their labels; no label has no search."""
        labeled = (
            ("Its region", self.regions),
            ("Countries there", self.countries),
            ("Without a region", self.unplaced),
        )
        return tuple((name, ways) for name, ways in labeled if ways)


class Ways(msgspec.Struct, frozen=True):
    """Where else one may go: each word alone, words like unknown ones, without all filters, any.

    `words` is empty if none of them finds anything alone. `lacking` has the
    things that no publication has, with broader and related ones, `places` such places.
    """

    words: tuple[Way, ...]
    nearest: tuple[Way, ...]
    unfiltered: Way | None
    any: Way | None
    lacking: tuple[Wider, ...] = ()
    places: tuple[Nowhere, ...] = ()


def ways(diagnosis: Diagnosis, state: SearchState, catalogue: Catalogue) -> Ways:
    """What a diagnosis offers, for the page of a state."""
    several = sum(map(len, state.filters.values())) > 1
    # Words without hits are counted next to others only: alone they repeat that nothing was found.
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
    """Return a state with one value selected in a filter, instead of those selected in it."""
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
