"""How programs find the formats of a publication: content negotiation and unAPI.

Both lead to the URL of an export. unAPI: http://unapi.info/specs/unapi-revision-3.html.
"""

from __future__ import annotations

from flask import Blueprint, Response, request
from lxml import etree
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotAcceptable

from search_app.export.registry import FORMATS
from search_app.i18n.translation import gettext, join
from search_app.presentation.urls import make_export_url
from search_app.web.errors import page_not_found
from search_app.web.lookup import get_publication
from search_app.web.routes import get_searcher

PAGE = "publication.show_publication"
HTML = "text/html"
PAGE_TYPES = (HTML, "application/xhtml+xml")
"""Media types of a client that reads pages. An old browser names XHTML and any XML, but no HTML."""
BY_MEDIA_TYPE = {entry.media_type: entry for entry in FORMATS.values()}
UNAPI_FORMATS = tuple(entry for entry in FORMATS.values() if entry.name not in ("mods", "marcxml"))
"""The formats of unAPI. Zotero would prefer MODS and MARCXML, and reads less from them than from
RIS: it loses ISBNs of 13 digits."""

discovery = Blueprint("discovery", __name__)


@discovery.before_app_request
def negotiate() -> Response | None:
    """Redirect a request for the page of a publication in the format of an export.

    Parameters such as `charset` are ignored, because each format has one form. A client that
    accepts none of the formats gets the page. Raise NotFound or PublicationRemoved.
    """
    if request.endpoint != PAGE or request.view_args is None:
        return None
    accepted = MIMEAccept(
        (media_type.partition(";")[0].strip(), quality)
        for media_type, quality in request.accept_mimetypes
    )
    media_type = accepted.best_match([*PAGE_TYPES, *BY_MEDIA_TYPE], HTML)
    if media_type in PAGE_TYPES:
        return None
    publication = get_publication(get_searcher(), request.view_args["identity"])
    return _redirect(BY_MEDIA_TYPE[media_type].name, publication.id)


@discovery.after_app_request
def add_vary(response: Response) -> Response:
    """Tell caches that the page of a publication depends on the `Accept` header."""
    if request.endpoint == PAGE:
        response.vary.add("Accept")
    return response


@discovery.get("/unapi")
def unapi() -> Response:
    """Return the formats as XML, or redirect to the publication `id` in `format`.

    Raise NotFound or NotAcceptable.
    """
    identity, name = request.args.get("id", ""), request.args.get("format", "")
    if identity and get_searcher().get_publication(identity) is None:
        raise page_not_found()
    if not identity or not name:
        return _list_formats({"id": identity} if identity else {})
    if name not in {entry.name for entry in UNAPI_FORMATS}:
        names = join(entry.name for entry in UNAPI_FORMATS)
        raise NotAcceptable(gettext("The formats are: %(names)s.") % {"names": names})
    return _redirect(name, identity)


def _list_formats(attributes: dict[str, str]) -> Response:
    """Return the list of formats, with status 300 for a publication and 200 for the site."""
    formats = etree.Element("formats", attributes)
    for entry in UNAPI_FORMATS:
        etree.SubElement(formats, "format", name=entry.name, type=entry.media_type)
    body = etree.tostring(formats, encoding="UTF-8", xml_declaration=True)
    return Response(body, 300 if attributes else 200, content_type="application/xml")


def _redirect(name: str, identity: str) -> Response:
    location = make_export_url(name, identity, request.script_root)
    return Response(status=303, headers={"Location": location})
