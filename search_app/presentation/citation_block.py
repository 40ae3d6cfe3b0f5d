"""The citations of a publication or of a list, in the style that a reader has chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from search_app.export.citations import STYLES, Run, cite
from search_app.export.csl import Item


class StyleLink(NamedTuple):
    """A link to the page with citations in a style."""

    label: str
    href: str
    is_current: bool


class CitationBlock(msgspec.Struct, frozen=True):
    """The styles on offer, and citations in one of them.

    `citations` is None until a style is chosen, because a citation takes up to 10 ms. `missing` is
    the number of publications of a type for which the style has no citation.
    """

    links: tuple[StyleLink, ...]
    citations: tuple[tuple[Run, ...], ...] | None
    missing: int = 0


def make_citation_block(items: Sequence[Item], style: str | None, page_url: str) -> CitationBlock:
    """Return the block of some publications, in their order. `page_url` is the page without it."""
    separator = "&" if "?" in page_url else "?"
    links = tuple(
        StyleLink(label, f"{page_url}{separator}cite={name}#cite", name == style)
        for name, label in STYLES.items()
    )
    if style is None:
        return CitationBlock(links, None)
    citations = tuple(filter(None, [cite(item, style) for item in items]))
    return CitationBlock(links, citations, len(items) - len(citations))
