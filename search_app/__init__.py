"""The read side: a query becomes a page.

`state` reads the address into a value, `engine` answers it from the live generation of the
index, `page` joins both to what a template prints, `views` are the routes, and `errors` the
one place where something that went wrong becomes a status and a page. `cli` stands on top
and knows both sides.
"""

from __future__ import annotations

from flask import Flask

from search_app import errors, views
from search_app.config import Settings
from search_app.engine import Engine


def create_app(settings: Settings, engine: Engine | None = None) -> Flask:
    """The application, on an index that need not be there yet: until it is, it answers 503."""
    app = Flask(__name__)
    app.url_map.merge_slashes = False  # an id may hold two in a row, as addresses do
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.extensions["pubsearch"] = engine or Engine(settings.index)
    views.register(app)
    errors.register(app)
    return app
