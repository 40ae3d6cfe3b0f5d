"""Conditional requests (RFC 9110): answer 304 to a client that already has the answer.

An answer depends on the URL, the generation, the program, and the settings, so its tag is known
before the search, and a 304 needs no search. A search without hits is an exception, because it is
logged: its tag has a suffix, so the search runs, and only then is its tag compared.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import msgspec
from flask import Flask, Response, g, request

import indexer
from indexer.analysis import embeddings
from search_app.config import Settings
from search_app.engine import Engine
from search_app.engine.snapshot.snapshot import Snapshot
from search_app.web.middleware.access import WATCHED

CACHING = {"site.api_suggest": "private, max-age=60"}
"""`Cache-Control` by route. Anyone who types a letter and deletes it asks for the same again."""
USUAL = "no-cache"
"""`Cache-Control` of the other routes: the next publish may change each answer."""


def register(
    app: Flask, engine: Engine, settings: Settings, snapshot: Callable[[], Snapshot]
) -> None:
    """Tag the pages and the answers of the API, and answer 304 where a tag matches.

    `snapshot` returns the generation that the current request is answered from. Functions that log
    or count answers must be registered before, or they see no 304.
    """
    shared = f"{_program()}\0{msgspec.json.encode(settings, enc_hook=str).decode()}"

    def unchanged() -> Response | None:
        if not (request.endpoint or "").startswith("site.") or request.endpoint in WATCHED:
            return None
        g.tag = _tag(shared, snapshot(), engine.failed)
        has_it = g.tag in request.if_none_match.as_set(include_weak=True)
        return Response(status=304) if has_it else None

    def tagged(answer: Response) -> Response:
        if answer.status_code not in {200, 304} or "tag" not in g:
            return answer
        tag = f"{g.tag}-none" if g.get("is_gap") else g.tag
        answer.set_etag(tag, weak=True)
        answer.headers["Cache-Control"] = CACHING.get(request.endpoint or "", USUAL)
        if request.if_none_match.contains_weak(tag):
            answer.status_code = 304
            answer.set_data(b"")
        return answer

    app.before_request(unchanged)
    app.after_request(tagged)


def _tag(shared: str, snapshot: Snapshot, failed: str | None) -> str:
    """Return the tag of the answer to the current request.

    A generation may have the name of one that was deleted, but not the time of its build.
    """
    manifest = snapshot.generation.manifest
    parts = (
        shared, snapshot.name, manifest.built, manifest.corpus, str(failed), request.scheme,
        request.host, request.script_root, request.path, request.query_string.decode("latin-1"),
    )  # fmt: skip
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@cache
def _program() -> str:
    """Return a digest of the program: its version, its files, and the extra that it may have.

    A checkout may change without a new version.
    """
    encoder = embeddings.encoder()
    digest = sha256(f"{version('pubsearch')}\0{encoder and encoder.model}".encode())
    for package in (Path(__file__).parent, Path(indexer.__file__).parent):
        for file in sorted(package.rglob("*")):
            if file.suffix in {".py", ".html", ".js", ".css"}:
                digest.update(file.read_bytes())
    return digest.hexdigest()
