"""Dublin Core: records of `oai_dc`, the format that every OAI-PMH provider has.

The root is an element `collection` without a namespace. `oai_dc` defines only single records, and
the envelope of OAI-PMH states a request and dates of change that a file does not have. Harvesters
such as VuFind's store their records in the same way, and our own import reads it.
"""

from collections.abc import Iterable, Iterator

from indexer.analysis.cleaning import clean
from indexer.catalogue.fields import Role
from indexer.values.identifiers import make_doi_url
from search_app.export import xml_document
from search_app.export.csl import TYPES, Item
from search_app.export.xml_document import element, leaf

OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_DC = "http://purl.org/dc/elements/1.1/"
SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
_ATTRIBUTES = {
    "xmlns:oai_dc": OAI_DC,
    "xmlns:dc": _DC,
    "xmlns:xsi": xml_document.XSI,
    "xsi:schemaLocation": f"{OAI_DC} {SCHEMA}",
}
_ELEMENTS: tuple[tuple[Role, str], ...] = (
    ("keyword", "subject"),
    ("publisher", "publisher"),
    ("language", "language"),
    ("container-title", "source"),
    ("collection-title", "relation"),
    ("coverage", "coverage"),
    ("rights", "rights"),
)


def write(items: Iterable[Item]) -> Iterator[bytes]:
    return xml_document.write("collection", map(make_record, items))


def make_record(item: Item) -> str:
    """Return an item as an element `oai_dc:dc`."""
    [title, *others] = list_elements(item)
    return element(
        "oai_dc:dc",
        _make_element(*title, item.language),
        *[_make_element(name, text, "") for name, text in others],
        *[_make_element("title", text, language) for text, language in item.other_titles],
        *[_make_element("description", *other) for other in item.other_abstracts],
        **_ATTRIBUTES,
    )


def _make_element(name: str, text: str, language: str) -> str:
    return leaf(f"dc:{name}", text, **({"xml:lang": language} if language else {}))


def list_elements(item: Item) -> Iterator[tuple[str, str]]:
    """Yield the names and texts of the elements of Dublin Core, the title first."""
    yield "title", clean(item.title)
    for name_role, names in item.names.items():
        for name in names:
            element = "creator" if name_role in ("author", "director") else "contributor"
            yield element, clean(name.inverted)
    for role, element in _ELEMENTS:
        for text in item.get(role):
            yield element, clean(text)
    if abstract := clean(item.abstract):
        yield "description", abstract
    if item.issued:
        yield "date", item.issued.edtf
    yield "type", TYPES[item.type].dcmi
    for identifier in _list_identifiers(item):
        yield "identifier", clean(identifier)


def _list_identifiers(item: Item) -> Iterator[str]:
    """Yield the URLs and numbers of a publication, as URIs where there are."""
    yield from (link.url for link in item.links)
    yield from map(make_doi_url, item.get("DOI"))
    yield from (f"urn:isbn:{isbn}" for isbn in item.get("ISBN"))
    yield from (f"urn:issn:{issn}" for issn in item.get("ISSN"))
    yield from (f"info:pmid/{pmid}" for pmid in item.get("PMID"))
    yield from item.get("number")
    if item.page_url:
        yield item.page_url
