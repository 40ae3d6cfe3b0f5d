"""The files of publications, by their digest, so that no request can name a path.

A catalogue decides whether they are served. A file that has changed since the build is not, because
another file may have its place by now.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from functools import lru_cache
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import wrap_file

from indexer.catalogue import safe_files
from indexer.catalogue.access import is_restricted
from indexer.fulltext import pdf, text, text_files
from search_app.engine.store import StoredFile
from search_app.i18n.translation import gettext
from search_app.web.errors import NotFound, page_not_found
from search_app.web.export_routes import Disposition, make_disposition
from search_app.web.routes import get_searcher

MAX_DIGESTS = 10_000
"""Number of files whose digests are cached. Otherwise, every range would read the whole file."""
_DISPLAYED = {pdf.MEDIA_TYPE: pdf.MEDIA_TYPE, text.PLAIN_TEXT: "text/plain; charset=utf-8"}
"""Content types of the files that a browser displays. It saves all others."""
_SAVED = {text_files.JATS: text_files.XML}

files = Blueprint("files", __name__)


@files.get("/file/<digest>/<name>")
def serve_file(digest: str, name: str) -> Response:
    """Return a file, or a range of it. Its digest alone decides; the name is for display.

    Raise NotFound if the catalogue serves no files, if there is none with this digest, if it has
    changed, or if it belongs to a restricted publication.
    """
    found = _find_file(digest)
    if found is None:
        raise page_not_found()
    path = current_app.config["CORPUS"] / found.path
    stream = _open(path, digest)
    if stream is None:
        raise NotFound(
            gettext("This file was changed or removed."),
            gettext("The operator of this site can fix it."),
        )
    return _send(stream, path, found.media_type, digest)


def _find_file(digest: str) -> StoredFile | None:
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


_Identity = tuple[int, ...]


def _identify(stream: BufferedReader) -> _Identity:
    """Return what changes if another file takes the place of a file, or its contents change."""
    status = os.fstat(stream.fileno())
    return (
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns,
    )  # fmt: skip


@lru_cache(MAX_DIGESTS)
def _compute_digest(path: Path, identity: _Identity) -> str:
    """Return the SHA-256 of a file, or "" if it has another identity. Raise OSError."""
    with safe_files.open_file(path) as stream:
        return file_digest(stream, "sha256").hexdigest() if _identify(stream) == identity else ""


def _send(stream: BufferedReader, path: Path, media_type: str, digest: str) -> Response:
    """Return the response with a file. Raise RequestedRangeNotSatisfiable."""
    disposition: Disposition = "inline" if media_type in _DISPLAYED else "attachment"
    response = Response(wrap_file(request.environ, stream), direct_passthrough=True)
    response.content_type = _DISPLAYED.get(media_type) or _SAVED.get(media_type, media_type)
    response.content_length = os.fstat(stream.fileno()).st_size
    response.headers["Content-Disposition"] = make_disposition(
        path.stem, path.suffix.lstrip("."), disposition
    )
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(digest)
    try:
        response.make_conditional(
            request, accept_ranges=True, complete_length=response.content_length
        )
    except RequestedRangeNotSatisfiable:
        stream.close()
        raise
    return response
