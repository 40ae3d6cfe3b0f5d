"""Access to the arrays of a searcher of a local index."""

from __future__ import annotations

from typing import cast

from search_app.engine import Searcher, SearchRequest
from search_app.engine.arrays.reply import ArrayReply
from search_app.engine.arrays.store import ArrayStore
from search_app.engine.interpretation.interpreter import retrieve
from search_app.engine.snapshot.snapshot import Snapshot


def snapshot_of(searcher: Searcher) -> Snapshot:
    """Return the snapshot that a searcher reads."""
    return cast(ArrayStore, searcher.store).snapshot


def reply_to(request: SearchRequest, searcher: Searcher) -> ArrayReply:
    """Return the reply of the store to a search."""
    return cast(ArrayReply, retrieve(request, searcher.interpreter).reply)
