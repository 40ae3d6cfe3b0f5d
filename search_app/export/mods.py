"""MODS 3.7: a collection with an element for each publication.

The schema is described in https://www.loc.gov/standards/mods/. Zotero finds the type of a
publication by a local genre that is one of its types, others by the genres of the list "marcgt".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml import etree

from indexer.catalogue.roles import RELATORS, Role
from indexer.values.iso_codes import get_bibliographic_code
from indexer.values.names import Name
from indexer.values.publication_types import name_type
from search_app.export import xml_document
from search_app.export.csl import TYPES, Item, format_time, split_pages
from search_app.export.xml_document import add, add_all

NAMESPACE = "http://www.loc.gov/mods/v3"
_NAMESPACES = {None: NAMESPACE}
_IDENTIFIERS: tuple[tuple[Role, str], ...] = (
    ("DOI", "doi"),
    ("ISBN", "isbn"),
    ("PMID", "pmid"),
    ("number", "report number"),
)
_SUBJECTS: tuple[tuple[Role, str], ...] = (("keyword", "topic"), ("coverage", "geographic"))
_DETAILS: tuple[tuple[Role, str], ...] = (("volume", "volume"), ("issue", "issue"))


def write(items: Iterable[Item]) -> Iterator[bytes]:
    """Yield the collection, record by record."""
    root = etree.Element(f"{{{NAMESPACE}}}modsCollection", nsmap=_NAMESPACES)
    return xml_document.write(root, map(make_record, items))


def make_record(item: Item) -> etree._Element:
    """Return an item as an element `mods`."""
    record = etree.Element(f"{{{NAMESPACE}}}mods", nsmap=_NAMESPACES, version="3.7")
    language = {"lang": get_bibliographic_code(item.language)} if item.language else {}
    add(add(record, "titleInfo", **language), "title", item.title)
    for name_role, names in item.names.items():
        for name in names:
            _add_name(record, name, RELATORS[name_role])
    type_names = TYPES[item.type]
    add(record, "typeOfResource", type_names.mods_resource)
    add(record, "genre", type_names.zotero, authority="local")
    add_all(record, "genre", [type_names.marcgt], authority="marcgt")
    # An import reads this one.
    add(record, "genre", name_type(item.type), authority="local", usage="primary")
    add_all(record, "genre", item.get("genre"), authority="local")
    _add_origin(record, item)
    for code in item.get("language"):
        term = get_bibliographic_code(code)
        add(add(record, "language"), "languageTerm", term, type="code", authority="iso639-2b")
    description = add(record, "physicalDescription")
    add_all(description, "extent", item.get("number-of-pages"))
    add_all(description, "note", item.get("dimensions"), type="dimensions")
    add_all(record, "abstract", [item.abstract])
    for title, code in item.other_titles:
        lang = get_bibliographic_code(code)
        add(add(record, "titleInfo", type="translated", lang=lang), "title", title)
    for abstract, code in item.other_abstracts:
        add(record, "abstract", abstract, lang=get_bibliographic_code(code))
    add_all(record, "note", item.get("note"))
    for role, kind in _SUBJECTS:
        for text in item.get(role):
            add(add(record, "subject"), kind, text)
    _add_related(record, item)
    for role, kind in _IDENTIFIERS:
        add_all(record, "identifier", item.get(role), type=kind)
    _add_locations(record, item)
    add_all(record, "accessCondition", item.get("rights"))
    info = add(record, "recordInfo")
    for tag, time in (("recordCreationDate", item.added), ("recordChangeDate", item.changed)):
        if time:
            add(info, tag, format_time(time), encoding="w3cdtf")
    add(info, "recordIdentifier", item.id)
    for element in [*record]:
        if not len(element) and not element.text:  # nothing was added to it
            record.remove(element)
    return record


def _add_name(record: etree._Element, name: Name, relator: str) -> None:
    element = add(record, "name", type="corporate" if name.literal else "personal")
    if name.literal:
        add(element, "namePart", name.literal)
    else:
        add(element, "namePart", name.family, type="family")
        add_all(element, "namePart", [name.given], type="given")
        add_all(element, "namePart", [name.suffix], type="termsOfAddress")
    add(add(element, "role"), "roleTerm", relator, type="code", authority="marcrelator")


def _add_origin(record: etree._Element, item: Item) -> None:
    """Add where, by whom and when a publication was issued."""
    origin = add(record, "originInfo")
    for place in item.get("publisher-place"):
        add(add(origin, "place"), "placeTerm", place, type="text")
    add_all(origin, "publisher", item.get("publisher"))
    if date := item.issued:  # EDTF adds seasons, ranges, and doubt to W3CDTF
        encoding = "w3cdtf" if date.edtf == date.iso else "edtf"
        add(origin, "dateIssued", date.edtf, encoding=encoding, keyDate="yes")
    add_all(origin, "edition", item.get("edition"))


def _add_related(record: etree._Element, item: Item) -> None:
    """Add the publication that contains this one, with the place in it, and the series."""
    part = etree.Element(f"{{{NAMESPACE}}}part", nsmap=_NAMESPACES)
    for role, kind in _DETAILS:
        for number in item.get(role):
            add(add(part, "detail", type=kind), "number", number)
    for pages in item.get("page"):
        ends = split_pages(pages)
        extent = add(part, "extent", unit="pages")
        # Zotero reads a start without an end as "4null".
        names = ("start", "end") if len(ends) > 1 else ("list",)
        for name, page in zip(names, ends, strict=True):
            add(extent, name, page)
    host = record
    if titles := item.get("container-title"):
        host = add(record, "relatedItem", type="host")
        add(add(host, "titleInfo"), "title", titles[0])
        add_all(host, "genre", [TYPES[item.type].host_marcgt], authority="marcgt")
    if len(part):
        host.append(part)
    add_all(host, "identifier", item.get("ISSN"), type="issn")
    for series in item.get("collection-title"):
        title = add(add(record, "relatedItem", type="series"), "titleInfo")
        add(title, "title", series)
        add_all(title, "partNumber", item.get("collection-number"))


def _add_locations(record: etree._Element, item: Item) -> None:
    """Add the links, the page in this catalogue, and the call number."""
    location = add(record, "location")
    add_all(location, "shelfLocator", item.get("call-number"))
    add_all(location, "url", [link.url for link in item.links[:1]], usage="primary")
    add_all(location, "url", [link.url for link in item.links[1:]])
    add_all(location, "url", [item.page_url], access="object in context")
