"""Tags in the head of a publication's page: those of Google Scholar, and Dublin Core.

https://scholar.google.com/intl/en/scholar/inclusion.html#indexing describes `citation_` tags, which
Zotero reads too. https://www.dublincore.org/specifications/dublin-core/dcq-html/ describes `DC.`.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexer.analysis.cleaning import clean
from indexer.catalogue.roles import Role
from indexer.values.publication_types import PublicationType
from search_app.export import dublin_core
from search_app.export.csl import Item

_NOT_READ: frozenset[PublicationType] = frozenset(
    {"broadcast", "dataset", "figure", "graphic", "map", "motion_picture", "musical_score", "song"}
)
"""Types that Google Scholar does not index. Readers of `citation_` tags take them for articles."""
_CONTAINERS: dict[PublicationType, str] = {
    "article-journal": "journal_title",
    "article-magazine": "journal_title",
    "article-newspaper": "journal_title",
    "review": "journal_title",
    "paper-conference": "conference_title",
    "chapter": "inbook_title",
    "entry-dictionary": "inbook_title",
    "entry-encyclopedia": "inbook_title",
}
_PUBLISHERS: dict[PublicationType, str] = {
    "report": "technical_report_institution",
    "thesis": "dissertation_institution",
}
_NUMBERS: tuple[tuple[Role, str], ...] = (
    ("volume", "volume"),
    ("issue", "issue"),
    ("DOI", "doi"),
    ("PMID", "pmid"),
    ("ISSN", "issn"),
    ("ISBN", "isbn"),
    ("language", "language"),
    ("keyword", "keywords"),
)


def list_tags(item: Item, pdf_url: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and the content of each tag. `pdf_url` is that of the PDF on this site."""
    if item.type not in _NOT_READ:
        for name, text in _list_citation_tags(item):
            yield f"citation_{name}", clean(text)
        if pdf_url:
            yield "citation_pdf_url", pdf_url
    for name, text in dublin_core.list_elements(item):
        yield f"DC.{name}", text


def _list_citation_tags(item: Item) -> Iterator[tuple[str, str]]:
    yield "title", item.title
    for name in item.names.get("author", ()):
        yield "author", name.inverted
    if item.issued:
        yield "publication_date", item.issued.iso.replace("-", "/")
    for text in item.get("container-title")[:1]:
        yield _CONTAINERS.get(item.type, "series_title"), text
    for text in item.get("publisher")[:1]:
        yield _PUBLISHERS.get(item.type, "publisher"), text
    if item.type == "report" and "number" in item.values:
        yield "technical_report_number", item.get_first("number")
    for role, tag in _NUMBERS:
        for text in item.get(role):
            yield tag, text
    yield from zip(("firstpage", "lastpage"), item.pages, strict=False)
    yield from _list_urls(item)


def _list_urls(item: Item) -> Iterator[tuple[str, str]]:
    for link in item.links:
        if link.url.partition("?")[0].lower().endswith(".pdf"):
            yield "pdf_url", link.url
    if item.page_url:
        yield "abstract_html_url", item.page_url
