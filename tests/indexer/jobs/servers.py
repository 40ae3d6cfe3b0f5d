"""A web server on this machine whose paths behave well or badly."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

REDIRECTS = {
    "/moved": (301, "/fine"),
    "/moved-twice": (308, "/moved"),
    "/see": (302, "/fine"),
    "/see-then-moved": (302, "/moved"),
    "/moved-away": (301, "/gone"),
    "/loop": (302, "/loop-back"),
    "/loop-back": (302, "/loop"),
    "/to-file": (301, "file:///etc/passwd"),
    "/to-bytes": (301, "/caf\xc3\xa9"),
}
STATUSES = {"/missing": 404, "/gone": 410, "/forbidden": 403, "/busy": 429, "/broken": 503}


class Server(ThreadingHTTPServer):
    """Server that records the method, the path, the agent, and the time of each request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, str]] = []
        self.agents: set[str] = set()
        self.times: list[float] = []
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        """The scheme, host, and port."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that close their connection."""


class Handler(BaseHTTPRequestHandler):
    """The behavior of each path."""

    server: Server

    def do_HEAD(self) -> None:
        """Answer without a body."""
        if self._begin() and self.path == "/no-head":
            self._answer(405)
        elif self.path == "/head-closes":
            self.close_connection = True
        else:
            self._behave()

    def do_GET(self) -> None:
        """Answer, on one path with an endless body."""
        self._begin()
        self._behave()
        if self.path == "/endless":
            with suppress(OSError):
                while not self.server.ended.is_set():
                    self.wfile.write(bytes(65536))

    def _begin(self) -> bool:
        self.server.requests.append((self.command, self.path))
        self.server.agents.add(self.headers["User-Agent"])
        self.server.times.append(monotonic())
        return True

    def _behave(self) -> None:
        path = self.path
        if path == "/silent":
            self.server.ended.wait(60)
        elif path == "/closes":
            self.close_connection = True
        elif path == "/not-http":
            self.wfile.write(b"220 mail.example.org ready\r\n\r\n")
        elif path == "/long-head":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000)
        elif path == "/early":
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
        elif path in REDIRECTS:
            self._answer(*REDIRECTS[path])
        elif path.startswith("/chain/"):
            self._answer(302, f"/chain/{int(path[7:]) + 1}")
        else:
            is_refused = path == "/endless" and self.command == "HEAD"
            self._answer(501 if is_refused else STATUSES.get(path, 200))

    def _answer(self, code: int, location: str = "") -> None:
        self.send_response(code)
        if location:
            self.send_header("Location", location)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


@contextmanager
def serve() -> Iterator[Server]:
    """Yield a running server."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
