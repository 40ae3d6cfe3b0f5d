"""Descriptions of the site for crawlers, browsers, and reference managers.

- robots.txt (RFC 9309) and the sitemap, for crawlers
  (https://www.sitemaps.org/protocol.html)
- OpenSearch 1.1: browsers search this site from their own search box
  (https://github.com/dewitt/opensearch)
- unAPI: the formats of a publication (http://unapi.info/specs/unapi-revision-3.html)
- Signposting: the formats and the files of a publication (https://signposting.org/FAIR/)
"""

from collections.abc import Iterable
from html import escape

import msgspec
from flask import Blueprint, Flask, Response, request
from lxml import etree
from werkzeug.exceptions import NotAcceptable

from search_app.api.responses import make_suggestions
from search_app.engine import SearchRequest
from search_app.export import atom, embedded, xml_document
from search_app.export.csl import format_time, make_item
from search_app.export.registry import FORMATS
from search_app.i18n.translation import current, gettext, join
from search_app.presentation.labels import make_publication_url
from search_app.web.context import (
    get_catalogue,
    get_engine,
    get_page_urls,
    get_publication,
    get_searcher,
    make_absolute,
    parse_state,
    redirect_to_export,
)
from search_app.web.errors import page_not_found
from search_app.web.headers import RULES, list_links
from search_app.web.incoming import get_root

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
PART_URLS = 50_000
"""Number of URLs in a part of the sitemap."""
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
DESCRIPTION_TYPE = "application/opensearchdescription+xml"
SUGGESTIONS_TYPE = "application/x-suggestions+json"
MAX_SHORT_NAME, MAX_LONG_NAME, MAX_DESCRIPTION = 16, 48, 1024
"""Maximum characters of the texts, which the specification of OpenSearch limits."""
TEMPLATES = (
    ("text/html", "results", "/?q={searchTerms}&page={startPage?}"),
    (atom.MEDIA_TYPE, "results", "/feed.atom?q={searchTerms}&page={startPage?}"),
    (SUGGESTIONS_TYPE, "suggestions", "/opensearch/suggestions?q={searchTerms}"),
    (DESCRIPTION_TYPE, "self", "/opensearch.xml"),
)
"""URLs with placeholders: the media type of each, what it leads to, and its path."""
UNAPI_FORMATS = tuple(entry for entry in FORMATS.values() if entry.name not in ("mods", "marcxml"))
"""The formats of unAPI. Zotero would prefer MODS and MARCXML, and reads less from them than from
RIS: it loses ISBNs of 13 digits."""

discovery = Blueprint("discovery", __name__)


def register(app: Flask) -> None:
    """Add the route of robots.txt, which has no ETag, as it needs no index."""
    app.add_url_rule("/robots.txt", view_func=serve_robots_txt)


def serve_robots_txt() -> Response:
    """Return the rules for the site below its prefix, and the URL of its sitemap.

    Each rule is repeated with a wildcard for the codes of all languages. The form without one is
    for URLs without a code, and robots that know no wildcards understand most of these.
    """
    root = get_root()
    lines = [f"{rule}: {root}{start}{path}" for start in ("", "/*") for rule, path in RULES]
    sitemap = make_absolute(f"{root}/sitemap.xml")
    text = "\n".join(["User-agent: *", *lines, f"Sitemap: {sitemap}", ""])
    return Response(text, content_type="text/plain; charset=utf-8")


@discovery.get("/sitemap.xml")
def serve_sitemap() -> Response:
    """Return the index of the parts of the sitemap. An empty catalogue has one empty part.

    The sitemap has the pages in the catalogue's own language, which name those in the other
    languages (`hreflang`).
    """
    start = make_absolute(get_root())
    numbers = range(1, _count_parts() + 1)
    built = get_searcher().generation.manifest.built
    parts = ((f"{start}/sitemap-{number}.xml", built) for number in numbers)
    return _write_urls("sitemapindex", "sitemap", parts)


@discovery.get("/sitemap-<int:number>.xml")
def serve_sitemap_part(number: int) -> Response:
    """Return a part, counted from 1. Raise NotFound, or TooBusy while another one is made."""
    if not 1 <= number <= _count_parts():
        raise page_not_found()
    search = SearchRequest(page=number, size=PART_URLS)
    make_page_url = get_page_urls()
    with get_engine().list_dated_ids(search, get_searcher()) as dated_ids:
        pages = ((make_page_url(identity), format_time(time)) for identity, time in dated_ids)
        return _write_urls("urlset", "url", pages)


