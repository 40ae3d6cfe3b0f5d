"""Look up the publication of a URL: it may have another id by now, or be removed.

Every route with ids uses this module. Those with an id in their path redirect.
"""

from __future__ import annotations

from string import punctuation
from typing import NoReturn
from urllib.parse import quote

from flask import Response, abort, request, url_for

from indexer.catalogue.records import Publication
from indexer.catalogue.retired import Retired
from search_app.engine import Searcher
from search_app.i18n.translation import gettext
from search_app.search_state import SearchState
from search_app.web.errors import NotFound, PublicationRemoved


def get_publication(searcher: Searcher, identity: str) -> Publication:
    """Return the publication with an id.

    If it has another id now, end the request with a redirect to the URL of this route with that id,
    below the same prefix and with the same query string. The argument of the route must be named
    `identity`. Raise PublicationRemoved if it was removed, and NotFound if the id is
    unknown.
    """
    publication = searcher.get_publication(identity)
    if publication is not None:
        return publication
    retired = searcher.find_retired(identity)
    if retired is None:
        raise NotFound(
            gettext("There is no publication “%(id)s”.") % {"id": identity[:100]},
            gettext("It may have been removed or renamed. Search for its title."),
        )
    if retired.successor:
        _redirect(retired.successor)
    raise _make_removed(retired)


def look_up(searcher: Searcher, identity: str) -> Publication | Retired | None:
    """Return the publication that has an id or had it, the entry of a removed one, or None."""
    publication = searcher.get_publication(identity)
    if publication is not None:
        return publication
    retired = searcher.find_retired(identity)
    return searcher.get_publication(retired.successor) if retired and retired.successor else retired


def _redirect(identity: str) -> NoReturn:
    """End the request with a redirect. Browsers must ask again, as an id may come back."""
    location = url_for(str(request.endpoint), **{**(request.view_args or {}), "identity": identity})
    if request.query_string:
        location = f"{location}?{quote(request.query_string, safe=punctuation)}"
    abort(Response(status=301, headers={"Location": location, "Cache-Control": "no-cache"}))


def _make_removed(retired: Retired) -> PublicationRemoved:
    assert retired.time is not None  # only an id with a successor may lack it
    state = SearchState(text=retired.title, prefix=request.script_root)
    return PublicationRemoved(retired.title, retired.time, state.make_url())
