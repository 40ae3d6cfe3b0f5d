"""The server stays available whatever some clients do, and shuts down gracefully."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from search_app.web.headers import HEADERS
from tests.conftest import ROOT
from tests.waiting import until

IDLE, LONG = 2, 120
"""Seconds until a server closes an idle connection, and seconds that any step may take."""


def free_port() -> int:
    """Return a port that is reserved until the tests end. A server can bind it."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind(("127.0.0.1", 0))
    atexit.register(found.close)
    return int(found.getsockname()[1])


@contextmanager
def serving(index: Path, **settings: object) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    told = {f"PUBSEARCH_{name.upper()}": str(value) for name, value in settings.items()}
    program = str(Path(sys.executable).with_name("pubsearch"))
    command = [program, "serve", "--no-build", "--index", str(index)]
    with (index.parent / f"log-{port}").open("wb") as log:  # an unread pipe would block the server
        process = subprocess.Popen(
            [*command, "--port", str(port)], cwd=ROOT, env={**os.environ, **told},
            stdout=subprocess.DEVNULL, stderr=log,
        )  # fmt: skip
    try:
        until_it_answers(port)
        yield process, port
    finally:
        process.kill()
        process.wait()


def until_it_answers(port: int) -> None:
    """Wait until a server answers."""

    def answers() -> bool:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=LONG):
            return True
        return False

    until(answers, LONG)


def connected(port: int, data: bytes = b"") -> socket.socket:
    """Return a connection on which `data` was sent."""
    found = socket.create_connection(("127.0.0.1", port), timeout=LONG)
    found.sendall(data)
    return found


def answered(port: int, data: bytes) -> bytes:
    """Return all bytes that a server sends until it closes the connection.

    If the server stops reading, the response may be lost together with unsent data.
    """
    found = b""
    with suppress(ConnectionError), connected(port, data) as asking:
        while piece := asking.recv(1 << 16):
            found += piece
    return found


@pytest.fixture(scope="module")
def port(catalogue_index: Path) -> Iterator[int]:
    with serving(catalogue_index, idle=LONG) as (_, found):
        yield found


@pytest.mark.slow
def test_idle_connections_do_not_block_others(port: int) -> None:
    """With 300 idle or half-open connections, other requests get responses."""
    with ExitStack() as stack:
        for number in range(300):
            stack.enter_context(connected(port, b"GET / HT" if number % 2 else b""))
        for _ in range(10):
            with urlopen(f"http://127.0.0.1:{port}/?q=organ", timeout=LONG) as answer:
                assert answer.status == 200


@pytest.mark.slow
def test_idle_and_slow_clients_are_disconnected(catalogue_index: Path) -> None:
    with ExitStack() as stack:
        _, port = stack.enter_context(serving(catalogue_index, idle=IDLE))
        silent = stack.enter_context(connected(port))
        trickling = stack.enter_context(connected(port, b"GET / HTTP/1.1\r\n"))
        end = time.monotonic() + LONG
        trickling.settimeout(0.2)
        cut = False
        while not cut:
            assert time.monotonic() < end, "the slow client is still connected"
            try:
                trickling.sendall(b"X")
                cut = trickling.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                cut = True
        silent.settimeout(LONG)
        assert silent.recv(1) == b""


