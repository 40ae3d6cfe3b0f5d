"""The page of a publication: every field, its other editions, and similar publications."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from indexer.analysis.tokenizer import PARAGRAPH_BREAK
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Link, Publication, Value
from indexer.catalogue.tested_links import LinkResult
from indexer.values.identifiers import make_doi_url
from indexer.values.publication_types import PublicationType
from search_app.engine.store import Related
from search_app.export.csl import Item
from search_app.presentation.export_links import ExportLink, make_export_links
from search_app.presentation.how_to_get import HowToGet, make_how_to_get
from search_app.presentation.labels import MetadataLine, display_value, list_qualifying_rows
from search_app.presentation.link_status import DeadLink, make_dead_links
from search_app.presentation.urls import make_export_url, make_publication_url
from search_app.reading_list import ReadingList
from search_app.search_state import SearchState

MAX_UNFOLDED_VALUES = 20
"""Number of values of a field that are shown before "show more"."""
MAX_INLINE_CHARS = 30
"""Maximum mean length of values that share a line, in characters. Longer values, such as notes,
have a line each."""
MAX_HEADLINE_CHARS = 90
"""Maximum characters of a title in the largest type. A longer title would fill a phone screen."""

OPEN_GRAPH_TYPES: Mapping[PublicationType, str] = {
    "motion_picture": "video.other",
    "book": "book",
    "article": "article",
    "article-journal": "article",
    "article-magazine": "article",
    "article-newspaper": "article",
    "paper-conference": "article",
    "post-weblog": "article",
}
"""The types of https://ogp.me by type in CSL. The others are websites. A reference manager takes an
"article" for one in a journal, so a report is none."""


class Detail(msgspec.Struct, frozen=True):
    """A field on the page: its label, and its values as pairs of text and URL.

    The URL is empty if a value has no link. `folded` has further values that are shown on demand.
    `has_long_values`: each value has its own line.
    """

    label: str
    values: tuple[tuple[str, str], ...]
    folded: tuple[tuple[str, str], ...] = ()
    has_long_values: bool = False


class RelatedPublication(msgspec.Struct, frozen=True):
    """A related publication, listed by its title and one line of facts."""

    href: str
    title: str
    lang: str | None
    facts: tuple[str, ...]


class PublicationPage(msgspec.Struct, frozen=True):
    """All values that the page of a publication prints.

    `href` is its URL. `list_href` is a list of it alone. `editions` are its other editions, newest
    first. `similar` are similar publications. `has_long_title`: the title needs a smaller type.
    `may_have_abstract`: the catalogue has abstracts. `open_graph_type` is its type in the Open
    Graph protocol. `dead_links` are those of its links that failed their last test, by URL.
    """

    publication: Publication
    href: str
    title: str
    facts: tuple[str, ...]
    how_to_get: HowToGet
    paragraphs: tuple[str, ...]
    exports: tuple[ExportLink, ...]
    details: tuple[Detail, ...]
    editions: tuple[RelatedPublication, ...]
    similar: tuple[RelatedPublication, ...]
    json_href: str
    list_href: str
    has_long_title: bool
    may_have_abstract: bool
    open_graph_type: str
    dead_links: Mapping[str, DeadLink]


def make_publication_page(
    publication: Publication,
    item: Item,
    related: Related,
    catalogue: Catalogue,
    prefix: str,
    *,
    dead_links: Iterable[LinkResult],
) -> PublicationPage:
    """Return the page of a publication, with a link for each facet value.

    `item` is the publication in the terms of CSL.
    """
    metadata = MetadataLine(catalogue, catalogue.facts)
    href = make_publication_url(publication.id, "")
    return PublicationPage(
        publication,
        f"{prefix}{href}",
        f"{publication.title} – {catalogue.title}",
        metadata.format(publication),
        make_how_to_get(publication, item, catalogue),
        tuple(publication.summary.split(PARAGRAPH_BREAK)) if publication.summary else (),
        make_export_links(lambda name: make_export_url(name, publication.id, prefix)),
        tuple(_make_details(publication, catalogue, prefix)),
        _make_related(related.editions, metadata, prefix),
        _make_related(related.similar, metadata, prefix),
        f"{prefix}/api{href}",
        ReadingList((publication.id,), prefix).make_url(),
        len(publication.title) > MAX_HEADLINE_CHARS,
        catalogue.find_by_role("abstract") is not None,
        OPEN_GRAPH_TYPES.get(item.type, "website"),
        make_dead_links(dead_links),
    )


def _make_details(publication: Publication, catalogue: Catalogue, prefix: str) -> Iterable[Detail]:
    """Yield the fields with values. A list is folded only if it is well above the limit."""
    for field in catalogue.valued:
        values = publication.values.get(field.name, ())
        if not values:
            continue
        qualifying = list_qualifying_rows(field, catalogue)
        texts = [
            display_value(publication, field, value, qualifying, catalogue) for value in values
        ]
        hrefs = [_make_href(field, value, prefix) for value in values]
        pairs = tuple(zip(texts, hrefs, strict=True))
        limit = MAX_UNFOLDED_VALUES if len(pairs) > 1.5 * MAX_UNFOLDED_VALUES else len(pairs)
        has_long_values = len(texts) > 1 and sum(map(len, texts)) > MAX_INLINE_CHARS * len(texts)
        yield Detail(field.label, pairs[:limit], pairs[limit:], has_long_values)


def _make_related(
    publications: Iterable[Publication], metadata: MetadataLine, prefix: str
) -> tuple[RelatedPublication, ...]:
    return tuple(
        [
            RelatedPublication(
                make_publication_url(publication.id, prefix),
                publication.title,
                publication.lang,
                metadata.format(publication),
            )
            for publication in publications
        ]
    )


def _make_href(field: Field, value: Value, prefix: str) -> str:
    """Return the URL behind a value: a web link, or the list of a facet value; otherwise empty."""
    if isinstance(value, Link):
        return value.url
    if field.kind == "doi":
        return make_doi_url(str(value))
    if field.kind == "pmid":
        return f"https://pubmed.ncbi.nlm.nih.gov/{value}/"
    if field.facet or field.parent:
        return SearchState(prefix=prefix).with_filter(field.name, str(value)).make_url()
    return ""
