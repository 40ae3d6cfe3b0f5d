"""Long responses: a limit on how many run at the same time, and on the time of each.

Each occupies a thread of the server for as long as its client reads, or for as long as citations
are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from time import monotonic
from typing import cast

from flask import current_app

from indexer.catalogue.records import Publication
from search_app.search_state import SearchState
from search_app.web.errors import TooManyExports
from search_app.web.routes import get_engine, get_searcher

MAX_EXPORTS = 2
"""Maximum number of exports that run in a process at the same time."""
PATIENCE = 1.0
"""Seconds to wait for another export to end. A client may have read all of an export, and ask for
the next one, before the server has noticed that it ended."""
MAX_SECONDS = 600
"""Maximum time of an export in seconds. The rest is not sent, and the client sees an error."""
BLOCK_BYTES = 1 << 16
"""Bytes that are sent at once. Sending each record alone takes several times longer."""


@contextmanager
def admit_export() -> Iterator[None]:
    """Count as a running export until the context ends. Raise TooManyExports."""
    running = cast(BoundedSemaphore, current_app.extensions["pubsearch.exports"])
    if not running.acquire(timeout=PATIENCE):
        raise TooManyExports
    try:
        yield
    finally:
        running.release()


@contextmanager
def scan_hits(state: SearchState) -> Iterator[Iterator[Publication]]:
    """Yield all hits of a search, as an export. Raise TooManyExports, BudgetExceeded or TooBusy."""
    with admit_export():
        yield get_engine().scan(state.make_request(), get_searcher())


def join_blocks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield parts as blocks of BLOCK_BYTES. Raise TimeoutError after MAX_SECONDS."""
    end = monotonic() + MAX_SECONDS
    block = bytearray()
    for part in parts:
        block += part
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
            if monotonic() > end:
                raise TimeoutError(f"an export took more than {MAX_SECONDS} s")
    yield bytes(block)
