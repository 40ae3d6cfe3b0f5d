"""The citation of a publication on its page, in the style that a reader has chosen."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from search_app.export.citations import STYLES, Run, cite
from search_app.export.csl import Item
from search_app.presentation.search_page import make_hit_url, make_publication_url
from search_app.search_state import SearchState


class StyleLink(NamedTuple):
    """A link to the page with the citation in a style."""

    label: str
    href: str
    is_current: bool


class CitationBlock(msgspec.Struct, frozen=True):
    """The styles on offer, and the citation in one of them.

    `citation` is None until a style is chosen, because a citation takes up to 20 ms. It is empty if
    the style has no form for this type of publication.
    """

    links: tuple[StyleLink, ...]
    citation: tuple[Run, ...] | None


def make_citation_block(
    item: Item, style: str | None, state: SearchState, position: int | None
) -> CitationBlock:
    """Return the block of a publication, which may be a hit of a search.

    `position` counts the hits from 1. The links keep it, so that the page still leads back.
    """
    url = (
        state.make_url(make_publication_url(item.id, ""), page=1)
        if position is None
        else make_hit_url(state, item.id, position)
    )
    separator = "&" if "?" in url else "?"
    return CitationBlock(
        tuple(
            StyleLink(label, f"{url}{separator}cite={name}#cite", name == style)
            for name, label in STYLES.items()
        ),
        None if style is None else cite(item, style),
    )
