"""The routes of the colors and the logo of a catalogue."""

from __future__ import annotations

from pathlib import PurePath

from flask import Blueprint, Response

from indexer.catalogue.appearance import LOGO_TYPES
from search_app.web.errors import page_not_found
from search_app.web.routes import get_searcher

_STYLE = """\
@media screen {{
  :root {{ --link: {light}; --bar: {light}; }}
}}

@media screen and (prefers-color-scheme: dark) {{
  :root {{ --link: {dark}; --bar: {dark}; }}
}}
"""

appearance = Blueprint("appearance", __name__)


@appearance.get("/theme.css")
def serve_theme() -> Response:
    """Return the colors of the catalogue. Raise NotFound if it has none."""
    accent = get_searcher().catalogue.accent
    if not accent:
        raise page_not_found()
    light, dark = accent
    return Response(_STYLE.format(light=light, dark=dark), content_type="text/css; charset=utf-8")


@appearance.get("/logo")
def serve_logo() -> Response:
    """Return the logo of the catalogue. Raise NotFound if it has none."""
    catalogue = get_searcher().catalogue
    if not catalogue.logo:
        raise page_not_found()
    return Response(catalogue.logo_image, content_type=LOGO_TYPES[PurePath(catalogue.logo).suffix])
