"""The page of a publication: every field, its other editions, and similar publications."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
from markupsafe import Markup

from indexer.analysis.tokenizer import PARAGRAPH_BREAK
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Link, Publication, Value
from indexer.catalogue.tested_links import LinkResult
from indexer.values.identifiers import make_doi_url
from indexer.values.publication_types import PublicationType
from search_app.engine.store import Related
from search_app.export.csl import Item
from search_app.presentation.displayed_texts import DisplayedText, find_abstract, find_title
from search_app.presentation.export_links import ExportLink, make_export_links
from search_app.presentation.facet_rows import find_facet_language
from search_app.presentation.file_search import FileRow
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
    """A field on the page: its label, and its values as text, URL, and language of the text.

    The URL is empty if a value has no link. The language is None if it is the one of the page.
    `folded` has further values that are shown on demand. `has_long_values`: each value has its own
    line.
    """

    label: str
    values: tuple[tuple[str, str, str | None], ...]
    folded: tuple[tuple[str, str, str | None], ...] = ()
    has_long_values: bool = False


class RelatedPublication(msgspec.Struct, frozen=True):
    """A related publication, listed by its title and one line of facts."""

    href: str
    title: str
    lang: str | None
    facts: tuple[Markup, ...]


class PublicationPage(msgspec.Struct, frozen=True):
    """All values that the page of a publication prints.

    `title` is the title of the HTML document, and `heading` that of the publication. `paragraphs`
    are those of the abstract, and `original_paragraphs` those of the original below. `href` is its
    URL. `list_href` is a list of it alone. `editions` are its other editions, newest first.
    `similar` are similar publications. `has_long_title`: the title needs a smaller type.
    `may_have_abstract`: the catalogue has abstracts. `open_graph_type` is its type in the Open
    Graph protocol. `dead_links` are those of its links that failed their last test, by URL.
    """

    publication: Publication
    heading: DisplayedText
    abstract: DisplayedText
    href: str
    title: str
    facts: tuple[Markup, ...]
    how_to_get: HowToGet
    paragraphs: tuple[str, ...]
    original_paragraphs: tuple[str, ...]
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
    files: Sequence[FileRow],
) -> PublicationPage:
    """Return the page of a publication, with a link for each facet value.

    `item` is the publication in the terms of CSL, and `files` are its files.
    """
    metadata = MetadataLine(catalogue, catalogue.facts)
    href = make_publication_url(publication.id, "")
    heading, abstract = find_title(publication, catalogue), find_abstract(publication, catalogue)
    return PublicationPage(
        publication,
        heading,
        abstract,
        f"{prefix}{href}",
        f"{heading.text} – {catalogue.title}",
        metadata.format(publication),
        make_how_to_get(publication, item, catalogue, files),
        _split_paragraphs(abstract.text),
        _split_paragraphs(abstract.original),
        make_export_links(lambda name: make_export_url(name, publication.id, prefix)),
        tuple(_make_details(publication, catalogue, prefix, {heading.row, abstract.row})),
        _make_related(related.editions, metadata, catalogue, prefix),
        _make_related(related.similar, metadata, catalogue, prefix),
        f"{prefix}/api{href}",
        ReadingList((publication.id,), prefix).make_url(),
        len(heading.text) > MAX_HEADLINE_CHARS,
        catalogue.find_by_role("abstract") is not None,
        OPEN_GRAPH_TYPES.get(item.type, "website"),
        make_dead_links(dead_links),
    )


def _split_paragraphs(text: str) -> tuple[str, ...]:
    return tuple(text.split(PARAGRAPH_BREAK)) if text else ()


def _make_details(
    publication: Publication, catalogue: Catalogue, prefix: str, shown: Collection[str]
) -> Iterable[Detail]:
    """Yield the fields with values, without the rows that are `shown` above.

    A list is folded only if it is well above the limit.
    """
    for field in catalogue.valued:
        values = publication.values.get(field.name, ())
        if not values or field.name in shown or field.kind == "file":
            continue
        qualifying = list_qualifying_rows(field, catalogue)
        texts = [
            display_value(publication, field, value, qualifying, catalogue) for value in values
        ]
        hrefs = [_make_href(field, value, prefix) for value in values]
        languages = [find_facet_language(field, value, catalogue) for value in values]
        rows = tuple(zip(texts, hrefs, languages, strict=True))
        limit = MAX_UNFOLDED_VALUES if len(rows) > 1.5 * MAX_UNFOLDED_VALUES else len(rows)
        has_long_values = len(texts) > 1 and sum(map(len, texts)) > MAX_INLINE_CHARS * len(texts)
        yield Detail(field.label, rows[:limit], rows[limit:], has_long_values)


def _make_related(
    publications: Iterable[Publication], metadata: MetadataLine, catalogue: Catalogue, prefix: str
) -> tuple[RelatedPublication, ...]:
    return tuple(
        [
            RelatedPublication(
                make_publication_url(publication.id, prefix),
                title.text,
                title.lang,
                metadata.format(publication),
            )
            for publication in publications
            for title in (find_title(publication, catalogue),)
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
