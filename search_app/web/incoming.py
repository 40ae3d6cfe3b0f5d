"""Prepare a request before its route: its path prefix, its language, its host, and its rate.

The path prefix of the site, and the code of a language that follows it, move from the path to
SCRIPT_NAME. Links begin with SCRIPT_NAME, so they stay in the language: `/fr/about`. The address
without a code is the page in the catalogue's own language. So caches may keep each page, and nobody
is redirected because of the settings of a browser. The API takes a parameter `lang`.

Every request gets an id. Its response, its log lines, and its error page contain this id.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import cached_property
from importlib.util import find_spec
from secrets import token_hex
from time import perf_counter, time
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, cast
from urllib.parse import quote

import flask
from flask import Flask, Response, g, redirect, request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest, NotFound, RequestURITooLarge, TooManyRequests
from werkzeug.http import parse_range_header
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as WsgiResponse

from indexer.analysis.cleaning import remove_invalid
from indexer.errors import describe_installation
from search_app.config import PREFIX, SettingError, Settings
from search_app.engine import Engine
from search_app.engine.request import MAX_QUERY_BYTES as MAX_LINKED_QUERY
from search_app.i18n.translation import (
    LANGUAGES,
    SOURCE,
    Interface,
    current,
    find_language,
    format_number,
    gettext,
    load_interface,
    use,
)
from search_app.search_state import read_choice

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask_limiter import Limiter, RequestLimit

MAX_QUERY_BYTES = 1 << 16
"""Maximum bytes of a query string. One that is longer than a query can be, `MAX_LINKED_QUERY`, is
not repeated in the links to all languages."""
MAX_BODY_BYTES = 1 << 12
"""Maximum bytes of a body, which only OAI-PMH reads. Werkzeug and gunicorn have no limit."""
MAX_PREFIX_CHARS = 200
"""Maximum characters of a prefix from a proxy. Each link of a page repeats it."""
MISPLACED, ROOT, LANGUAGE = "pubsearch.misplaced", "pubsearch.root", "pubsearch.language"
"""WSGI environment keys of the error for a request with a wrong prefix, of the path prefix, and of
the language in the path, which may be ""."""
MONITORED = frozenset({"api.health", "api.metrics"})
"""Routes for monitoring. Their requests need neither the name of the site nor its prefix."""
UNLIMITED = MONITORED | {"static"}
"""Routes that the rate limit does not count: monitoring, and the static files of pages."""
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_HOST = re.compile(
    r"(?=.{0,260}\Z)(?:[\w-]{1,63}(?:\.[\w-]{1,63})*\.?|\[[0-9A-F:.]+\])(?::[0-9]{0,5})?",
    re.ASCII | re.IGNORECASE,
)
"""A host and its port. Longer or empty labels have no IDNA form, so Flask can build no link."""
_NO_HOST = "host.invalid"
_PORT = re.compile(r"\A([^:]*|\[.*\]):[0-9]*\Z")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_NETWORK = 64
"""Leading bits of an IPv6 address that identify one customer of a network."""
_SAFE = "/:@!$&'()*+,;=~"
"""Characters that a path has as they are (RFC 3986), with letters, digits, and `-._`."""
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class UnknownHost(BadRequest):
    """A request for a name that the site does not have. `remedy` is what its operator can do."""

    def __init__(self, remedy: str = "") -> None:
        super().__init__(gettext("This site has another name."))
        self.remedy = remedy


class Request(flask.Request):
    """A request whose query string may contain any bytes. Non-ASCII bytes are percent-encoded.

    An empty path becomes `/`, because Flask would redirect to it. A Range header that is not one
    range of bytes is dropped, so the response is whole (RFC 9110, 14.2). Werkzeug would reject it.
    `has_bad_host` is true if the Host header is invalid. Flask then gets a placeholder, so that the
    request has a route and counts like any other. `arrived_at` is the time of arrival
    (perf_counter).
    """

    def __init__(self, environ: dict[str, Any], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        self.arrived_at = perf_counter()
        environ["PATH_INFO"] = environ.get("PATH_INFO") or "/"
        stated = parse_range_header(environ.get("HTTP_RANGE"))
        if stated is None or stated.units != "bytes" or len(stated.ranges) > 1:
            environ.pop("HTTP_RANGE", None)
        host = environ.get("HTTP_HOST", "")
        self.has_bad_host = not _HOST.fullmatch(host or _NO_HOST)
        if self.has_bad_host:
            environ = {**environ, "HTTP_HOST": _NO_HOST}
        elif host.endswith(":"):
            # An empty port is the usual one (RFC 3986, 3.2.3). Werkzeug would reject it.
            environ = {**environ, "HTTP_HOST": host[:-1]}
        super().__init__(environ, *args, **kwargs)
        self.query_string = _BEYOND_ASCII.sub(
            lambda byte: b"%%%02X" % ord(byte[0]), self.query_string
        )

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The parameters, without characters that would change the text around them on a page."""
        stated = super().args.items(multi=True)
        return ImmutableMultiDict((name, remove_invalid(value)) for name, value in stated)