CLOSING = b"Host: localhost\r\nConnection: close\r\n\r\n"
"""The last headers of a request, after whose response the connection is closed."""
REFUSED = {
    "no request": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
    "a broken line": (b"GET\r\n\r\n", b"400"),
    "bytes as they are": (b"GET /?q=\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
    "a header without a name": (b"GET / HTTP/1.1\r\n: x\r\n\r\n", b"400"),
    "a folded NUL": (b"GET / HTTP/1.1\r\nA: \x00\r\n\r\n", b"400"),
    "two lengths": (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
    "a length of many digits": (
        b"GET / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", b"400",
    ),
    "half an IPv6 address": (b"GET http://[x HTTP/1.1\r\n" + CLOSING, b"400"),
    "a length and chunks": (
        b"GET / HTTP/1.1\r\nTransfer-Encoding: x\r\nContent-Length: 3\r\n\r\nabc", b"501",
    ),
    "a head without end": (b"GET / HTTP/1.1\r\nA: " + b"x" * (1 << 17) + b"\r\n\r\n", b"431"),
    "a large body": (
        b"POST / HTTP/1.1\r\nContent-Length: 99999\r\n" + CLOSING + b"x" * 99999, b"413",
    ),
    "an address without end": (b"GET /?q=" + b"x" * (1 << 17) + b" HTTP/1.1\r\n\r\n", b"431"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "status"), REFUSED.values(), ids=REFUSED)
def test_an_invalid_request_is_refused(port: int, data: bytes, status: bytes) -> None:
    found = answered(port, data)
    assert found.split(b" ", 2)[1] == status if found else len(data) > 1 << 16
    assert b"Traceback" not in found
    head = found.partition(b"\r\n\r\n")[0].decode()
    assert not found or all(f"{name}: {text}" in head for name, text in HEADERS.items())


def test_a_request_without_a_body_is_answered_at_once(port: int) -> None:
    """The server waits for no body, even if the client waits for its permission to send one."""
    found = answered(port, b"GET /healthz HTTP/1.1\r\nExpect: 100-continue\r\n" + CLOSING)
    assert found.startswith(b"HTTP/1.1 200 OK\r\n")


BODIES = {
    "a length": (b"Content-Length: 5", b"hello"),
    "chunks": (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"),
    "chunks, a length beside": (
        b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"0\r\n\r\n",
    ),
    "chunks twice": (b"Transfer-Encoding: chunked, chunked", b"0\r\n\r\n"),
}  # fmt: skip


@pytest.mark.parametrize(("header", "body"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("version", [b"HTTP/1.1", b"HTTP/1.0\r\nConnection: keep-alive"])
def test_a_body_does_not_hide_a_second_request(
    port: int, header: bytes, body: bytes, version: bytes
) -> None:
    """Bytes after a body are never read as a second request (request smuggling)."""
    first = b"GET /healthz " + version + b"\r\nHost: localhost\r\n" + header + b"\r\n\r\n" + body
    found = answered(port, first + b"GET /about HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert found.count(b"HTTP/1.") == 1
    assert b"\r\nConnection: close\r\n" in found


def test_refused_requests_are_logged(catalogue_index: Path) -> None:
    with serving(catalogue_index) as (_, port):
        answered(port, b"GET /?q=kidney\xff HTTP/1.1\r\nHost: localhost\r\n\r\n")
        text = (catalogue_index.parent / f"log-{port}").read_text(encoding="ascii")
    (line,) = [each for each in map(json.loads, text.splitlines()) if "refused" in each["message"]]
    assert (line["address"], line["status"]) == ("127.0.0.1", 400)
    assert "kidney" not in text


def test_headers_with_underscores_are_ignored(catalogue_index: Path) -> None:
    """A header with an underscore does not count as the one with a hyphen.

    An encoded line break does not start a new header.
    """
    target, rest = b"/%0d%0aSet-Cookie:%20a", CLOSING
    with serving(catalogue_index, proxies=1) as (_, port):
        dashed, underscored = (
            answered(port, b"GET " + target + b" HTTP/1.1\r\n" + name + b": mine\r\n" + rest)
            for name in (b"X-Request-ID", b"X_Request_ID")
        )
    assert b"x-request-id: mine" in dashed.lower()
    assert b"mine" not in underscored
    assert b"\nset-cookie" not in dashed.lower()


ODD = {
    "NUL": (b"/?q=%00organ", b"200"),
    "a surrogate": (b"/?q=%ed%a0%80", b"200"),
    "half a character": (b"/?q=%c3", b"200"),
    "a percent sign alone": (b"/?q=%", b"200"),
    "no hexadecimal": (b"/?q=%zz&page=%zz", b"400"),
    "nothing but ampersands": (b"/?&&&=&=&", b"200"),
    "a page beyond all": (b"/?page=" + b"9" * 500, b"200"),
    "a page below all": (b"/?page=-1", b"400"),
    "two pages": (b"/?page=1&page=x", b"200"),
    "out of the folder": (b"/static/../../setup.cfg", b"404"),
    "out of the folder, encoded": (b"/static/%2e%2e%2f%2e%2e%2fsetup.cfg", b"404"),
    "a whole address": (b"http://evil.example/about", b"200"),
    "two slashes": (b"//evil.example/", b"404"),
    "a backslash": (b"/%5cevil.example", b"404"),
}


@pytest.mark.parametrize(("path", "status"), ODD.values(), ids=ODD)
def test_odd_urls_get_a_response(port: int, path: bytes, status: bytes) -> None:
    found = answered(
        port, b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    assert found.split(b" ", 2)[1] == status
    head, _, content = found.partition(b"\r\n\r\n")
    assert b"location:" not in head.lower()
    assert b"http://evil.example" not in content


def descriptors(process: subprocess.Popen[bytes]) -> int:
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


@pytest.mark.slow
def test_a_server_finishes_responses_before_it_ends(catalogue_index: Path) -> None:
    with serving(catalogue_index) as (process, port):
        before = descriptors(process)
        asking = [
            connected(
                port, b"GET /?q=%2Aa%2A HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            )
            for _ in range(2)
        ]

        def is_begun() -> bool:
            all_answered = select.select(asking, [], [], 0)[0] == asking
            return all_answered or descriptors(process) >= before + len(asking)

        until(is_begun, LONG)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONG) == 0
        for each in asking:
            with each:
                found = b""
                with suppress(ConnectionError):  # the server had not read the request yet
                    found = each.recv(1 << 20)
                assert found == b"" or found.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503"))
        log = (catalogue_index.parent / f"log-{port}").read_text(encoding="ascii")
        lines = [json.loads(each) for each in log.splitlines()]
        assert not [each for each in lines if each["level"] == "error"]
