"""Linked data in the page of a publication: JSON-LD in the terms of https://schema.org."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from indexer.catalogue.roles import NameRole, Role
from indexer.values.identifiers import make_doi_url
from indexer.values.names import Name
from indexer.values.publication_types import PublicationType
from search_app.export.csl import Item

_TYPES: dict[PublicationType, str] = {
    "article": "ScholarlyArticle",
    "article-journal": "ScholarlyArticle",
    "article-magazine": "Article",
    "article-newspaper": "NewsArticle",
    "bill": "Legislation",
    "book": "Book",
    "broadcast": "Episode",
    "chapter": "Chapter",
    "collection": "Collection",
    "dataset": "Dataset",
    "entry-dictionary": "Article",
    "entry-encyclopedia": "Article",
    "figure": "ImageObject",
    "graphic": "VisualArtwork",
    "legislation": "Legislation",
    "manuscript": "Manuscript",
    "map": "Map",
    "motion_picture": "Movie",
    "musical_score": "SheetMusic",
    "paper-conference": "ScholarlyArticle",
    "periodical": "Periodical",
    "post-weblog": "BlogPosting",
    "regulation": "Legislation",
    "report": "Report",
    "review": "Review",
    "software": "SoftwareApplication",
    "song": "MusicRecording",
    "thesis": "Thesis",
    "treaty": "Legislation",
    "webpage": "WebPage",
}
"""Any other type is a CreativeWork."""
_CONTAINERS: dict[PublicationType, str] = {
    "article-journal": "Periodical",
    "article-magazine": "Periodical",
    "article-newspaper": "Newspaper",
    "review": "Periodical",
    "chapter": "Book",
    "paper-conference": "Book",
    "webpage": "WebSite",
    "post-weblog": "Blog",
}
_NAMES: tuple[NameRole, ...] = ("author", "editor", "translator", "director", "contributor")
_LISTS: tuple[tuple[Role, str], ...] = (
    ("language", "inLanguage"),
    ("keyword", "keywords"),
    ("coverage", "spatialCoverage"),
    ("ISBN", "isbn"),
    ("edition", "bookEdition"),
    ("page", "pagination"),
    ("version", "version"),
)
_PARTS: tuple[tuple[Role, str], ...] = (
    ("volume", "PublicationVolume"),
    ("issue", "PublicationIssue"),
)
_ESCAPES = str.maketrans({
    "<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029",
})  # fmt: skip
"""Characters that could end the element `script`, or a line of JavaScript."""


def find_type(item: Item) -> str:
    """Return the type of an item in schema.org, without the URL of schema.org."""
    return _TYPES.get(item.type, "CreativeWork")


def write(item: Item) -> str:
    """Return an item as JSON that can be the content of an element `script`."""
    return msgspec.json.encode(_describe(item)).decode().translate(_ESCAPES)


def _describe(item: Item) -> dict[str, object]:
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": find_type(item),
        "@id": item.page_url,
        "url": item.page_url,
        "name": item.title,
    }
    for name_role in _NAMES:
        if people := item.names.get(name_role):
            data[name_role] = [_describe_name(name) for name in people]
    if item.issued:
        data["datePublished"] = item.issued.iso
    if item.abstract:
        data["abstract"] = item.abstract
    for role, name in _LISTS:
        if texts := item.get(role):
            data[name] = _unwrap(texts)
    if publishers := item.get("publisher"):
        data["publisher"] = _unwrap([{"@type": "Organization", "name": p} for p in publishers])
    data |= _describe_whole(item)
    if urls := [*(link.url for link in item.links), *map(make_doi_url, item.get("DOI"))]:
        data["sameAs"] = _unwrap(urls)
    return data


def _unwrap(values: Sequence[object]) -> object:
    return values[0] if len(values) == 1 else values


def _describe_name(name: Name) -> dict[str, str]:
    if name.literal:
        return {"@type": "Organization", "name": name.literal}
    parts = {
        "name": name.display,
        "familyName": name.family,
        "givenName": name.given,
        "honorificSuffix": name.suffix,
    }
    return {"@type": "Person"} | {key: text for key, text in parts.items() if text}


def _describe_whole(item: Item) -> dict[str, object]:
    """Return `isPartOf`: the journal with its volume and issue, the book, or the series."""
    whole: dict[str, object] = {}
    if title := item.get_first("container-title"):
        whole = {"@type": _CONTAINERS.get(item.type, "CreativeWork"), "name": title}
    elif title := item.get_first("collection-title"):
        whole = {"@type": "CreativeWorkSeries", "name": title}
    if whole and "ISSN" in item.values:
        whole["issn"] = _unwrap(item.get("ISSN"))
    for role, kind in _PARTS:
        if number := item.get_first(role):
            part: dict[str, object] = {"@type": kind, f"{role}Number": number}
            whole = part | ({"isPartOf": whole} if whole else {})
    return {"isPartOf": whole} if whole else {}
