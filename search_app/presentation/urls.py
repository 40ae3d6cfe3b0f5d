"""URLs of this site that do not show a list of hits. `search_state` has those that do."""

from __future__ import annotations

from urllib.parse import quote

from search_app.search_state import SearchState


def make_publication_url(identity: str, prefix: str) -> str:
    """Return the URL of a publication's page below a path prefix."""
    return f"{prefix}/publication/{quote(identity, safe='/')}"


def make_export_url(name: str, identity: str, prefix: str) -> str:
    """Return the URL of a publication in the format with this name, below a path prefix."""
    return f"{prefix}/export/{name}/{quote(identity, safe='/')}"


def make_hit_url(state: SearchState, identity: str, position: int | None) -> str:
    """Return the URL of a publication with a search, so that its page can lead back.

    `position` counts the hits of the search from 1. It is None if the publication is not a hit.
    """
    url = state.make_url(make_publication_url(identity, ""), page=1)
    return url if position is None else f"{url}{'&' if '?' in url else '?'}hit={position}"
