"""Create the Flask application: the engine, what acts on every request, and the routes.

The order of registration matters: Flask runs after-request functions in reverse order.
"""

import ctypes
import gc
import logging
import sys
from contextlib import suppress

from flask import Flask

from indexer.generations.manifest import IndexUnusable
from search_app import config
from search_app.config import Settings
from search_app.engine import Engine, LoadOptions
from search_app.export.registry import FORMATS
from search_app.i18n.translation import format_number, format_range, join, join_long
from search_app.presentation.hits import find_title, format_facts, format_lines
from search_app.presentation.html import (
    CARET,
    html_gettext,
    html_join_facts,
    html_join_sentences,
    html_join_title,
    html_ngettext,
    html_pgettext,
    mark,
    safe,
)
from search_app.presentation.labels import make_hit_url, make_publication_url
from search_app.web import (
    api_routes,
    context,
    discovery,
    errors,
    exports,
    files,
    headers,
    incoming,
    monitoring,
    oai,
    pages,
)
from search_app.web.zero_result_log import ZeroResultLog

log = logging.getLogger(__name__)

MEGABYTE = 1 << 20
BLUEPRINTS = (pages.pages, api_routes.api, exports.exports, discovery.discovery, files.files)
SWITCH_INTERVAL = 0.0002
"""Seconds after which a running thread gives way to others. Python's default is 0.005."""


def create_app(settings: Settings | None = None, engine: Engine | None = None) -> Flask:
    """Return the application. Raise SettingError.

    Without settings, those of the environment apply. The process then only serves, so it is set up
    for that, and a thread looks for new generations of the index every second.

    The index is opened here, so that processes forked later share its memory. Without an index,
    the status is 503 until a build has published one.
    """
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # an id may be a URL, with two slashes in a row
    _set_up_templates(app)
    owns_process = settings is None
    settings = settings or config.load()
    engine = engine or make_engine(settings)
    if owns_process:
        set_process_up(engine, settings)
    try:
        engine.get_searcher()
    except (IndexUnusable, OSError) as error:
        log.warning("%s", error)
    if owns_process:
        engine.watch()
    metrics = monitoring.Metrics(engine)
    app.extensions |= {
        "pubsearch": engine,
        "pubsearch.exports": exports.ExportSlots(),
        "pubsearch.zero_result_log": ZeroResultLog(settings.zero_result_log),
        "pubsearch.metrics": metrics,
        "pubsearch.parts": context.cache_parts(),
    }
    app.config |= {"CORPUS": settings.corpus, "METRICS_OPEN": settings.metrics}
    app.config |= {"SITE_URL": settings.site_url, "OAI": settings.oai}
    monitoring.register(app, engine, metrics, settings)
    incoming.register(app, engine, settings)
    context.register(app)
    headers.register(app, engine, settings)
    discovery.register(app)
    files.register(app)
    errors.register(app)
    for blueprint in (*BLUEPRINTS, *([oai.oai] if settings.oai else [])):
        app.register_blueprint(blueprint)
    return app


def _set_up_templates(app: Flask) -> None:
    """Set up Jinja: its blocks leave no empty lines, and its messages are translated."""
    app.jinja_options = {
        "trim_blocks": True,
        "lstrip_blocks": True,
        "extensions": ["jinja2.ext.i18n"],
    }
    app.jinja_env.newstyle_gettext = True  # type: ignore[attr-defined]
    # Jinja's wrappers of gettext give the same HTML in three times the time.
    app.jinja_env.globals |= {"gettext": html_gettext, "ngettext": html_ngettext}
    app.jinja_env.globals["pgettext"] = html_pgettext
    app.jinja_env.globals |= {
        "caret": safe(CARET),
        "export_formats": tuple(FORMATS.values()),
        "find_title": find_title,
        "format_facts": format_facts,
        "format_lines": format_lines,
        "format_range": format_range,
        "hit_url": make_hit_url,
        "publication_url": make_publication_url,
    }
    app.jinja_env.filters |= {"number": format_number, "joined": join, "listed": join_long}
    app.jinja_env.filters |= {"as_facts": html_join_facts, "as_text": html_join_sentences}
    app.jinja_env.filters |= {"as_title": html_join_title, "marked": mark}
    # Jinja's own function also looks for items. No template needs that, and it takes longer.
    app.jinja_env.getattr = getattr  # type: ignore[method-assign, assignment]


def set_process_up(engine: Engine, settings: Settings) -> None:
    """Set up a process that only serves: logging, thread switching, and garbage collection.

    Threads switch often, so that none waits long. An open index is exempt from garbage collection,
    because traversing it takes longer than most searches.
    """
    monitoring.set_up_log(is_json=settings.log_json)
    sys.setswitchinterval(SWITCH_INTERVAL)
    engine.on_reload = _collect_garbage


def _collect_garbage() -> None:
    """Collect what is not exempt from garbage collection yet, and exempt the rest of it.

    The previous generation needs no collection: it is freed when no request uses it any more.
    `malloc_trim` returns freed memory to the system. The C library would keep a part of it.
    """
    gc.collect()
    gc.freeze()
    with suppress(AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


def make_engine(settings: Settings) -> Engine:
    """Return the engine for the settings, without opening the index. Raise SettingError."""
    # The other half of the budget is for the words alone, if the encoder takes too long.
    encoder = config.load_encoder(settings, seconds=settings.budget / 2000)
    options = LoadOptions(
        settings.memory * MEGABYTE, settings.patience, encoder, settings.work, prepared=True
    )
    return Engine(settings.index, options, settings.budget)
