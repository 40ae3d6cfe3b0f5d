"""Long responses: limits on how many run at the same time, and on the time of each.

Each occupies a thread of the server for as long as its client reads, or for as long as citations
are made. A client that reads too slowly is cut off by the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import ExitStack, contextmanager
from threading import Condition
from time import monotonic
from typing import cast

from flask import Response, current_app

from indexer.catalogue.records import Publication
from search_app.search_state import SearchState
from search_app.web.errors import TooManyExports
from search_app.web.middleware.access import get_client
from search_app.web.routes import get_engine, get_searcher

MAX_EXPORTS = 2
"""Maximum number of exports that run in a process at the same time."""
PATIENCE = 1.0
"""Seconds to wait for another export to end. A client may have read all of an export, and ask for
the next one, before the server has noticed that it ended."""
MAX_WAITING = 2
"""Maximum number of requests that wait for an export to end. Each occupies a thread."""
MAX_SECONDS = 600
"""Maximum time of an export in seconds. The rest is not sent, and the client sees an error."""
BLOCK_BYTES = 1 << 16
"""Bytes that are sent at once. Sending each record alone takes several times longer."""


class ExportSlots:
    """The exports that run in a process: MAX_EXPORTS together, and one that each client reads."""

    def __init__(self) -> None:
        self._running, self._waiting, self._readers = 0, 0, set[str]()
        self._changed = Condition()

    @contextmanager
    def occupy(self, readers: Set[str] = frozenset()) -> Iterator[None]:
        """Occupy a slot until the context ends, and the only one of its readers.

        Raise TooManyExports if there is none within PATIENCE seconds, or too many requests wait.
        """
        with self._changed:
            if not self._has_slot(readers) and not self._wait_for_slot(readers):
                raise TooManyExports
            self._running += 1
            self._readers |= readers
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._readers -= readers
                self._changed.notify_all()

    def _wait_for_slot(self, readers: Set[str]) -> bool:
        if self._waiting >= MAX_WAITING:
            return False
        self._waiting += 1
        try:
            return self._changed.wait_for(lambda: self._has_slot(readers), PATIENCE)
        finally:
            self._waiting -= 1

    def _has_slot(self, readers: Set[str]) -> bool:
        return self._running < MAX_EXPORTS and self._readers.isdisjoint(readers)


def get_slots() -> ExportSlots:
    """Return the slots of the current application."""
    return cast(ExportSlots, current_app.extensions["pubsearch.exports"])


@contextmanager
def scan_hits(state: SearchState) -> Iterator[Iterator[Publication]]:
    """Yield all hits of a search, as an export to the current client.

    Raise TooManyExports, BudgetExceeded or TooBusy.
    """
    with get_slots().occupy({get_client()}):
        yield get_engine().scan(state.make_request(), get_searcher())


def stream_hits(
    state: SearchState, write: Callable[[Iterator[Publication]], Iterable[bytes]]
) -> Response:
    """Return a response with all hits of a search, as `write` makes them.

    The search is complete before the response begins, so that its errors have a status. The export
    ends after its last block, or when the client goes away. Raise the errors of `scan_hits`.
    """
    with ExitStack() as stack:
        parts = write(stack.enter_context(scan_hits(state)))
        export = stack.pop_all()
    response = Response(_join_blocks(parts, export))
    response.call_on_close(export.close)
    return response


def _join_blocks(parts: Iterable[bytes], export: ExitStack) -> Iterator[bytes]:
    """Yield parts as blocks of BLOCK_BYTES. Raise TimeoutError after MAX_SECONDS."""
    end = monotonic() + MAX_SECONDS
    block = bytearray()
    with export:
        for part in parts:
            block += part
            if len(block) >= BLOCK_BYTES:
                yield bytes(block)
                block.clear()
                if monotonic() > end:
                    raise TimeoutError(f"an export took more than {MAX_SECONDS} s")
    yield bytes(block)
