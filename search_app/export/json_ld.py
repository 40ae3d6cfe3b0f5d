"""Linked data in the page of a publication: JSON-LD in the terms of https://schema.org."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    ("edition", "bookEdition"),
    ("page", "pagination"),
    ("version", "version"),
    ("number", "reportNumber"),
)
_NUMBERS: tuple[tuple[Role, str], ...] = (("ISBN", "isbn"), ("ISSN", "issn"))
_DOMAINS: dict[str, frozenset[str]] = {
    "bookEdition": frozenset({"Book"}),
    "isbn": frozenset({"Book"}),
    "issn": frozenset({"Blog", "CreativeWorkSeries", "Newspaper", "Periodical", "WebSite"}),
    "reportNumber": frozenset({"Report"}),
    "pagination": frozenset(
        {"Article", "BlogPosting", "Chapter", "NewsArticle", "Report", "ScholarlyArticle"}
    ),
}
"""The types that have a property, of the types here. Other properties are those of any type."""
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
        if (texts := item.get(role)) and _has_property(data, name):
            data[name] = _unwrap(texts)
    if publishers := item.get("publisher"):
        data["publisher"] = _unwrap([{"@type": "Organization", "name": p} for p in publishers])
    host = _describe_host(item)
    _add_numbers(item, data, host)
    if whole := _describe_whole(item, host):
        data["isPartOf"] = whole
    if urls := [*(link.url for link in item.links), *map(make_doi_url, item.get("DOI"))]:
        data["sameAs"] = _unwrap(urls)
    return data


def _has_property(thing: Mapping[str, object], name: str) -> bool:
    """Return whether schema.org defines a property for the type of a thing."""
    return name not in _DOMAINS or thing.get("@type") in _DOMAINS[name]


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


def _describe_host(item: Item) -> dict[str, object]:
    """Return the journal or the book that contains an item, or its series, or {}."""
    if title := item.get_first("container-title"):
        return {"@type": _CONTAINERS.get(item.type, "CreativeWork"), "name": title}
    if title := item.get_first("collection-title"):
        return {"@type": "CreativeWorkSeries", "name": title}
    return {}


def _add_numbers(item: Item, data: dict[str, object], host: dict[str, object]) -> None:
    """Add the ISBN and the ISSN to the item or its host, where the type has one.

    An ISBN that neither can have is an identifier of the item.
    """
    for role, name in _NUMBERS:
        if numbers := item.get(role):
            thing = next((each for each in (data, host) if _has_property(each, name)), None)
            if thing is not None:
                thing[name] = _unwrap(numbers)
            elif name == "isbn":
                data["identifier"] = _unwrap([f"urn:isbn:{number}" for number in numbers])


def _describe_whole(item: Item, host: dict[str, object]) -> dict[str, object]:
    """Return what an item is a part of: its host, with the volume and the issue, or {}."""
    whole = host
    for role, kind in _PARTS:
        if number := item.get_first(role):
            part: dict[str, object] = {"@type": kind, f"{role}Number": number}
            whole = part | ({"isPartOf": whole} if whole else {})
    return whole