def register(app: Flask, engine: Engine, settings: Settings) -> None:
    """Add the checks. Raise SettingError if a setting is unusable."""
    app.request_class = Request
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.wsgi_app = mount(app.wsgi_app, settings)  # type: ignore[assignment, method-assign]
    try:
        stated = [name.strip() for name in settings.hosts.split(",")]
        hosts = [_fold_host(name) for name in stated if name]
    except UnicodeError as error:
        raise SettingError(f"PUBSEARCH_HOSTS has a name that no host can have: {error}") from error
    for code in LANGUAGES:
        load_interface(code)  # threads and forked processes share it

    def begin_request() -> None:
        """Name the request, and choose its language, also for errors of the checks."""
        g.began = cast(Request, request).arrived_at
        sent_id = request.headers.get("X-Request-ID", "") if settings.proxies else ""
        g.request_id = sent_id if _ID.fullmatch(sent_id) else token_hex(8)
        code = request.environ[LANGUAGE] or get_own_language(engine)
        named = request.args.get("lang", "") if request.path.startswith("/api/") else ""
        use(load_interface(named if named in LANGUAGES else code))

    def check_request() -> WsgiResponse | None:
        """Check the host, the prefix, the query string, and the language."""
        if cast(Request, request).has_bad_host:
            raise BadRequest(
                gettext("The Host header is not a host name. Send the name of this site.")
            )
        is_monitoring = request.endpoint in MONITORED
        if hosts and not is_monitoring and not _is_named(hosts):
            raise UnknownHost
        if not hosts and not settings.proxies:
            _check_loopback()
        if (misplaced := request.environ.get(MISPLACED)) and not is_monitoring:
            raise misplaced
        if len(request.query_string) > MAX_QUERY_BYTES:
            message = gettext("Its parameters can have at most %(limit)s bytes.")
            raise RequestURITooLarge(message % {"limit": format_number(MAX_QUERY_BYTES)})
        if request.path.startswith("/api/"):
            read_choice(request.args, "lang", LANGUAGES)
        elif engine.current and request.environ[LANGUAGE] == (own := get_own_language(engine)):
            # The next build may have another language, so no browser may keep the redirect.
            return redirect(_make_path(own, own))
        return None

    def state_language(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.content_language.add(current().code)
        return response

    app.before_request(begin_request)
    if settings.rate:
        _make_limiter(settings.rate).init_app(app)
    app.before_request(check_request)
    app.after_request(state_language)


# The path of a request


def mount(app: WSGIApplication, settings: Settings) -> WSGIApplication:
    """Return the application wrapped for its path prefix and its trusted proxies."""

    def serve_below(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        scheme = environ["wsgi.url_scheme"].lower()
        # A proxy that passes on X-Forwarded-Proto lets a client choose it: links begin with it.
        environ["wsgi.url_scheme"] = scheme if scheme in {"http", "https"} else "http"
        use(load_interface(SOURCE))  # until the language of this request is known
        _split_path(environ, settings.prefix)
        return app(environ, start)

    count = settings.proxies  # with 0, ProxyFix uses none of the headers
    strips = count if settings.forwarded_prefix else 0
    inner = ProxyFix(serve_below, x_for=count, x_proto=count, x_host=count, x_prefix=strips)

    def serve_whole(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        # gunicorn copies SCRIPT_NAME from a header that any client can send.
        environ["PATH_INFO"] = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
        environ["SCRIPT_NAME"] = ""
        return inner(environ, start)

    return serve_whole


def _split_path(environ: WSGIEnvironment, prefix: str) -> None:
    """Move the prefix and the language from PATH_INFO to SCRIPT_NAME, and store ROOT and LANGUAGE.

    Store an error under MISPLACED if the prefix is another one. SCRIPT_NAME starts as the prefix
    that a trusted proxy has stripped already.
    """
    stripped, path = environ["SCRIPT_NAME"].rstrip("/"), environ["PATH_INFO"]
    if len(stripped) > MAX_PREFIX_CHARS or not re.fullmatch(PREFIX, stripped):
        stripped = ""
        message = gettext("The header X-Forwarded-Prefix must be a path such as /catalogue.")
        environ[MISPLACED] = BadRequest(message)
    elif f"{path}/".startswith(f"{prefix}/"):
        path = path.removeprefix(prefix)
    else:
        environ[MISPLACED] = NotFound()
    root = f"{stripped}{prefix}"
    code = path.split("/", 2)[1] if path.startswith("/") else ""
    language = code if code in LANGUAGES else ""
    script = f"{root}/{language}" if language else root
    environ |= {ROOT: root, LANGUAGE: language, "SCRIPT_NAME": script}
    environ["PATH_INFO"] = path[len(language) + 1 :] if language else path


def get_root() -> str:
    """Return the path prefix of the site, without a language."""
    return cast(str, request.environ.get(ROOT, ""))  # a worker renders its first page without it


# Its language


class LanguageLink(NamedTuple):
    """A link to a page in another language. `path` begins with the path prefix of the site.

    `offer` is a sentence in that language which offers the page. `is_own` says whether it is the
    catalogue's own language, whose pages have no code.
    """

    interface: Interface
    path: str
    offer: str
    is_own: bool


def get_own_language(engine: Engine) -> str:
    """Return the language of pages without a code: that of the catalogue, or English."""
    searcher = engine.current
    return find_language(searcher.catalogue.language if searcher else "")


def find_page_language(engine: Engine) -> str:
    """Return the BCP 47 tag of the page: with the variant of the catalogue, if it has one."""
    own, code = engine.current.catalogue.language if engine.current else "", current().code
    return own if own.partition("-")[0].lower() == code else code


def list_language_links(engine: Engine) -> list[LanguageLink]:
    """Return links to the current page in each language.

    There are none if its query string is too long for links.
    """
    own = get_own_language(engine)
    if len(request.query_string) > MAX_LINKED_QUERY:
        return []
    return [
        # Each translation names its own language in the offer.
        LanguageLink(
            each, _make_path(code, own), each.gettext("Read this page in English"), code == own
        )
        for code, each in ((code, load_interface(code)) for code in LANGUAGES)
    ]


def _make_path(code: str, own: str) -> str:
    """Return the path of the current page in a language, with its query string."""
    start = get_root() if code == own else f"{get_root()}/{code}"
    query = request.query_string.decode("ascii")
    path = f"{start}{quote(request.path, safe=_SAFE)}"
    return f"{path}?{query}" if query else path


# Its host and its client


def _fold_host(host: str) -> str:
    """Return the name or IP address of a host with or without a port, in one form.

    Raise UnicodeError if a name beyond ASCII is invalid.
    """
    name = _PORT.sub(r"\1", host).strip("[]").removesuffix(".").lower()
    if not name.isascii():
        name = ".".join(label.encode("idna").decode("ascii") for label in name.split("."))
    return str(_parse_address(name) or name)


def _is_named(hosts: list[str]) -> bool:
    """Return whether the host of the request is one of these. A leading dot includes subdomains."""
    host = _fold_host(request.host)
    return bool(host) and any(
        host == name.removeprefix(".") or (name.startswith(".") and host.endswith(name))
        for name in hosts
    )


def _check_loopback() -> None:
    """Raise UnknownHost if a server for this machine only is requested by a foreign name.

    A foreign page may resolve its own name to 127.0.0.1 (DNS rebinding). To the browser, all
    responses are then its own.
    """
    server = request.environ.get("SERVER_NAME", "")
    if _is_loopback(server) and not _has_loopback_name():
        raise UnknownHost(
            "Set PUBSEARCH_HOSTS to the names of the site. Without it, a server that listens on "
            f"{server} accepts only names of this machine, such as localhost."
        )


def _has_loopback_name() -> bool:
    """Return whether the host of the request is a name or an IP address of this machine."""
    name = _fold_host(request.host)
    return _is_loopback(name) or name == "localhost" or name.endswith(".localhost")


def is_local() -> bool:
    """Return whether the request comes from this machine, and not through a proxy.

    A request through a Unix socket has no IP address. It counts as local. One to a loopback address
    has a name of this machine, or else a foreign page may have sent it (DNS rebinding).
    """
    proxy_headers = {"HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_VIA"} & request.environ.keys()
    address = _parse_address(request.remote_addr)
    is_here = address.is_loopback and _has_loopback_name() if address else not request.remote_addr
    return is_here and not proxy_headers


def get_client() -> str:
    """Return the key of the rate limit: an IPv4 address, or the network of an IPv6 address.

    Behind a Unix socket there is no address.
    """
    address = _parse_address(request.remote_addr)
    if address is None:
        return request.remote_addr or ""
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, _NETWORK), strict=False))


