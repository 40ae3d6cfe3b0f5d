"""Data for programs in the page of a publication: tags in its head, JSON-LD, COinS, and links.

- https://scholar.google.com/intl/en/scholar/inclusion.html#indexing describes `citation_` tags,
  which Zotero reads too, and https://www.dublincore.org/specifications/dublin-core/dcq-html/ `DC.`.
- JSON-LD is in the terms of https://schema.org.
- COinS is an OpenURL (ANSI/NISO Z39.88-2004) in the title of an element, for reference managers
  that read nothing else.
- Signposting (https://signposting.org/FAIR/) is a header `Link` (RFC 8288), and a linkset
  (RFC 9264), which contains all links.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal
from urllib.parse import urlencode

import msgspec

from indexer.analysis.cleaning import clean
from indexer.catalogue.fields import NameRole, Role
from indexer.values.identifiers import make_doi_url
from indexer.values.names import Name
from indexer.values.publication_types import PublicationType
from search_app.export import dublin_core
from search_app.export.csl import TYPES, Item

_PUBLISHER_TAGS = {"report": "technical_report_institution", "thesis": "dissertation_institution"}
_MISREAD_RIS: frozenset[PublicationType] = frozenset(
    {
        *("article", "broadcast", "collection", "document", "interview", "musical_score"),
        *("pamphlet", "periodical", "regulation", "standard", "treaty"),
    }
)
"""Types for which Zotero reads another type from RIS."""
_CITATION_TAGS: tuple[tuple[Role, str], ...] = (
    ("volume", "volume"),
    ("issue", "issue"),
    ("DOI", "doi"),
    ("PMID", "pmid"),
    ("ISSN", "issn"),
    ("ISBN", "isbn"),
    ("language", "language"),
    ("keyword", "keywords"),
)


def has_unapi(item: Item) -> bool:
    """Return whether the page of an item offers unAPI.

    Zotero prefers RIS by unAPI to all other data of a page. If it would take the item for something
    else, COinS and the tags state its type instead.
    """
    return item.type not in _MISREAD_RIS


def list_tags(item: Item, pdf_url: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and the content of each tag. `pdf_url` is that of the PDF on this site.

    Readers of `citation_` tags take what has them for an article, so films and the like have none.
    The first `DC.type` is a type of Zotero, which reads no other.
    """
    if TYPES[item.type].host_scholar:
        for name, text in _list_citation_tags(item):
            yield f"citation_{name}", clean(text)
        if pdf_url:
            yield "citation_pdf_url", pdf_url
    yield "DC.type", TYPES[item.type].zotero
    for name, text in dublin_core.list_elements(item):
        yield f"DC.{name}", text


def _list_citation_tags(item: Item) -> Iterator[tuple[str, str]]:
    yield "title", item.title
    for name in item.names.get("author", ()):
        yield "author", name.inverted
    if item.issued:
        yield "publication_date", item.issued.iso.replace("-", "/")
    for text in item.get("container-title")[:1]:
        yield TYPES[item.type].host_scholar, text
    for text in item.get("publisher")[:1]:
        yield _PUBLISHER_TAGS.get(item.type, "publisher"), text
    if item.type == "report" and "number" in item.values:
        yield "technical_report_number", item.get_first("number")
    for role, tag in _CITATION_TAGS:
        for text in item.get(role):
            yield tag, text
    yield from zip(("firstpage", "lastpage"), item.pages, strict=False)
    for link in item.links:
        if link.url.partition("?")[0].lower().endswith(".pdf"):
            yield "pdf_url", link.url
    if item.page_url:
        yield "abstract_html_url", item.page_url


_NAMES: tuple[NameRole, ...] = ("author", "editor", "translator", "director", "contributor")
_PROPERTIES: tuple[tuple[Role, str], ...] = (
    ("language", "inLanguage"),
    ("keyword", "keywords"),
    ("coverage", "spatialCoverage"),
    ("edition", "bookEdition"),
    ("page", "pagination"),
    ("version", "version"),
    ("number", "reportNumber"),
)
_NUMBERS: tuple[tuple[Role, str], ...] = (("ISBN", "isbn"), ("ISSN", "issn"))
_PARTS: tuple[tuple[Role, str], ...] = (
    ("volume", "PublicationVolume"),
    ("issue", "PublicationIssue"),
)
_DOMAINS = {
    "bookEdition": {"Book"},
    "isbn": {"Book"},
    "issn": {"Blog", "CreativeWorkSeries", "Newspaper", "Periodical", "WebSite"},
    "reportNumber": {"Report"},
    "pagination": {
        *("Article", "BlogPosting", "Chapter", "NewsArticle", "Report", "ScholarlyArticle")
    },
}
"""The types that have a property, of the types here. Other properties are those of any type."""
_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})
"""Characters that could end the element `script`, or a line of JavaScript."""


def write_json_ld(item: Item) -> str:
    """Return an item as JSON-LD that can be the content of an element `script`."""
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": TYPES[item.type].schema_org,
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
    if item.type == "dataset":  # Google does not list data without a description
        data["description"] = item.abstract or item.title
    for role, name in _PROPERTIES:
        if (texts := item.get(role)) and _has_property(data, name):
            data[name] = _unwrap(texts)
    if publishers := item.get("publisher"):
        data["publisher"] = _unwrap([{"@type": "Organization", "name": p} for p in publishers])
    whole = _describe_host(item)
    _add_numbers(item, data, whole)
    for role, kind in _PARTS:
        if number := item.get_first(role):
            part: dict[str, object] = {"@type": kind, f"{role}Number": number}
            whole = part | ({"isPartOf": whole} if whole else {})
    if whole:
        data["isPartOf"] = whole
    if urls := [*(link.url for link in item.links), *map(make_doi_url, item.get("DOI"))]:
        data["sameAs"] = _unwrap(urls)
    return msgspec.json.encode(data).decode().translate(_ESCAPES)


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
        return {"@type": TYPES[item.type].host_schema_org, "name": title}
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


