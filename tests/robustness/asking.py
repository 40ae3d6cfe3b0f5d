"""Send raw WSGI requests to the application, and check that every response is well formed."""

import random
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec

from search_app.web.headers import HEADERS

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
ALLOWED = frozenset({200, 400, 404, 405, 414})
"""Statuses allowed for any request.

A test that runs two expensive searches at once also allows 503.
"""


class Answer(msgspec.Struct, frozen=True):
    """A response. Header names are in lower case."""

    method: str
    status: int
    headers: dict[str, str]
    content: bytes


def ask(
    application: Application,
    target: bytes,
    method: str = "GET",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Return the response to a request target of any bytes, passed on as PEP 3333 requires."""
    path, _, parameters = target.partition(b"?")
    told = {
        f"HTTP_{name.upper().replace('-', '_')}": text for name, text in (headers or {}).items()
    }
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": parameters.decode("latin-1"),
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(), "wsgi.multithread": True, "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **told,
    }  # fmt: skip
    begun: list[Any] = []
    pieces = application(environ, lambda *told: begun.extend(told[:2]))
    content = b"".join(pieces)
    if close := getattr(pieces, "close", None):
        close()
    status, told = begun
    return Answer(method, int(status[:3]), {name.lower(): text for name, text in told}, content)


def faults(answer: Answer) -> list[str]:
    """Return the defects of a response that are wrong for any request."""
    found = []
    if answer.status not in ALLOWED:
        found.append(f"the status is {answer.status}")
    if any(answer.headers.get(name.lower()) != text for name, text in HEADERS.items()):
        found.append("a header is missing")
    if "location" in answer.headers or "set-cookie" in answer.headers:
        found.append("it leads elsewhere, or leaves something behind")
    if any("\r" in text or "\n" in text for text in answer.headers.values()):
        found.append("a header has a line break")
    kind = answer.headers.get("content-type", "")
    if answer.method == "HEAD":
        return [*found, "a HEAD has content"] if answer.content else found
    if not kind.startswith("image/"):
        try:
            text = answer.content.decode()
        except UnicodeDecodeError:
            return [*found, "it is no UTF-8"]
        if kind.startswith("application/json"):
            msgspec.json.decode(text)
        elif kind.startswith("text/html") and not text.rstrip().endswith("</html>"):
            found.append("the page is not whole")
    return found


ROUTES = (
    b"/", b"/", b"/", b"/", b"/api/search", b"/api/search", b"/api/suggest", b"/facet/region",
    b"/facet/", b"/publication/", b"/api/publication/", b"/about", b"/healthz", b"/metrics",
    b"/static/", b"/api/openapi.json", b"/robots.txt", b"//", b"/nowhere",
)  # fmt: skip
NAMES = (
    b"q", b"q", b"q", b"region", b"country", b"year", b"year_from", b"year_to", b"language",
    b"section", b"sort", b"size", b"page", b"match", b"exact", b"fold", b"explain", b"semantic",
    b"inside",
    b"none", b"", b"q[]", b"__proto__",
)  # fmt: skip
WORDS = (
    "organ", "removal", "traffick*", "*", "-", "--", "NOT", "OR", "AND", "(", ")", '"', "“",
    "title:", "region:", "year:", "2010..2015", "..", "..2", "9999..1", "none", "Africa",
    "South Asia", "KE", "fr", "~", "~2", "law~", "*a*", "C++", "x-ray", "الاتجار", "贩运",
    "Мексика", "👩‍👩‍👧", "\x00", "\n", "\x7f", "\u202e", "\ufeff", "\ufffd", "'", "<script>",
    "&amp;", "%00", "\\", "/", "../", "{{7*7}}", "${7}", "' OR 1=1 --", "a" * 300,
    "\U0010ffff", "1", "0", "-1", "1e9", "١٢", "9" * 30, "newest", "relevance", "all",
    "any",
)  # fmt: skip


def drawn(drawer: random.Random) -> bytes:
    """Return a random target: a route, an optional suffix, and valid or broken parameters."""
    target = drawer.choice(ROUTES)
    if target.endswith(b"/") and drawer.random() < 0.6:
        target += _value(drawer)
    pairs = [drawer.choice(NAMES) + b"=" + _value(drawer) for _ in range(drawer.randrange(5))]
    if pairs:
        target += b"?" + drawer.choice((b"&", b"&", b"&", b"&&", b";")).join(pairs)
    if drawer.random() < 0.1:
        at = drawer.randrange(len(target))
        target = target[:at] + drawer.randbytes(drawer.randrange(1, 4)) + target[at:]
    return target


def _value(drawer: random.Random) -> bytes:
    kind = drawer.random()
    if kind < 0.1:
        return drawer.randbytes(drawer.randrange(30))
    words = [drawer.choice(WORDS) for _ in range(drawer.randrange(1, 6))]
    data = " ".join(words).encode("utf-8", "surrogatepass")
    if kind < 0.2:  # flip one bit, so that the text is nearly valid
        at = drawer.randrange(len(data))
        data = data[:at] + bytes([data[at] ^ (1 << drawer.randrange(8))]) + data[at + 1 :]
    return quote_from_bytes(data).encode() if kind < 0.9 else data.replace(b" ", b"+")
