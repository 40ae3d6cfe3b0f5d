"""Conditional requests (RFC 9110): send 304 to a client that already has the response.

A response depends only on the URL, the generation, the program, and the settings. Its ETag is
therefore known before the search, and a 304 needs no search. Searches without hits are an
exception, because they must be logged. Their ETag has a suffix and is compared after the search.
Search records are another one. They state the time of the search, so each request gets a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import msgspec
from flask import Flask, Response, g, request

from indexer.analysis import embeddings
from search_app.config import Settings
from search_app.engine import Engine, Searcher
from search_app.web.middleware.access import MONITORED

CACHE_CONTROL = {"site.api_suggest": "private, max-age=60"}
"""`Cache-Control` by route. A user who types a letter and deletes it repeats a request."""
TIMED = frozenset({"record.show_record", "record.api_record"})
"""Routes whose responses state their time. They have no ETag, and no cache keeps them."""
TAGGED = frozenset({"files.serve_file"})
"""Routes whose responses have ETags of their own, because they depend on something else."""
DEFAULT_CACHE_CONTROL = "no-cache"
"""`Cache-Control` of the other routes. The next publish may change any response."""


def register(
    app: Flask, engine: Engine, settings: Settings, searcher: Callable[[], Searcher]
) -> None:
    """Add ETags to pages and API responses, and send 304 where an ETag matches.

    `searcher` returns the searcher of the current request. Functions that log or count responses
    must be registered before this one, or they see no 304.
    """
    encoder = engine.options.encoder
    model = encoder.model if encoder else ""
    shared = f"{_digest_program()}\0{model}\0{msgspec.json.encode(settings, enc_hook=str).decode()}"

    def send_not_modified() -> Response | None:
        if request.blueprint is None or request.endpoint in MONITORED | TIMED | TAGGED:
            return None
        g.failures = encoder.failures if encoder else 0
        g.tag = _make_tag(shared, searcher(), engine.failed)
        is_current = g.tag in request.if_none_match.as_set(include_weak=True)
        return Response(status=304) if is_current else None

    def add_etag(response: Response) -> Response:
        if response.status_code not in {200, 304} or "tag" not in g:
            return response
        if encoder and encoder.failures != g.failures:
            # The same request may soon have semantic hits again.
            response.headers["Cache-Control"] = "no-store"
            return response
        tag = f"{g.tag}-none" if g.get("is_gap") else g.tag
        response.set_etag(tag, weak=True)
        response.headers["Cache-Control"] = CACHE_CONTROL.get(
            request.endpoint or "", DEFAULT_CACHE_CONTROL
        )
        if request.if_none_match.contains_weak(tag):
            response.status_code = 304
            response.set_data(b"")
        return response

    app.before_request(send_not_modified)
    app.after_request(add_etag)


def _make_tag(shared: str, searcher: Searcher, failed: str | None) -> str:
    """Return the ETag of the response to the current request.

    A generation may reuse the name of a deleted one, so the time of its build is part of the ETag.
    """
    manifest = searcher.generation.manifest
    parts = (
        shared, searcher.name, manifest.built, manifest.corpus, str(failed), request.scheme,
        request.host, request.script_root, request.path, request.query_string.decode("latin-1"),
    )  # fmt: skip
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@cache
def _digest_program() -> str:
    """Return a digest of the program: its version, its files, and its embedding model, if any.

    The files are included because a checkout can change without a new version.
    """
    encoder = embeddings.load_encoder()
    digest = sha256(f"{version('pubsearch')}\0{encoder and encoder.model}".encode())
    for file in list_program_files():
        digest.update(file.read_bytes())
    return digest.hexdigest()


def list_program_files() -> list[Path]:
    """Return the files of both packages, templates and static files included, without bytecode."""
    return [
        file
        for package in ("search_app", "indexer")
        for file in sorted(Path(str(files(package))).rglob("*"))
        if file.is_file() and file.suffix != ".pyc"
    ]
