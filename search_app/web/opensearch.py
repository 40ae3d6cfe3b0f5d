"""OpenSearch 1.1: browsers and other programs search this site from their own search box.

Specification: https://github.com/dewitt/opensearch.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from flask import Blueprint, Response, request
from lxml import etree

from search_app.api.suggestions import serialize_suggestions
from search_app.export import atom, xml_document
from search_app.i18n.translation import current
from search_app.web.addresses import make_absolute
from search_app.web.middleware.path_prefix import get_root
from search_app.web.routes import get_catalogue, get_engine, get_searcher, parse_state

_NAMESPACE = "http://a9.com/-/spec/opensearch/1.1/"
MEDIA_TYPE = "application/opensearchdescription+xml"
SUGGESTIONS_TYPE = "application/x-suggestions+json"
MAX_SHORT_NAME, MAX_LONG_NAME, MAX_DESCRIPTION = 16, 48, 1024
"""Maximum characters of the texts, which the specification limits."""

opensearch = Blueprint("opensearch", __name__)


class Template(NamedTuple):
    """A URL with placeholders, and what it leads to."""

    media_type: str
    path: str
    relation: str = "results"


TEMPLATES = (
    Template("text/html", "/?q={searchTerms}&page={startPage?}"),
    Template(atom.MEDIA_TYPE, "/feed.atom?q={searchTerms}&page={startPage?}"),
    Template(SUGGESTIONS_TYPE, "/opensearch/suggestions?q={searchTerms}", "suggestions"),
    Template(MEDIA_TYPE, "/opensearch.xml", "self"),
)


@opensearch.get("/opensearch.xml")
def description() -> Response:
    """Return the description of the search."""
    catalogue = get_catalogue()
    root = etree.Element(f"{{{_NAMESPACE}}}OpenSearchDescription", nsmap={None: _NAMESPACE})
    xml_document.add(root, "ShortName", _shorten(catalogue.title, MAX_SHORT_NAME))
    xml_document.add(root, "LongName", _shorten(catalogue.title, MAX_LONG_NAME))
    text = catalogue.description or catalogue.title
    xml_document.add(root, "Description", _shorten(text, MAX_DESCRIPTION))
    icon = make_absolute(f"{get_root()}/static/favicon.svg")
    xml_document.add(root, "Image", icon, type="image/svg+xml")
    for template in TEMPLATES:
        url = make_absolute(f"{request.script_root}{template.path}")
        xml_document.add(root, "Url", type=template.media_type, rel=template.relation, template=url)
    for code in dict.fromkeys((current().code, catalogue.language)):
        xml_document.add(root, "Language", code)
    xml_document.add(root, "InputEncoding", "UTF-8")
    xml_document.add(root, "OutputEncoding", "UTF-8")
    body = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, content_type=f"{MEDIA_TYPE}; charset=utf-8")


@opensearch.get("/opensearch/suggestions")
def suggestions() -> Response:
    """Return the suggestions of the API as four arrays: typed text, texts, labels, and URLs."""
    text, state, catalogue = request.args.get("q", ""), parse_state(), get_catalogue()
    found = get_engine().suggest(text, state, current().code, get_searcher())
    rows = serialize_suggestions(text, state, found, catalogue)["suggestions"]
    body = (
        text,
        [row["text"] for row in rows],
        [row["label"] for row in rows],
        [make_absolute(row["href"]) for row in rows],
    )
    return Response(msgspec.json.encode(body), content_type=SUGGESTIONS_TYPE)


def _shorten(text: str, limit: int) -> str:
    """Return a text cut at a space, if it is too long."""
    if len(text) <= limit:
        return text
    return text[: limit + 1].rpartition(" ")[0] or text[:limit]