_TITLE_KEYS = {
    **dict.fromkeys(("article", "preprint", "bookitem", "proceeding"), "atitle"),
    **dict.fromkeys(("book", "report"), "btitle"),
}
"""The key of the title by the genre of OpenURL. It is `title` for any other."""
_KEYS: dict[str, tuple[tuple[Role, str], ...]] = {
    "journal": (
        ("container-title", "jtitle"),
        ("volume", "volume"),
        ("issue", "issue"),
        ("page", "pages"),
        ("ISSN", "issn"),
    ),
    "book": (
        ("publisher", "pub"),
        ("publisher-place", "place"),
        ("edition", "edition"),
        ("collection-title", "series"),
        ("page", "pages"),
        ("ISBN", "isbn"),
        ("ISSN", "issn"),
    ),
    "dissertation": (("publisher", "inst"), ("genre", "degree")),
}


def write_coins(item: Item) -> str:
    """Return the OpenURL of an item, without the escapes of HTML."""
    return urlencode([(key, clean(text)) for key, text in _list_pairs(item)])


def _list_pairs(item: Item) -> Iterator[tuple[str, str]]:
    form, _, genre = TYPES[item.type].openurl.partition(" ")
    yield "ctx_ver", "Z39.88-2004"
    yield "rft_val_fmt", f"info:ofi/fmt:kev:mtx:{form}"
    pairs = dublin_core.list_elements(item) if form == "dc" else _list_form(item, form, genre)
    bodies = {clean(name.literal) for names in item.names.values() for name in names}
    for key, text in pairs:
        # Without a comma, Zotero takes the last word of a name for a family name.
        is_body = key in ("au", "creator", "contributor") and clean(text) in bodies
        yield f"rft.{key}", f"{text}," if is_body else text
    # Zotero reads these for every form, and takes the last type and the last URL.
    yield "rft.type", TYPES[item.type].zotero
    for doi in item.get("DOI"):
        yield "rft_id", f"info:doi/{doi}"
    for url in item.link_urls[:1]:
        yield "rft_id", url


def _list_form(item: Item, form: str, genre: str) -> Iterator[tuple[str, str]]:
    """Yield the keys of a form of OpenURL other than Dublin Core, and the languages."""
    if genre:
        yield "genre", genre
    yield _TITLE_KEYS.get(genre, "title"), item.title
    if genre in ("bookitem", "proceeding"):
        for text in item.get("container-title")[:1]:
            yield "btitle", text
    for name in item.names.get("author", ()):
        yield "au", name.inverted
    if item.issued:
        yield "date", item.issued.iso
    for role, key in _KEYS[form]:
        for text in item.get(role)[:1]:
            yield key, text
    for language in item.get("language"):
        yield "language", language


LINKSET_TYPE = "application/linkset+json"
MAX_LINK_BYTES = 2500
"""Maximum bytes of the header. A proxy may accept only 4 KB for all headers of a response."""
Links = Mapping[str, Sequence[Mapping[str, str]]]
"""Links by their relation: the URL of each target (`href`), and its media type (`type`) if any."""
_URL = re.compile(r"https?://(?:[\w.~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+", re.ASCII)
"""A URL that needs no encoding."""


def list_links(item: Item, exports: Mapping[str, str], files: Mapping[str, str]) -> Links:
    """Return the links of a page. `exports` and `files` are media types by absolute URL."""
    doi = item.get_first("DOI")
    license_url = next(filter(_URL.fullmatch, item.get("rights")), None)
    types = (TYPES[item.type].schema_org, "AboutPage")
    links: dict[str, list[dict[str, str]]] = {
        "cite-as": [{"href": make_doi_url(doi) if doi else item.page_url}],
        "type": [{"href": f"https://schema.org/{name}"} for name in types],
        "license": [{"href": license_url}] if license_url else [],
        "describedby": [{"href": url, "type": kind} for url, kind in exports.items()],
        "item": [{"href": url, "type": kind} for url, kind in files.items()],
    }
    return {relation: targets for relation, targets in links.items() if targets}


def link_back(relation: Literal["describes", "collection"], page_url: str) -> Links:
    """Return the links of an export (`describes`) or of a file (`collection`) to the page."""
    return {relation: [{"href": page_url, "type": "text/html"}]}


def write_linkset(item: Item, links: Links, page_url: str) -> bytes:
    """Return the links of a page, of its exports, and of its files as a linkset in JSON.

    `page_url` is the page in a language. Files belong to the one without a language.
    """
    exports, files = links["describedby"], links.get("item", ())
    back, from_file = link_back("describes", page_url), link_back("collection", item.page_url)
    linkset = [
        {"anchor": page_url, **links},
        *({"anchor": link["href"], **back} for link in exports),
        *({"anchor": link["href"], **from_file} for link in files),
    ]
    return msgspec.json.encode({"linkset": linkset})


def format_links(links: Links, linkset_url: str) -> str:
    """Return the value of the header `Link`: the linkset, and as many links as it can contain."""
    header = f'<{linkset_url}>; rel="linkset"; type="{LINKSET_TYPE}"'
    for relation, targets in links.items():
        for target in targets:
            kind = f'; type="{target["type"]}"' if "type" in target else ""
            longer = f'{header}, <{target["href"]}>; rel="{relation}"{kind}'
            if len(longer) > MAX_LINK_BYTES:
                return header
            header = longer
    return header
