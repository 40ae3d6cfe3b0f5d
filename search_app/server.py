"""A server of the application for one machine: waitress."""

from __future__ import annotations

import logging

import waitress

from search_app.application import create_app
from search_app.config import SettingError, Settings
from search_app.engine import Engine

CONNECTIONS, IDLE_SECONDS = 1000, 15
"""How many connections may be open at once, and how long one may say nothing: half-open ones
stop a server of waitress's defaults."""


def listening(settings: Settings, engine: Engine) -> waitress.server.BaseWSGIServer:
    """A server that holds its port; SettingError if it can't have it."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        return waitress.create_server(
            create_app(settings, engine), host=settings.host, port=settings.port,
            threads=settings.threads, ident=None, connection_limit=CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        where = f"{settings.host}, port {settings.port}"
        reason = str(error).rstrip(".")
        raise SettingError(
            f"the server can't listen on {where}: {reason}. Name another with --host or --port"
        ) from error
