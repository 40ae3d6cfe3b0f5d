"""From a publication back to the list it was opened from, and on to its neighbors there.

The URL of a hit has the search and the number of the hit, so the page needs no cookie and is the
same for all readers.
"""

from __future__ import annotations

from itertools import count

import msgspec

from search_app.engine.results import Results
from search_app.presentation.urls import make_hit_url
from search_app.search_state import SearchState


class Neighbor(msgspec.Struct, frozen=True):
    """The hit before or after a publication: its URL and its title."""

    href: str
    title: str


class ResultTrail(msgspec.Struct, frozen=True):
    """The place of a publication in a list.

    `query` is the text that the list was searched for. `position` counts from 1. It is 0 if the
    list no longer has the publication there, and then there are no neighbors.
    """

    back_href: str
    query: str
    position: int = 0
    total: int = 0
    previous: Neighbor | None = None
    next: Neighbor | None = None


def make_window(state: SearchState, position: int) -> SearchState:
    """Return the smallest page of a search that has a hit and both of its neighbors.

    `position` counts hits from 1. For every position some page of a few hits has all three.
    """
    size = next(size for size in count(3) if position == 1 or (position - 2) % size <= size - 3)
    return msgspec.structs.replace(state, size=size, page=max(position - 2, 0) // size + 1)


def make_trail(
    identity: str, position: int, state: SearchState, window: SearchState, results: Results
) -> ResultTrail:
    """Return the place of a publication in the list of `state`. `results` are those of `window`."""
    back_href = state.make_url(page=(position - 1) // state.size + 1)
    hits = [hit.publication for hit in results.hits]
    query = results.corrected or state.text
    first = (window.page - 1) * window.size + 1
    index = position - first
    if index >= len(hits) or hits[index].id != identity:
        return ResultTrail(state.make_url(page=1), query)

    def make_neighbor(step: int) -> Neighbor | None:
        if not 0 <= index + step < len(hits):
            return None
        found = hits[index + step]
        return Neighbor(make_hit_url(state, found.id, position + step), found.title)

    neighbors = make_neighbor(-1), make_neighbor(+1)
    return ResultTrail(back_href, query, position, results.listed, *neighbors)
