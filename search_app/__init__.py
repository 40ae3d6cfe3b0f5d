"""The read side: search an index, and serve the results as web pages and JSON.

WSGI servers import `create_app` from here. It is loaded on first access, because the engine and
index builds do not need Flask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import indexer  # noqa: F401 - before NumPy, whose threads it limits

if TYPE_CHECKING:
    from search_app.web.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from search_app.web import app

    return app.create_app
