"""A server of the application for one machine: waitress."""

from __future__ import annotations

import logging
import signal
import time
from typing import Any

import waitress
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from search_app.application import create_app
from search_app.config import SettingError, Settings
from search_app.engine import Engine

LONGEST_HEAD, LONGEST_BODY = 1 << 16, 1 << 12
"""How many bytes a request line with its headers may have, and a body, which nothing here reads."""


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection on which a request must be whole in time, however lively it trickles in."""

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
