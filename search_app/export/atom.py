"""Atom: a part of a list of publications as a feed.

RFC 4287, with the paging links of RFC 5005, the counts of OpenSearch 1.1, and dates of issue in the
terms of PRISM.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from lxml import etree

from indexer.analysis.cleaning import clean
from search_app.export import xml_document
from search_app.export.csl import Item, format_time

_ATOM = "http://www.w3.org/2005/Atom"
_OPEN_SEARCH = "http://a9.com/-/spec/opensearch/1.1/"
_PRISM = "http://prismstandard.org/namespaces/basic/2.0/"
_NAMESPACES = {None: _ATOM, "opensearch": _OPEN_SEARCH, "prism": _PRISM}
MEDIA_TYPE = "application/atom+xml"


class Feed(NamedTuple):
    """The description of a feed.

    `language` is the one of the title. `links` has absolute URLs by relation: `self`, `alternate`
    (the same list as a page), `first`, and if there are any `previous` and `next`. `updated` is the
    time of the index in RFC 3339. `total` counts all entries. `start` is the number of the first
    one of this part, from 1, and `size` the number of entries in a full part.
    """

    title: str
    language: str
    author: str
    updated: str
    links: Mapping[str, str]
    total: int
    start: int
    size: int


def write(feed: Feed, items: Iterable[Item]) -> bytes:
    """Return the document. The id of an entry is the URL of its page."""
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap=_NAMESPACES)
    root.set(xml_document.LANGUAGE, feed.language)
    xml_document.add(root, "id", feed.links["first"])
    xml_document.add(root, "title", feed.title)
    xml_document.add(root, "updated", feed.updated)
    xml_document.add(xml_document.add(root, "author"), "name", feed.author)
    for relation, url in feed.links.items():
        media_type = "text/html" if relation == "alternate" else MEDIA_TYPE
        xml_document.add(root, "link", rel=relation, type=media_type, href=url)
    counts = {"totalResults": feed.total, "startIndex": feed.start, "itemsPerPage": feed.size}
    for name, count in counts.items():
        etree.SubElement(root, f"{{{_OPEN_SEARCH}}}{name}").text = str(count)
    for item in items:
        _add_entry(root, item)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))


def _add_entry(root: etree._Element, item: Item) -> None:
    """Add an entry: published when it was added to the catalogue, and updated as it changes."""
    entry = xml_document.add(root, "entry")
    entry.set(xml_document.LANGUAGE, item.language)  # "" ends that of the feed (XML 1.0, 2.12)
    xml_document.add(entry, "id", item.page_url)
    xml_document.add(entry, "title", item.title)
    xml_document.add(entry, "updated", format_time(item.changed))
    xml_document.add(entry, "published", format_time(item.added))
    if item.issued:
        etree.SubElement(entry, f"{{{_PRISM}}}publicationDate").text = item.issued.edtf
    for role in ("author", "director"):
        for name in item.names.get(role, ()):
            xml_document.add(xml_document.add(entry, "author"), "name", name.display)
    xml_document.add(entry, "link", rel="alternate", type="text/html", href=item.page_url)
    if item.url:
        xml_document.add(entry, "link", rel="related", href=item.url)
    for keyword in item.get("keyword"):
        xml_document.add(entry, "category", term=keyword)
    if clean(item.abstract):
        xml_document.add(entry, "summary", item.abstract)
