"""The application: routes, errors and the engine that answers."""

from __future__ import annotations

import ctypes
import gc
import logging
import sys
from contextlib import suppress

from flask import Flask

from indexer.generations.manifest import IndexUnusable
from search_app import config
from search_app.config import Settings
from search_app.engine import Care, Engine
from search_app.web import errors, robots, routes
from search_app.web.middleware import (
    access,
    conditional_requests,
    request_log,
    security_headers,
    server_timing,
)
from search_app.web.middleware.metrics import Metrics
from search_app.web.zero_result_log import Gaps

log = logging.getLogger(__name__)

MEGABYTE = 1 << 20
SWITCHED = 0.0002
"""After so many seconds a thread lets others on."""


def create_app(settings: Settings | None = None, engine: Engine | None = None) -> Flask:
    """The application; without settings, with those of the environment.

    Without settings the process is set up too, as it does nothing else, and it looks for new
    generations of the index every second. The index is opened here, so that processes which a
    server forks afterwards share it. If there is none yet, the response is 503 until there is.
    Raises SettingError.
    """
    app = Flask(__name__)
    app.url_map.merge_slashes = False  # an id may hold two in a row, as addresses do
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    has_process = settings is None
    settings = settings or config.load()
    engine = engine or engine_of(settings)
    if has_process:
        set_process_up(engine, settings)
    _open(engine)
    if has_process:
        engine.watch()
    counted = Metrics(engine)
    app.extensions |= {
        "pubsearch": engine,
        "pubsearch.gaps": Gaps(settings.gaps),
        "pubsearch.metrics": counted,
    }
    app.config["METRICS_OPEN"] = settings.metrics
    server_timing.register(app)
    access.register(app, settings)
    request_log.register(app, has_queries=settings.log_queries)
    counted.register(app)
    security_headers.register(app, settings.hsts)
    routes.register(app)
    conditional_requests.register(app, engine, settings, routes.snapshot)
    robots.register(app)
    errors.register(app)
    return app


def set_process_up(engine: Engine, settings: Settings) -> None:
    """Has a process that only serves log as a server does, and no thread of it wait long.

    Threads take turns quickly, and Python's collector of cycles leaves an index alone that is
    open: to look through it takes longer than most searches.
    """
    request_log.set_up(is_json=settings.log_json)
    sys.setswitchinterval(SWITCHED)
    engine.settle = _settle


def _settle() -> None:
    """Free the former generation, and exempt what is left from garbage collection.

    The C library would keep a part of the freed memory for itself.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    with suppress(AttributeError):  # glibc alone has it
        ctypes.CDLL(None).malloc_trim(0)


def engine_of(settings: Settings) -> Engine:
    """The engine that settings ask for; nothing is opened yet."""
    care = Care(settings.memory * MEGABYTE, settings.patience)
    return Engine(settings.index, care, settings.budget)


def _open(engine: Engine) -> None:
    try:
        engine.snapshot()
    except (IndexUnusable, OSError) as error:
        log.warning("%s", error)
