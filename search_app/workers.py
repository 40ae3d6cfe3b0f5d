"""The configuration of gunicorn: `gunicorn --config python:search_app.workers`.

The master opens a generation of the index and forks the workers, so all share its memory. When
another generation is live, the master opens it and replaces the workers one by one. Each ends after
its last response. Options of gunicorn's command line override what is set here.
"""

from __future__ import annotations

import gc
import os
import signal
import time
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

from flask import Flask

from search_app.config import load
from search_app.engine import LOOKED, Engine, OverBudget
from search_app.web.app import create_app, engine_of, set_process_up

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

wsgi_app = "search_app.workers:application()"
preload_app = True
threads = 4
limit_request_line = 8190
"""Bytes of a request line, as in deploy/nginx.conf. Gunicorn's default of 4094 is too short for a
URL with a hundred selected values."""
forwarder_headers = ""
"""No header of a request sets SCRIPT_NAME or PATH_INFO, whoever sent it."""
control_socket_disable = True

STARTED = 0.5
"""Seconds from the fork of a worker to the end of the one that it replaces: it starts meanwhile."""


def application() -> Flask:
    """Return the application, with the settings of the environment. Raises SettingError."""
    settings = load()
    engine = engine_of(settings)
    set_process_up(engine, settings)
    app = create_app(settings, engine)
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    return app


def when_ready(server: Arbiter) -> None:
    """Look for new generations in the master from now on."""
    Thread(target=_watch, args=(server,), name="watch", daemon=True).start()


def pre_fork(server: Arbiter, _worker: Worker) -> None:
    """Open the live generation in the master, if it is not in use, so that all workers share it.

    All objects are exempt from garbage collection, which would copy the pages that they are on.
    """
    _engine(server).refresh()
    gc.freeze()


def post_worker_init(worker: Worker) -> None:
    """Make a page before the first request, so that no request waits for what is made once."""
    app = worker.app.wsgi()
    if app.extensions["pubsearch"].held is not None:
        with app.test_request_context(), suppress(OverBudget):
            app.view_functions["site.search"]()


def worker_exit(_server: Arbiter, worker: Worker) -> None:
    """End a worker at once after its last response.

    Python would free every object of the index first, and copy the pages that they are on.
    """
    if worker.booted:
        os._exit(0)


def _engine(server: Arbiter) -> Engine:
    engine = server.app.wsgi().extensions["pubsearch"]
    assert isinstance(engine, Engine)
    return engine


def _watch(server: Arbiter) -> None:
    """Replace the workers whenever another generation is live.

    The main thread opens the generation, as it also forks: a fork beside another thread that
    opens one could copy a lock that nobody releases.
    """
    engine = _engine(server)
    while True:
        time.sleep(LOOKED)
        if engine.is_behind():
            _replace(server)


def _replace(server: Arbiter) -> None:
    """Have the main thread fork a worker and end the oldest, once for each worker."""
    wanted = server.num_workers
    for _ in range(wanted):
        newest = server.worker_age
        os.kill(os.getpid(), signal.SIGTTIN)
        while server.worker_age == newest:
            time.sleep(LOOKED / 20)
        time.sleep(STARTED)
        if server.num_workers > wanted:  # a reload resets it
            os.kill(os.getpid(), signal.SIGTTOU)
