"""The headers of every response: security, crawlers, caching, and the formats of a publication.

Conditional requests (RFC 9110): a client that already has the response gets 304. A response depends
only on the URL, the generation, the program, and the settings. Its ETag is therefore known before
the search, and a 304 needs no search. Searches without hits are an exception, because they must be
logged. Their ETag has a suffix and is compared after the search. Search records are another one.
They state the time of the search, so each request gets a new one.
"""

import re
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import msgspec
from flask import Flask, Response, g, request, url_for
from werkzeug.datastructures import MIMEAccept

from indexer.analysis import embeddings
from indexer.catalogue.records import Publication
from indexer.codec.segment.fulltext import File
from search_app.config import Settings
from search_app.engine import Engine, Searcher
from search_app.export import embedded
from search_app.export.csl import Item
from search_app.export.embedded import Links
from search_app.export.registry import FORMATS
from search_app.presentation.labels import make_export_url, make_file_url
from search_app.web.context import get_publication, get_searcher, make_absolute, redirect_to_export
from search_app.web.incoming import MONITORED, get_root

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""The security headers. `server` also sends them with the requests that it rejects."""
POLICIES = {
    "files.serve_file": "default-src 'none'; sandbox",
    "files.serve_logo": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
"""Content security policies of the routes that send what others made, 304 included.

Whatever a file contains, it runs no script, and loads and sends nothing. An SVG may contain
scripts, which run if it is opened as a page.
"""
FOR_PROGRAMS = (
    "/api/", "/export/", "/feed.atom", "/linkset/", "/list/export/", "/oai", "/unapi"
)  # fmt: skip
"""Path prefixes of the responses that a setting opens to scripts of other sites."""
CACHE_CONTROL = {"api.suggest": "private, max-age=60"}
"""`Cache-Control` by route. A user who types a letter and deletes it repeats a request."""
DEFAULT_CACHE_CONTROL = "no-cache"
"""`Cache-Control` of the other routes. The next publish may change any response."""
UNTAGGED = MONITORED | {
    "pages.show_record", "api.search_record", "files.serve_file", "oai.serve"
}  # fmt: skip
"""Routes whose responses have no ETag, because they state their time, or one of their own, because
they depend on something else."""
FEED = "/feed.atom"
CLOSED_FOLDERS = ("/api/", "/export/", "/facet/", "/list/")
CLOSED_PAGES = (
    "/advanced",
    "/healthz",
    "/list",
    "/metrics",
    "/oai",
    "/opensearch/suggestions",
    "/search-record",
    "/unapi",
)
"""Paths that are for programs and users, not for crawlers. Names of files may begin with the same
characters, so only whole paths count."""
PUBLICATIONS = ("/publication/", "/api/publication/")
LINKED = re.compile(r"/export/[^/]+/|/linkset/")
"""The paths of other URLs that the page of a publication names for programs."""
# Their order does not matter: of the rules that match a URL, the longest applies.
RULES = (
    ("Disallow", "/*?"),
    ("Allow", "/?page="),
    ("Allow", FEED),
    ("Disallow", "/?page=*&"),
    ("Allow", "/publication/"),
    ("Disallow", "/publication/*?"),
    ("Allow", "/publication/*?hit="),
    ("Disallow", "/publication/*?hit=*&"),
    ("Allow", "/export/*/"),
    ("Allow", "/linkset/"),
    *(("Disallow", path) for path in CLOSED_FOLDERS),
    *(("Disallow", f"{path}$") for path in CLOSED_PAGES),
)
"""The rules of robots.txt, which also apply below any other path, such as that of a language.