def _is_loopback(text: str) -> bool:
    address = _parse_address(text)
    return address is not None and address.is_loopback


def _parse_address(text: str | None) -> IPAddress | None:
    """Return an IP address, or None for another text.

    A dual-stack server maps IPv4 addresses into IPv6. These are returned as IPv4.
    """
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _make_limiter(rate: str) -> Limiter:
    if find_spec("flask_limiter") is None:
        hint = f"{describe_installation('production')}. Or unset PUBSEARCH_RATE"
        raise SettingError(f"PUBSEARCH_RATE needs Flask-Limiter, which is not installed. {hint}")
    from flask_limiter import Limiter
    from limits import parse_many

    try:
        parse_many(rate)
    except ValueError as error:
        hint = "Use a number and a time, such as 120 per minute"
        raise SettingError(f"PUBSEARCH_RATE is {rate!r}, which is not a rate. {hint}") from error

    def refuse(limit: RequestLimit) -> NoReturn:
        """Refuse a request over the rate, with the seconds until the rate allows one."""
        raise TooManyRequests(retry_after=max(int(limit.reset_at - time()), 1))

    def is_unlimited() -> bool:
        return request.endpoint in UNLIMITED

    return Limiter(
        get_client,
        application_limits=[rate],
        storage_uri="memory://",
        on_breach=refuse,
        application_limits_exempt_when=is_unlimited,
    )
