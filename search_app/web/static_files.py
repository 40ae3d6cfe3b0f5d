"""Static files of pages, at URLs that contain the digest of the file.

A page and its files thus belong to one version of the program, also in caches and after an upgrade.
`deploy/install` copies the files of the previous version to FORMER, for pages that are still open.
The files are kept in memory, so a process serves its own version whatever happens on the disk.
"""

from __future__ import annotations

import re
import sys
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from flask import Flask, Response, send_file, send_from_directory

from search_app.web.errors import page_not_found
from search_app.web.middleware.path_prefix import get_root

FOLDER = Path(__file__).parent / "static"
FORMER = Path(sys.prefix) / "share" / "pubsearch" / "static"
"""The folder with the files of previous versions, as DIGEST/NAME."""
DIGEST_CHARS = 16
"""Number of characters of a digest (SHA-256 in hexadecimal). deploy/install names folders so."""
CACHE_SECONDS = 365 * 24 * 3600


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