A crawler may follow the list of all publications, page by page, and each publication, also as a hit
of that list, in each language and each format. The number of searches and combinations of filters
is unlimited, and they lead to no other publication. robots.txt keeps crawlers from requesting these
URLs. It allows feeds, to which readers subscribe. The header keeps the URLs that are requested
anyway out of search engines.
"""
PUBLICATION = "pages.show_publication"
HTML = "text/html"
PAGE_TYPES = (HTML, "application/xhtml+xml")
"""Media types of a client that reads pages. An old browser names XHTML and any XML, but no HTML."""
BY_MEDIA_TYPE = {entry.media_type: entry for entry in FORMATS.values()}


def register(app: Flask, engine: Engine, settings: Settings) -> None:
    """Add the headers, and send 304 where an ETag matches.

    Functions that log or count responses must be registered before this one, or they see no 304.
    """
    app.before_request(_negotiate)
    _add_policies(app, settings.hsts, settings.cors)
    _add_etags(app, engine, settings)


def _add_policies(app: Flask, hsts: int, cors: str) -> None:
    """Add the headers for browsers and crawlers to every response.

    Over TLS, `Strict-Transport-Security` lasts `hsts` seconds. With 0 it is left out. Scripts of
    the origin `cors` may read the responses for programs. Any origin may if it is `*`, and none if
    it is empty.
    """
    opened = {
        "Access-Control-Allow-Origin": cors,
        "Access-Control-Expose-Headers": "Content-Disposition, Retry-After",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }

    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        if response.status_code < 400 and (policy := POLICIES.get(request.endpoint or "")):
            response.headers["Content-Security-Policy"] = policy
        if cors and request.path.startswith(FOR_PROGRAMS):
            response.headers.update(opened)
        response.headers["X-Request-ID"] = g.request_id
        if hsts and request.is_secure:
            response.headers["Strict-Transport-Security"] = f"max-age={hsts}"
        if request.endpoint == PUBLICATION:
            response.vary.add("Accept")
        if response.status_code >= 400 or not _is_crawlable(request.path, request.query_string):
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    app.after_request(add_headers)


def _is_crawlable(path: str, query: bytes) -> bool:
    """Return whether crawlers may request a URL. `RULES` must state the same."""
    if path.startswith(PUBLICATIONS):
        return not query or re.fullmatch(rb"hit=[^&]*", query) is not None
    if LINKED.match(path):
        return True
    if query and path != FEED:
        return path == "/" and re.fullmatch(rb"page=[^&]*", query) is not None
    return not path.startswith(CLOSED_FOLDERS) and path not in CLOSED_PAGES


def _negotiate() -> Response | None:
    """Redirect a request for the page of a publication in the format of an export.

    Parameters such as `charset` are ignored, because each format has one form. A client that
    accepts none of the formats gets the page. Raise NotFound or PublicationRemoved.
    """
    if request.endpoint != PUBLICATION or request.view_args is None:
        return None
    accepted = MIMEAccept(
        (media_type.partition(";")[0].strip(), quality)
        for media_type, quality in request.accept_mimetypes
    )
    media_type = accepted.best_match([*PAGE_TYPES, *BY_MEDIA_TYPE], HTML)
    if media_type in PAGE_TYPES:
        return None
    publication = get_publication(request.view_args["identity"])
    return redirect_to_export(BY_MEDIA_TYPE[media_type].name, publication.id)


def list_links(publication: Publication, item: Item, files: Iterable[File]) -> Links:
    """Return the links of the page of a publication. Its exports are in the current language."""
    catalogue, identity = get_searcher().catalogue, publication.id
    return embedded.list_links(
        item,
        {
            make_absolute(make_export_url(name, identity, request.script_root)): entry.media_type
            for name, entry in FORMATS.items()
        },
        {
            make_absolute(url): file.media_type
            for file in files
            if (url := make_file_url(file, publication, catalogue, get_root()))
        },
    )


def add_links(response: Response, identity: str, links: Links) -> Response:
    """Add links, and the URL of the linkset of the publication with an id, to the headers."""
    linkset = url_for("discovery.serve_linkset", identity=identity)
    response.headers["Link"] = embedded.format_links(links, make_absolute(linkset))
    return response


def _add_etags(app: Flask, engine: Engine, settings: Settings) -> None:
    encoder = engine.options.encoder
    model = encoder.model if encoder else ""
    shared = f"{_digest_program()}\0{model}\0{msgspec.json.encode(settings, enc_hook=str).decode()}"

    def send_not_modified() -> Response | None:
        if request.blueprint is None or request.endpoint in UNTAGGED:
            return None
        g.failures = encoder.failures if encoder else 0
        g.tag = _make_tag(shared, get_searcher(), engine.failed)
        is_current = g.tag in request.if_none_match.as_set(include_weak=True)
        return Response(status=304) if is_current else None

    def add_etag(response: Response) -> Response:
        if response.status_code not in {200, 304} or "tag" not in g:
            return response
        if encoder and encoder.failures != g.failures:
            # The same request may soon have semantic hits again.
            response.headers["Cache-Control"] = "no-store"
            return response
        tag = f"{g.tag}-none" if g.get("is_zero_result") else g.tag
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
    generation = (searcher.name, manifest.built, manifest.corpus, str(failed))
    query = request.query_string.decode("latin-1")
    url = (request.scheme, request.host, request.script_root, request.path, query)
    text = "\0".join((shared, *generation, *url))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


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
