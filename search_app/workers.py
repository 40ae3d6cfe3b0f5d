"""Configuration of gunicorn: `gunicorn --config python:search_app.workers`.

The master opens the index and forks the workers, so that all of them share its memory. When
another generation becomes live, the master opens it and replaces the workers one by one. A
replaced worker ends after its last response. Options of gunicorn's command line override these
values.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import struct
import time
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, cast

from flask import Flask

from search_app.config import load
from search_app.engine import REFRESH_SECONDS, BudgetExceeded, Engine
from search_app.web.app import create_app, make_engine, set_process_up
from search_app.web.server import SEND_BUFFER_BYTES

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

wsgi_app = "search_app.workers:application()"
preload_app = True
threads = 8
"""Requests that a worker answers at the same time. Exports and those that wait for one occupy 6."""
limit_request_line = 8190
"""Maximum bytes of a request line, as in deploy/nginx.conf. Gunicorn's default of 4094 is too short
for a URL with 100 selected values."""
forwarder_headers = ""
"""No request header may set SCRIPT_NAME or PATH_INFO, not even from a trusted proxy."""
control_socket_disable = True

SEND_SECONDS = 30
"""Seconds after which a client is cut off if the system takes nothing of a response for it: see
`web.server`. A long response to it occupies a thread."""
START_SECONDS = 0.5
"""Seconds between the fork of a worker and the end of the one it replaces: the time to start."""


def application() -> Flask:
    """Return the application with the settings of the environment. Raise SettingError.

    The templates are compiled before the fork, so that the workers share them.
    """
    settings = load()
    engine = make_engine(settings)
    set_process_up(engine, settings)
    app = create_app(settings, engine)
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    return app


def when_ready(server: Arbiter) -> None:
    """Limit the time of sending, and start the thread that looks for new generations.

    Connections inherit both options from the socket on which the server listens.
    """
    for listener in server.LISTENERS:
        options = listener.sock.setsockopt
        options(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", SEND_SECONDS, 0))
        options(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    Thread(target=_watch_index, args=(server,), name="watch", daemon=True).start()


def pre_fork(server: Arbiter, _worker: Worker) -> None:
    """Open the live generation in the master unless it is in use, so that all workers share it.

    All objects are exempt from garbage collection. A collection writes to each object, so the
    worker would get its own copy of the memory pages.
    """
    _get_engine(server).refresh()
    gc.freeze()


def post_worker_init(worker: Worker) -> None:
    """Render a page before the first request, so that no request waits for lazy initialization."""
    app = worker.app.wsgi()
    if app.extensions["pubsearch"].current is not None:
        with app.test_request_context(), suppress(BudgetExceeded):
            app.view_functions["pages.search"]()


def worker_exit(_server: Arbiter, worker: Worker) -> None:
    """End a worker immediately after its last response.

    Otherwise Python first frees every object of the index, which copies the shared memory pages.
    """
    if worker.booted:
        os._exit(0)


def _get_engine(server: Arbiter) -> Engine:
    return cast(Engine, server.app.wsgi().extensions["pubsearch"])


def _watch_index(server: Arbiter) -> None:
    """Replace the workers whenever another generation becomes live.

    The main thread opens the generation because it also forks. If another thread opened it, a fork
    could copy a lock that nobody releases.
    """
    engine = _get_engine(server)
    while True:
        time.sleep(REFRESH_SECONDS)
        if engine.is_behind():
            _replace_workers(server)


def _replace_workers(server: Arbiter) -> None:
    """Signal the main thread to fork a worker and end the oldest one, once per worker."""
    count = server.num_workers
    for _ in range(count):
        newest = server.worker_age
        os.kill(os.getpid(), signal.SIGTTIN)
        while server.worker_age == newest:
            time.sleep(REFRESH_SECONDS / 20)
        time.sleep(START_SECONDS)
        if server.num_workers > count:  # a reload resets num_workers
            os.kill(os.getpid(), signal.SIGTTOU)
