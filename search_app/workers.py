"""The configuration of gunicorn: `gunicorn --config python:search_app.workers`.

The master opens a generation of the index and forks the workers, so all share its memory. When
another generation is live, the master opens it, forks new workers, and ends the old ones after
their last response. Options of gunicorn's command line override what is set here.
"""

from __future__ import annotations

import gc
import os
import signal
import time
from threading import Event, Thread
from typing import TYPE_CHECKING

from flask import Flask

from search_app.application import create_app, engine_of, set_process_up
from search_app.config import load
from search_app.engine import LOOKED, Engine

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

wsgi_app = "search_app.workers:application()"
preload_app = True
threads = 4
limit_request_line = 8190
"""Bytes of a request line, as in deploy/nginx.conf. Gunicorn's default of 4094 is too short for a
URL with a hundred selected values."""
forwarder_headers = ""
"""No header of a request sets SCRIPT_NAME or PATH_INFO, whoever sent it."""
control_socket_disable = True

_RELOADED = Event()


def application() -> Flask:
    """Return the application, with the settings of the environment. Raises SettingError.

    Templates are compiled here, once for all workers.
    """
    settings = load()
    engine = engine_of(settings)
    set_process_up(engine, settings)
    app = create_app(settings, engine)
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    return app


def when_ready(server: Arbiter) -> None:
    """Look for new generations in the master from now on."""
    Thread(target=_watch, args=(_engine(server),), name="watch", daemon=True).start()


def on_reload(server: Arbiter) -> None:
    """Open the live generation in the master, before gunicorn replaces its workers."""
    _engine(server).refresh()
    _RELOADED.set()


def pre_fork(_server: Arbiter, _worker: object) -> None:
    """Exempt all objects from garbage collection, which would copy the pages that they are on."""
    gc.freeze()


def _engine(server: Arbiter) -> Engine:
    engine = server.app.wsgi().extensions["pubsearch"]
    assert isinstance(engine, Engine)
    return engine


def _watch(engine: Engine) -> None:
    """Send the master a SIGHUP when another generation is live, then wait for the reload.

    The main thread opens the generation, as it also forks: a fork beside another thread that
    opens one could copy a lock that nobody releases.
    """
    while True:
        time.sleep(LOOKED)
        if engine.is_behind():
            _RELOADED.clear()
            os.kill(os.getpid(), signal.SIGHUP)
            _RELOADED.wait()
