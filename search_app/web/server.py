"""The waitress server, for a site on one machine.

It adds to waitress a timeout for whole requests, protection against request smuggling, and a log of
the requests that it rejects.
"""

import logging
import signal
import socket
import sys
import time
from contextlib import suppress
from functools import partial

import waitress
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer
from waitress.task import ErrorTask, WSGITask

from search_app.config import SettingError, Settings
from search_app.engine import Engine
from search_app.web.app import create_app
from search_app.web.headers import HEADERS
from search_app.web.incoming import MAX_BODY_BYTES

log = logging.getLogger(__name__)

MAX_HEADER_BYTES = 1 << 16
"""Maximum bytes of a request line with its headers."""

MAX_SHUTDOWN_SECONDS = 30
"""Maximum time for which a server that ends waits for its open requests."""
SEND_BUFFER_BYTES = 1 << 17
"""Bytes of a response that the system buffers for one client. It takes more of a response after the
client has taken about a third."""
STREAM_BUFFER_BYTES = 1 << 20
"""Bytes of a streamed response that waitress buffers before it waits for the client. A response
in one piece is buffered whole."""
MIN_BYTES_PER_SECOND = 1000
"""Least rate at which a client takes a response, in bytes per second: an eighth of 64 kbit/s."""
WINDOWS = 2
"""Time over which the rate is measured, in multiples of the setting `idle`: 30 s by default. At 64
kbit/s the system may take nothing of a response for 20 s."""


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """A parser that closes the connection after a request with a body.

    A proxy and this server may disagree about where a body ends (request smuggling). The bytes
    after it are then not parsed as a request, so no client gets the response to another's request.

    `began` is the time at which the first bytes of the request arrived (time.monotonic).
    """

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self.began = time.monotonic()

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the request line and the headers. Raise ParsingError."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # waitress would close the connection and log a traceback
            raise ParsingError("The URL or a number is invalid") from error
        if self.chunked or self.content_length or "TRANSFER_ENCODING" in self.headers:
            self.headers["CONNECTION"] = "close"
        else:  # waitress would wait for a body
            self.expect_continue = False


class Task(WSGITask):  # type: ignore[misc]
    """A task whose application can cut off its client, as with gunicorn: see `web.exports`."""

    def get_environment(self) -> dict[str, object]:
        return {**super().get_environment(), "gunicorn.socket": self.channel.socket}


class RejectedRequestTask(ErrorTask):  # type: ignore[misc]
    """The response to a request that waitress rejects before the application sees it."""

    def execute(self) -> None:
        """Log the request and send the response, with the security headers."""
        error = self.request.error
        log_fields = {"address": self.channel.addr[0], "status": error.code}
        log.info("refused: %s", error.reason, extra={"log_fields": log_fields})
        self.response_headers.extend(HEADERS.items())
        super().execute()


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection with a timeout for each whole request, even if data keeps arriving slowly.

    A client that takes a response at less than MIN_BYTES_PER_SECOND is cut off. Otherwise, a long
    response to it would occupy a thread.
    """

    parser_class, task_class, error_task_class = Parser, Task, RejectedRequestTask

    def __init__(
        self, server: BaseWSGIServer, sock: socket.socket, *args: object, **kwargs: object
    ) -> None:
        # A system's own buffer grows to megabytes, which hides for minutes that nobody reads.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        super().__init__(server, sock, *args, **kwargs)
        self._sent_bytes, self._window_began = 0, time.monotonic()

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send data, and return how many bytes the system took."""
        sent: int = super().send(data, do_close=do_close)
        self._sent_bytes += sent
        return sent

    def writable(self) -> bool:
        """Return whether there is something to send. The server asks about once a second."""
        now, window = time.monotonic(), WINDOWS * self.adj.channel_timeout
        # While a response is made, waitress keeps its last bytes until there are more.
        is_waiting = self.total_outbufs_len >= (self.adj.send_bytes if self.requests else 1)
        if not is_waiting or self._sent_bytes >= MIN_BYTES_PER_SECOND * window:
            self._sent_bytes, self._window_began = 0, now
        elif now - self._window_began > window:
            log_fields = {"address": self.addr[0]}
            log.info("cut off: a client reads too slowly", extra={"log_fields": log_fields})
            with suppress(OSError):  # the server then closes it, as if the client had
                self.socket.shutdown(socket.SHUT_RDWR)
        if is_waiting:
            self.last_activity = time.time()  # the rate decides, not the timeout of silence
        return bool(super().writable())

    def received(self, data: bytes) -> bool:
        """Parse received data. Close the connection if its request is incomplete for too long."""
        is_received: bool = super().received(data)
        request = self.request
        if request and time.monotonic() - request.began > self.adj.channel_timeout:
            self.will_close = True
        return is_received


def make_server(settings: Settings, engine: Engine) -> BaseWSGIServer:
    """Return a server that is bound to its port. Raise SettingError if it cannot bind."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    sockets: dict[int, object] = {}
    try:
        server = waitress.create_server(
            create_app(settings, engine),
            map=sockets,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            ident=None,
            outbuf_high_watermark=STREAM_BUFFER_BYTES,
            connection_limit=settings.connections,
            channel_timeout=settings.idle,
            cleanup_interval=max(settings.idle // 2, 1),
            max_request_header_size=MAX_HEADER_BYTES,
            max_request_body_size=MAX_BODY_BYTES,
        )
    except (OSError, ValueError) as error:
        location = f"{settings.host}, port {settings.port}"
        reason = str(error).rstrip(".")
        raise SettingError(
            f"the server can't listen on {location}: {reason}. "
            "Choose another address or port with --host or --port"
        ) from error
    for dispatcher in sockets.values():  # a host name may have several IP addresses
        if isinstance(dispatcher, BaseWSGIServer):
            dispatcher.channel_class = Channel
            # Requests state it as SERVER_NAME: see `incoming`.
            dispatcher.server_name = dispatcher.socket.getsockname()[0]
    return server


def run(server: BaseWSGIServer) -> None:
    """Serve until SIGTERM or Ctrl-C. Requests in progress are completed first."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    # waitress waits 5 s, and Python can crash if it ends while a thread still computes.
    dispatcher = server.task_dispatcher
    dispatcher.shutdown = partial(dispatcher.shutdown, timeout=MAX_SHUTDOWN_SECONDS)
    server.run()
