"""The routes of exports: one publication, or all hits of a search, in each format.

Exports of searches are streamed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal
from urllib.parse import quote

from flask import Blueprint, Response
from werkzeug.http import dump_options_header

from search_app.export.registry import FORMATS, Format
from search_app.i18n.translation import gettext, join
from search_app.presentation.labels import describe_search
from search_app.web.addresses import get_page_urls
from search_app.web.errors import NotFound
from search_app.web.lookup import get_publication
from search_app.web.routes import get_catalogue, get_searcher, parse_state
from search_app.web.streaming import stream_hits

MAX_NAME_CHARS = 80
"""Maximum characters of a file name without its extension."""
Disposition = Literal["inline", "attachment"]
"""Whether a browser displays a response or saves it as a file."""
_NOT_IN_FILE_NAMES = re.compile(r'[\\/:*?"<>|\s]+')

exports = Blueprint("export", __name__)


@exports.get("/export/<name>/<path:identity>")
def export_publication(name: str, identity: str) -> Response:
    """Return a publication in a format. Raise NotFound or PublicationRemoved."""
    export_format, publication = find_format(name), get_publication(get_searcher(), identity)
    parts = export_format.write([publication], get_searcher().catalogue, get_page_urls())
    return make_file(Response(b"".join(parts)), export_format, publication.title)


@exports.get("/export/<name>")
def export_search(name: str) -> Response:
    """Return all hits of a search in a format. Raise NotFound, BadParameter or TooManyExports.

    Its errors have a status: see `stream_hits`.
    """
    export_format, state, catalogue = find_format(name), parse_state(), get_searcher().catalogue
    make_page_url = get_page_urls()
    response = stream_hits(
        state, lambda publications: export_format.write(publications, catalogue, make_page_url)
    )
    file_name = describe_search(state, get_catalogue()) or get_catalogue().title
    return make_file(response, export_format, file_name)


def find_format(name: str) -> Format:
    """Return the format with this name. Raise NotFound, which names all formats."""
    if name not in FORMATS:
        raise NotFound(
            gettext("There is no export format “%(name)s”.") % {"name": name[:100]},
            gettext("The formats are: %(names)s.") % {"names": join(FORMATS)},
        )
    return FORMATS[name]


def make_file(response: Response, export_format: Format, name: str) -> Response:
    """Return a response, which a browser then saves as a file."""
    response.mimetype = export_format.media_type
    response.headers["Content-Disposition"] = make_disposition(
        name, export_format.extension, "attachment"
    )
    return response


def make_disposition(name: str, extension: str, disposition: Disposition) -> str:
    """Return a Content-Disposition (RFC 6266) with a name in ASCII, and the name as it is."""
    name = "".join(filter(str.isprintable, _NOT_IN_FILE_NAMES.sub(" ", name)))
    name = name[:MAX_NAME_CHARS].strip(" .") or "publications"
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    names = {
        "filename": f"{ascii_name.strip(' .,') or 'publications'}.{extension}",
        "filename*": f"UTF-8''{quote(f'{name}.{extension}', safe='')}",
    }
    return dump_options_header(disposition, names)
