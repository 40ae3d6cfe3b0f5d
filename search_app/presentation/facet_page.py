"""The page of one facet: all of its values in the current search."""

from __future__ import annotations

import msgspec

from indexer.catalogue.fields import Catalogue, Field
from search_app.engine.results import Results
from search_app.presentation.country_map import CountryMap, make_country_map
from search_app.presentation.facet_panel import FacetGroup, make_facet_groups
from search_app.presentation.search_page import Chip, make_chips
from search_app.search_state import SearchState

MAX_LINK_BYTES, ROW_BYTES = 1 << 20, 500
"""Maximum size of the links on the page of a facet, and the size of a row without its links, in
bytes. They limit the page to about 2,000 values. It stays fast for tens of thousands of authors."""


class FacetPage(msgspec.Struct, frozen=True):
    """All values that the page of a facet prints: its values and the active filters.

    Only the values that contain the text to `find` are in the group. `map` has its countries, if it
    has any.
    """

    state: SearchState
    group: FacetGroup
    map: CountryMap | None
    find: str
    chips: tuple[Chip, ...]
    clear_href: str
    back_href: str
    hidden: tuple[tuple[str, str], ...]


def make_facet_page(
    field: Field, results: Results, state: SearchState, catalogue: Catalogue, find: str
) -> FacetPage:
    """Return the page of a facet, with the values that contain a text to `find`.

    The size of the links limits how many values it lists.
    """
    limit = MAX_LINK_BYTES // (2 * len(state.make_url()) + ROW_BYTES)
    (group,) = make_facet_groups(results, state, catalogue, [field], limit, find=find)
    return FacetPage(
        state,
        group,
        make_country_map([group], catalogue, has_all=True),
        find,
        tuple(make_chips(results, state, catalogue)),
        state.without_filters().make_url(),
        state.make_url(),
        state.form_pairs,
    )
