"""MODS 3.7: a collection with an element for each publication.

The schema is described in https://www.loc.gov/standards/mods/. Zotero finds the type of a
publication by a local genre that is one of its types, others by the genres of the list "marcgt".
"""

from collections.abc import Iterable, Iterator
from functools import cache

from indexer.catalogue.fields import RELATORS, Role
from indexer.values.iso_codes import get_bibliographic_code
from indexer.values.names import Name
from indexer.values.publication_types import PublicationType, name_type
from search_app.export import xml_document
from search_app.export.csl import TYPES, Item, format_time, split_pages
from search_app.export.xml_document import element, leaf, leaves

NAMESPACE = "http://www.loc.gov/mods/v3"
_IDENTIFIERS: tuple[tuple[Role, str], ...] = (
    ("DOI", "doi"),
    ("ISBN", "isbn"),
    ("PMID", "pmid"),
    ("number", "report number"),
)
_SUBJECTS: tuple[tuple[Role, str], ...] = (("keyword", "topic"), ("coverage", "geographic"))
_DETAILS: tuple[tuple[Role, str], ...] = (("volume", "volume"), ("issue", "issue"))


def write(items: Iterable[Item]) -> Iterator[bytes]:
    return xml_document.write("modsCollection", map(make_record, items), xmlns=NAMESPACE)


def make_record(item: Item) -> str:
    """Return an item as an element `mods`."""
    language = {"lang": get_bibliographic_code(item.language)} if item.language else {}
    return element(
        "mods",
        element("titleInfo", leaf("title", item.title), **language),
        *[
            _make_name(name, _make_role(RELATORS[name_role]))
            for name_role, names in item.names.items()
            for name in names
        ],
        _make_type(item.type),
        leaves("genre", item.get("genre"), authority="local"),
        _make_origin(item),
        *[
            element("language", leaf("languageTerm", term, type="code", authority="iso639-2b"))
            for term in map(get_bibliographic_code, item.get("language"))
        ],
        element(
            "physicalDescription",
            leaves("extent", item.get("number-of-pages")),
            leaves("note", item.get("dimensions"), type="dimensions"),
        ),
        leaves("abstract", [item.abstract]),
        *[
            element(
                "titleInfo",
                leaf("title", title),
                type="translated",
                lang=get_bibliographic_code(code),
            )
            for title, code in item.other_titles
        ],
        *[
            leaves("abstract", [abstract], lang=get_bibliographic_code(code))
            for abstract, code in item.other_abstracts
        ],
        leaves("note", item.get("note")),
        *[
            element("subject", leaf(kind, text))
            for role, kind in _SUBJECTS
            for text in item.get(role)
        ],
        _make_related(item),
        *[leaves("identifier", item.get(role), type=kind) for role, kind in _IDENTIFIERS],
        _make_locations(item),
        leaves("accessCondition", item.get("rights")),
        element(
            "recordInfo",
            *[
                leaf(tag, format_time(time), encoding="w3cdtf")
                for tag, time in (
                    ("recordCreationDate", item.added),
                    ("recordChangeDate", item.changed),
                )
                if time
            ],
            leaf("recordIdentifier", item.id),
        ),
        xmlns=NAMESPACE,
        version="3.7",
    )


@cache
def _make_type(name: PublicationType) -> str:
    type_names = TYPES[name]
    return "".join(
        (
            leaves("typeOfResource", [type_names.mods_resource]),
            leaves("genre", [type_names.zotero], authority="local"),
            leaves("genre", [type_names.marcgt], authority="marcgt"),
            # An import reads this one.
            leaves("genre", [name_type(name)], authority="local", usage="primary"),
        )
    )


@cache
def _make_role(relator: str) -> str:
    return element("role", leaf("roleTerm", relator, type="code", authority="marcrelator"))


def _make_name(name: Name, role: str) -> str:
    if name.literal:
        return element("name", leaf("namePart", name.literal), role, type="corporate")
    return element(
        "name",
        leaf("namePart", name.family, type="family"),
        leaves("namePart", [name.given], type="given"),
        leaves("namePart", [name.suffix], type="termsOfAddress"),
        role,
        type="personal",
    )


def _make_origin(item: Item) -> str:
    issued = ""
    if date := item.issued:  # EDTF adds seasons, ranges, and doubt to W3CDTF
        encoding = "w3cdtf" if (edtf := date.edtf) == date.iso else "edtf"
        issued = leaf("dateIssued", edtf, encoding=encoding, keyDate="yes")
    return element(
        "originInfo",
        *[
            element("place", leaf("placeTerm", place, type="text"))
            for place in item.get("publisher-place")
        ],
        leaves("publisher", item.get("publisher")),
        issued,
        leaves("edition", item.get("edition")),
    )


def _make_related(item: Item) -> str:
    """Return the publication that contains this one, with the place in it, and the series."""
    part = element(
        "part",
        *[
            element("detail", leaf("number", number), type=kind)
            for role, kind in _DETAILS
            for number in item.get(role)
        ],
        *[_make_extent(split_pages(pages)) for pages in item.get("page")],
    )
    host = part + leaves("identifier", item.get("ISSN"), type="issn")
    if titles := item.get("container-title"):
        genre = leaves("genre", [TYPES[item.type].host_marcgt], authority="marcgt")
        title = element("titleInfo", leaf("title", titles[0]))
        host = element("relatedItem", title, genre, host, type="host")
    numbers = leaves("partNumber", item.get("collection-number"))
    return host + "".join(
        element("relatedItem", element("titleInfo", leaf("title", series), numbers), type="series")
        for series in item.get("collection-title")
    )


def _make_extent(ends: list[str]) -> str:
    # Zotero reads a start without an end as "4null".
    names = ("start", "end") if len(ends) > 1 else ("list",)
    return element("extent", *map(leaf, names, ends), unit="pages")


def _make_locations(item: Item) -> str:
    urls = [link.url for link in item.links]
    return element(
        "location",
        leaves("shelfLocator", item.get("call-number")),
        leaves("url", urls[:1], usage="primary"),
        leaves("url", urls[1:]),
        leaves("url", [item.page_url], access="object in context"),
    )