def _count_parts() -> int:
    return max(-(-get_searcher().size // PART_URLS), 1)


def _write_urls(root_tag: str, tag: str, urls: Iterable[tuple[str, str]]) -> Response:
    """Return a document of URLs, with the time when each was last modified.

    It is made as text, because 100,000 elements of lxml take five times as long.
    """
    entries = "".join(
        f"<{tag}><loc>{escape(url)}</loc><lastmod>{time}</lastmod></{tag}>" for url, time in urls
    )
    body = f'<?xml version="1.0" encoding="utf-8"?>\n<{root_tag} xmlns="{SITEMAP}">{entries}'
    return Response(f"{body}</{root_tag}>", content_type="application/xml; charset=utf-8")


@discovery.get("/opensearch.xml")
def describe_search() -> Response:
    """Return the OpenSearch description of the search."""
    catalogue = get_catalogue()
    root = etree.Element(f"{{{OPENSEARCH}}}OpenSearchDescription", nsmap={None: OPENSEARCH})
    xml_document.add(root, "ShortName", _shorten(catalogue.title, MAX_SHORT_NAME))
    xml_document.add(root, "LongName", _shorten(catalogue.title, MAX_LONG_NAME))
    text = catalogue.description or catalogue.title
    xml_document.add(root, "Description", _shorten(text, MAX_DESCRIPTION))
    icon = make_absolute(f"{get_root()}/static/favicon.svg")
    xml_document.add(root, "Image", icon, type="image/svg+xml")
    for media_type, relation, path in TEMPLATES:
        template = make_absolute(f"{request.script_root}{path}")
        xml_document.add(root, "Url", type=media_type, rel=relation, template=template)
    for code in dict.fromkeys((current().code, catalogue.language)):
        xml_document.add(root, "Language", code)
    xml_document.add(root, "InputEncoding", "UTF-8")
    xml_document.add(root, "OutputEncoding", "UTF-8")
    body = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, content_type=f"{DESCRIPTION_TYPE}; charset=utf-8")


def _shorten(text: str, limit: int) -> str:
    """Return a text cut at a space, if it is too long."""
    if len(text) <= limit:
        return text
    return text[: limit + 1].rpartition(" ")[0] or text[:limit]


@discovery.get("/opensearch/suggestions")
def suggest() -> Response:
    """Return the suggestions of the API as four arrays: typed text, texts, labels, and URLs."""
    text, state = request.args.get("q", ""), parse_state()
    found = get_engine().suggest(text, state, current().code, get_searcher())
    rows = make_suggestions(text, state, found, get_catalogue()).suggestions
    urls = [make_absolute(row.url) for row in rows]
    body = (text, [row.text for row in rows], [row.label for row in rows], urls)
    return Response(msgspec.json.encode(body), content_type=SUGGESTIONS_TYPE)


@discovery.get("/unapi")
def unapi() -> Response:
    """Return the formats as XML, or redirect to the publication `id` in `format`.

    The status of the list is 300 for a publication and 200 for the site. Raise NotFound or
    NotAcceptable.
    """
    identity, name = request.args.get("id", ""), request.args.get("format", "")
    if identity and get_searcher().get_publication(identity) is None:
        raise page_not_found()
    if identity and name:
        names = [entry.name for entry in UNAPI_FORMATS]
        if name not in names:
            raise NotAcceptable(gettext("The formats are: %(names)s.") % {"names": join(names)})
        return redirect_to_export(name, identity)
    formats = etree.Element("formats", {"id": identity} if identity else {})
    for entry in UNAPI_FORMATS:
        etree.SubElement(formats, "format", name=entry.name, type=entry.media_type)
    body = etree.tostring(formats, encoding="UTF-8", xml_declaration=True)
    return Response(body, 300 if identity else 200, content_type="application/xml")


# Signposting


@discovery.get("/linkset/<path:identity>")
def serve_linkset(identity: str) -> Response:
    """Return the links of a publication (RFC 9264). Raise NotFound or PublicationRemoved."""
    publication, searcher = get_publication(identity), get_searcher()
    item = make_item(publication, searcher.catalogue, get_page_urls()(identity))
    links = list_links(publication, item, searcher.list_files(identity))
    page_url = make_absolute(make_publication_url(identity, request.script_root))
    body = embedded.write_linkset(item, links, page_url)
    return Response(body, content_type=embedded.LINKSET_TYPE)
