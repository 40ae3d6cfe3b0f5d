"""Files: those of publications, those of the pages, and the colors and the logo of a catalogue.

The URL of a file of a publication has its digest, so that no request can name a path. A catalogue
decides whether they are served. A file that has changed since the build is not, because another
file may have its place by now.

The URLs of styles and scripts have digests too. A page and its files thus belong to one version of
the program, also in caches and after an upgrade. `deploy/install` copies the files of the previous
version to FORMER, for pages that are still open. The files are kept in memory, so a process serves
its own version whatever happens on the disk.
"""

import os
import re
import sys
from contextlib import ExitStack, suppress
from functools import lru_cache
from hashlib import file_digest, sha256
from io import BufferedReader, BytesIO
from pathlib import Path, PurePath

from flask import Blueprint, Flask, Response, current_app, request, send_file, send_from_directory
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import wrap_file

from indexer.catalogue import safe_files
from indexer.catalogue.access import is_restricted
from indexer.catalogue.catalogue_toml import LOGO_TYPES
from indexer.fulltext import pdf, text
from search_app.engine.store import StoredFile
from search_app.export.embedded import link_back
from search_app.i18n.translation import gettext
from search_app.web.context import get_page_urls, get_searcher
from search_app.web.errors import NotFound, page_not_found
from search_app.web.exports import make_disposition
from search_app.web.headers import add_links
from search_app.web.incoming import get_root

MAX_DIGESTS = 10_000
"""Number of files whose digests are cached. Otherwise, every range would read the whole file."""
_DISPLAYED = {pdf.MEDIA_TYPE: pdf.MEDIA_TYPE, text.PLAIN_TEXT: "text/plain; charset=utf-8"}
"""Content types of the files that a browser displays. It saves all others."""
FOLDER = Path(__file__).parent / "static"
FORMER = Path(sys.prefix) / "share" / "pubsearch" / "static"
"""The folder with the static files of previous versions, as DIGEST/NAME."""
DIGEST_CHARS = 16
"""Number of characters of a digest (SHA-256 in hexadecimal). deploy/install names folders so."""
CACHE_SECONDS = 365 * 24 * 3600
_THEME = """\
@media screen {{
  :root {{ --link: {light}; --bar: {light}; }}
}}

@media screen and (prefers-color-scheme: dark) {{
  :root {{ --link: {dark}; --bar: {dark}; }}
}}
"""

files = Blueprint("files", __name__)


# Of publications


@files.get("/file/<digest>/<name>")
def serve_file(digest: str, name: str) -> Response:
    """Return a file, or a range of it. Its digest alone decides; the name is for display.

    Raise NotFound if the catalogue serves no files, if there is none with this digest, if it has
    changed, or if it belongs to a restricted publication. Raise RequestedRangeNotSatisfiable.
    """
    found = _find_file(digest)
    if found is None:
        raise page_not_found()
    path = current_app.config["CORPUS"] / found.file.path
    stream = _open(path, digest)
    if stream is None:
        raise NotFound(
            gettext("This file was changed or removed."),
            gettext("The operator of this site can fix it."),
        )
    response = Response(wrap_file(request.environ, stream), direct_passthrough=True)
    displayed = _DISPLAYED.get(found.file.media_type)
    response.content_type = displayed or found.file.media_type
    response.content_length = os.fstat(stream.fileno()).st_size
    response.headers["Content-Disposition"] = make_disposition(
        path.stem, path.suffix.lstrip("."), "inline" if displayed else "attachment"
    )
    response.headers["Cache-Control"] = "private, no-cache"
    if len(found.ids) == 1:  # the header could name only one of several collections
        page_url = get_page_urls()(found.ids[0])
        add_links(response, found.ids[0], link_back("collection", page_url))
    response.set_etag(digest)
    try:
        response.make_conditional(
            request, accept_ranges=True, complete_length=response.content_length
        )
    except RequestedRangeNotSatisfiable:
        stream.close()
        raise
    return response


def _find_file(digest: str) -> StoredFile | None:
    """Return the file with a digest, if all who read the site may read it."""
    searcher = get_searcher()
    if searcher.catalogue.files != "serve":
        return None
    found = searcher.find_file(digest)
    if found is None:
        return None
    owners = [searcher.get_publication(identity) for identity in found.ids]
    is_open = all(owner and not is_restricted(owner, searcher.catalogue) for owner in owners)
    return found if owners and is_open else None


def _open(path: Path, digest: str) -> BufferedReader | None:
    """Return a file open for reading, or None if it is missing or has another digest."""
    with ExitStack() as stack, suppress(OSError):
        stream = stack.enter_context(safe_files.open_file(path))
        if _compute_digest(path, _identify(stream)) == digest:
            stack.pop_all()
            return stream
    return None


def _identify(stream: BufferedReader) -> tuple[int, ...]:
    """Return what changes if another file takes the place of a file, or its contents change."""
    status = os.fstat(stream.fileno())
    times = (status.st_mtime_ns, status.st_ctime_ns)
    return (status.st_dev, status.st_ino, status.st_size, *times)


@lru_cache(MAX_DIGESTS)
def _compute_digest(path: Path, identity: tuple[int, ...]) -> str:
    """Return the SHA-256 of a file, or "" if it has another identity. Raise OSError."""
    with safe_files.open_file(path) as stream:
        return file_digest(stream, "sha256").hexdigest() if _identify(stream) == identity else ""


# Of the pages


def register(app: Flask) -> None:
    """Add the route of static files, and the function by which templates name their URLs."""
    bodies = {file.name: file.read_bytes() for file in FOLDER.iterdir() if file.is_file()}
    digests = {name: sha256(body).hexdigest()[:DIGEST_CHARS] for name, body in bodies.items()}
    versioned = re.compile(rf"[0-9a-f]{{{DIGEST_CHARS}}}/[\w.-]{{1,100}}", re.ASCII)

    def get_url(name: str) -> str:
        return f"{get_root()}/static/{digests[name]}/{name}"

    def serve(path: str) -> Response:
        digest, _, name = path.rpartition("/")
        has_digest = versioned.fullmatch(path) is not None
        is_own = has_digest and digests.get(name) == digest
        if has_digest and not is_own and (FORMER / path).is_file():
            response = send_from_directory(FORMER, path, max_age=CACHE_SECONDS)
        elif name in bodies and (has_digest or not digest):
            # An unknown digest may be that of another server, which already runs another version.
            body, age = BytesIO(bodies[name]), CACHE_SECONDS if is_own else None
            response = send_file(body, download_name=name, etag=digests[name], max_age=age)
        else:
            raise page_not_found()
        response.cache_control.immutable = bool(response.cache_control.max_age)
        return response

    app.add_url_rule("/static/<path:path>", "static", serve)
    app.jinja_env.globals["static_url"] = get_url


# Of a catalogue


@files.get("/theme.css")
def serve_theme() -> Response:
    """Return the colors of the catalogue. Raise NotFound if it has none."""
    accent = get_searcher().catalogue.accent
    if not accent:
        raise page_not_found()
    light, dark = accent
    return Response(_THEME.format(light=light, dark=dark), content_type="text/css; charset=utf-8")


@files.get("/logo")
def serve_logo() -> Response:
    """Return the logo of the catalogue. Raise NotFound if it has none."""
    catalogue = get_searcher().catalogue
    if not catalogue.logo:
        raise page_not_found()
    return Response(catalogue.logo_image, content_type=LOGO_TYPES[PurePath(catalogue.logo).suffix])
