"""The application: routes, errors and the engine that answers."""

from __future__ import annotations

import logging
from pathlib import Path

from flask import Flask

from indexer.manifest import IndexUnusable
from search_app import config, errors, robots, views
from search_app.config import Settings
from search_app.engine import Engine
from search_app.gaps import Gaps

log = logging.getLogger(__name__)


def create_app(settings: Settings | None = None, engine: Engine | None = None) -> Flask:
    """The application; without settings, with those of the environment.

    The index is opened here, so that processes which a server forks afterwards share it. It
    need not be there yet: until it is, the answer is 503. Raises SettingError.
    """
    app = Flask(__name__)
    app.url_map.merge_slashes = False  # an id may hold two in a row, as addresses do
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    settings = settings or config.load()
    app.extensions["pubsearch"] = engine or _engine(settings.index)
    app.extensions["pubsearch.gaps"] = Gaps(settings.gaps)
    views.register(app)
    robots.register(app)
    errors.register(app)
    return app


def _engine(index: Path) -> Engine:
    engine = Engine(index)
    try:
        engine.snapshot()
    except (IndexUnusable, OSError) as error:
        log.warning("%s", error)
    return engine
