"""A server of the application for one machine: waitress."""

from __future__ import annotations

import logging
import signal
import time
from typing import Any

import waitress
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer
from waitress.task import ErrorTask

from search_app.config import SettingError, Settings
from search_app.engine import Engine
from search_app.web.app import create_app
from search_app.web.middleware.security_headers import HEADERS

log = logging.getLogger(__name__)

LONGEST_HEAD, LONGEST_BODY = 1 << 16, 1 << 12
"""How many bytes a request line with its headers may have, and a body, which nothing here reads."""


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """A request after whose body the connection ends, as nothing here has a body.

    Where a proxy takes another part of what it sends for the body than this server does, so the
    rest is no request, and nobody gets another's answer.
    """

    def parse_header(self, header_plus: bytes) -> None:
        """Reads the request line and the headers."""
        super().parse_header(header_plus)
        if self.chunked or self.content_length or "TRANSFER_ENCODING" in self.headers:
            self.headers["CONNECTION"] = "close"


class Refusal(ErrorTask):  # type: ignore[misc]
    """The answer to what the application never sees: logged, and with the headers of all others."""

    def execute(self) -> None:
        """Answers."""
        error = self.request.error
        told = {"address": self.channel.addr[0], "status": error.code}
        log.info("refused: %s", error.reason, extra={"told": told})
        self.response_headers.extend(HEADERS.items())
        super().execute()


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection on which a request must be whole in time, however lively it trickles in."""

    parser_class, error_task_class = Parser, Refusal
    since: float | None = None

    def received(self, data: bytes) -> bool:
        """Takes what came in; ends the connection if this request has taken too long."""
        goes_on: bool = super().received(data)
        now = time.monotonic()
        if self.request is None:
            self.since = None
        elif self.since is None:
            self.since = now
        elif now - self.since > self.server.adj.channel_timeout:
            self.will_close = True
        return goes_on


def listening(settings: Settings, engine: Engine) -> BaseWSGIServer:
    """A server that holds its port; SettingError if it can't have it."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    sockets: dict[int, object] = {}
    try:
        server = waitress.create_server(
            create_app(settings, engine), map=sockets, host=settings.host, port=settings.port,
            threads=settings.threads, ident=None, connection_limit=settings.connections,
            channel_timeout=settings.idle, cleanup_interval=max(settings.idle // 2, 1),
            max_request_header_size=LONGEST_HEAD, max_request_body_size=LONGEST_BODY,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        where = f"{settings.host}, port {settings.port}"
        reason = str(error).rstrip(".")
        raise SettingError(
            f"the server can't listen on {where}: {reason}. Name another with --host or --port"
        ) from error
    for each in sockets.values():  # a name may have two addresses
        if isinstance(each, BaseWSGIServer):
            each.channel_class = Channel
    return server


def run(server: BaseWSGIServer) -> None:
    """Serves until SIGTERM or Ctrl-C; requests that are being answered are answered first."""
    signal.signal(signal.SIGTERM, _ended)
    server.run()


def _ended(*_: Any) -> None:  # noqa: ANN401
    raise SystemExit
