"""The read side: a query becomes a page.

`state` reads the address into a value, `engine` answers it from the live generation of the
index, `page` joins both to what a template prints, `views` are the routes, and `errors` the
one place where something that went wrong becomes a status and a page. `application` joins
them, and `server` serves that. `cli` stands on top and knows both sides.

`create_app` is to be had from here, for servers; it is loaded when it is asked for, since the
engine and the building of an index do without the web.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from search_app.web.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from search_app.web import app

    return app.create_app
