"""Access control: check the host, the path prefix, the length of the query string, and the rate.

Every request gets an id. Its response, its log lines, and its error page contain this id.
"""

from __future__ import annotations

import ipaddress
import re
from importlib.util import find_spec
from secrets import token_hex
from time import perf_counter, time
from typing import TYPE_CHECKING, Any, NoReturn, cast

import flask
from flask import Flask, g, request
from werkzeug.exceptions import BadRequest, RequestURITooLarge, TooManyRequests
from werkzeug.http import parse_range_header

from indexer.extras import describe_installation
from search_app.config import SettingError, Settings
from search_app.i18n.translation import format_number, gettext
from search_app.web.middleware.path_prefix import MISPLACED, mount

if TYPE_CHECKING:
    from flask_limiter import Limiter, RequestLimit

MAX_QUERY_BYTES = 1 << 16
"""Maximum bytes of a query string."""
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_HOST = re.compile(
    r"(?=.{0,260}\Z)(?:[\w-]{1,63}(?:\.[\w-]{1,63})*\.?|\[[0-9A-F:.]+\])(?::[0-9]{0,5})?",
    re.ASCII | re.IGNORECASE,
)
"""A host and its port. Longer or empty labels have no IDNA form, so Flask can build no link."""
_NO_HOST = "host.invalid"
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_NETWORK = 64
"""Leading bits of an IPv6 address that identify one customer of a network."""
MONITORED = frozenset({"site.health", "site.metrics"})
"""Routes for monitoring. Their requests need neither the name of the site nor its prefix."""
_PORT = re.compile(r"\A([^:]*|\[.*\]):[0-9]*\Z")
UNLIMITED = MONITORED | {"static"}
"""Routes that the rate limit does not count: monitoring, and the static files of pages."""


class UnknownHost(BadRequest):
    """A request for a name that the site does not have. `remedy` is what its operator can do."""

    remedy = ""

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
        self.has_bad_host = not _HOST.fullmatch(environ.get("HTTP_HOST") or _NO_HOST)
        if self.has_bad_host:
            environ = {**environ, "HTTP_HOST": _NO_HOST}
        elif environ.get("HTTP_HOST", "").endswith(":"):
            # An empty port is the usual one (RFC 3986, 3.2.3). Werkzeug would reject it.
            environ = {**environ, "HTTP_HOST": environ["HTTP_HOST"][:-1]}
        super().__init__(environ, *args, **kwargs)
        self.query_string = _BEYOND_ASCII.sub(
            lambda byte: b"%%%02X" % ord(byte[0]), self.query_string
        )


def register(app: Flask, settings: Settings) -> None:
    """Add the checks. Raise SettingError if the rate is invalid or its package is not installed."""
    app.request_class = Request
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    hosts = _read_hosts(settings.hosts)
    app.wsgi_app = mount(app.wsgi_app, settings)  # type: ignore[assignment, method-assign]

    def begin_request() -> None:
        g.began = cast(Request, request).arrived_at
        sent_id = request.headers.get("X-Request-ID", "") if settings.proxies else ""
        g.request_id = sent_id if _ID.fullmatch(sent_id) else token_hex(8)

    def check_request() -> None:
        if cast(Request, request).has_bad_host:
            raise BadRequest(
                gettext("The Host header is not a host name. Send the name of this site.")
            )
        if hosts and request.endpoint not in MONITORED and not _is_named(hosts):
            raise UnknownHost
        if not hosts and not settings.proxies:
            _check_loopback()
        if (misplaced := request.environ.get(MISPLACED)) and request.endpoint not in MONITORED:
            raise misplaced
        if len(request.query_string) > MAX_QUERY_BYTES:
            message = gettext("Its parameters can have at most %(limit)s bytes.")
            raise RequestURITooLarge(message % {"limit": format_number(MAX_QUERY_BYTES)})

    app.before_request(begin_request)
    if settings.rate:
        _make_limiter(settings.rate).init_app(app)
    app.before_request(check_request)


def _read_hosts(setting: str) -> list[str]:
    """Return the names in the setting `hosts`. Raise SettingError if one can't be a host name."""
    try:
        return [_fold_host(name) for stated in setting.split(",") if (name := stated.strip())]
    except UnicodeError as error:
        raise SettingError(f"PUBSEARCH_HOSTS has a name that no host can have: {error}") from error


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
    address = _get_address()
    is_here = address.is_loopback and _has_loopback_name() if address else not request.remote_addr
    return is_here and not proxy_headers


def get_client() -> str:
    """Return the key of the rate limit: an IPv4 address, or the network of an IPv6 address."""
    address = _get_address()
    if address is None:
        return request.remote_addr or ""
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, _NETWORK), strict=False))


def _get_address() -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address of the client, or None if it has none, as behind a Unix socket."""
    return _parse_address(request.remote_addr or "")


def _is_loopback(text: str) -> bool:
    address = _parse_address(text)
    return address is not None and address.is_loopback


def _parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an IP address, or None for another text.

    A dual-stack server maps IPv4 addresses into IPv6. These are returned as IPv4.
    """
    try:
        address = ipaddress.ip_address(text)
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
    return Limiter(
        get_client, application_limits=[rate], storage_uri="memory://", on_breach=_refuse,
        application_limits_exempt_when=lambda: request.endpoint in UNLIMITED,
    )  # fmt: skip


def _refuse(limit: RequestLimit) -> NoReturn:
    """Refuse a request over the rate, with the seconds until the rate allows one."""
    raise TooManyRequests(retry_after=max(int(limit.reset_at - time()), 1))
