"""The engine: it answers a `SearchRequest` with `Results`, and knows nothing of HTTP.

The way of a query: `parse` makes a tree of what was typed, `match` finds the publications,
`score` weighs them, `facets` counts them, `passages` shows where the words stand; `search`
goes this way from end to end.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread

from indexer import generations, manifest
from search_app.engine import concepts, meaning, spelling
from search_app.engine import suggest as suggesting
from search_app.engine.request import SearchRequest
from search_app.engine.results import Results
from search_app.engine.search import Answer, find, results
from search_app.engine.snapshot import Snapshot
from search_app.engine.suggest import Filters, Suggestion

log = logging.getLogger(__name__)

WAITED = 0.5
"""How many seconds a request that sees a new generation waits for it, before it is answered
from the one held."""


class Engine:
    """Answers searches from the live generation of an index, and takes up the next.

    Whoever asks keeps the snapshot that the question began with, so that an answer is never
    mixed from two generations. The next generation is checked, opened and warmed in a thread
    of its own; meanwhile, and if it can't be opened, the one held goes on answering. A
    generation that can't be opened is told once. Safe to share between threads, and to fork
    while no generation is being taken up.

    `held` is the snapshot in use, if there is one; `failed` the name of a live generation
    that could not be taken up, empty where the index is gone.
    """

    def __init__(self, index: Path) -> None:
        self._index = index
        self._lock = Lock()
        self._taking: tuple[str, Thread] | None = None
        self.held: Snapshot | None = None
        self.failed: str | None = None

    def snapshot(self) -> Snapshot:
        """The live generation. Raises IndexMissing or IndexOutdated if none can be had."""
        held = self.held
        if held is None:
            with self._lock:
                if self.held is None:
                    self.held = self._opened(generations.current_name(self._index))
                    prepare(self.held)
                return self.held
        live = self._live_name()
        if live == held.name:
            self.failed = None
        elif live != self.failed:
            self._taken_up(live).join(WAITED)
        return self.held or held

    def _live_name(self) -> str:
        with suppress(manifest.IndexUnusable, OSError):
            return generations.current_name(self._index)
        return ""

    def _taken_up(self, name: str) -> Thread:
        """The thread that takes a generation up, begun if there is none at it."""
        with self._lock:
            if self._taking is None or self._taking[0] != name or not self._taking[1].is_alive():
                thread = Thread(target=self._take_up, args=(name,), daemon=True)
                self._taking = (name, thread)
                thread.start()
            return self._taking[1]

    def _take_up(self, name: str) -> None:
        assert self.held is not None
        if self.held.name == name:
            return
        try:
            self.held, self.failed = self._opened(name), None
            prepare(self.held)
        except (manifest.IndexUnusable, OSError) as error:
            self.failed = name
            log.error("%s stays in use: %s", self.held.name, error)

    def _opened(self, name: str) -> Snapshot:
        """A generation, every byte of it checked, and warm: its first answer has been given."""
        snapshot = Snapshot(generations.verified(self._index, name))
        find(SearchRequest(fold=True), snapshot)
        return snapshot

    def find(self, request: SearchRequest, snapshot: Snapshot | None = None) -> Answer:
        """Which publications answer a search, in what order, and what they have."""
        return find(request, snapshot or self.snapshot())

    def search(self, request: SearchRequest, snapshot: Snapshot | None = None) -> Results:
        """The answer to a search, with all that is shown of it."""
        return results(find(request, snapshot or self.snapshot()))

    def suggest(
        self, text: str, filters: Filters, snapshot: Snapshot | None = None
    ) -> list[Suggestion]:
        """What may be meant by a text that is being typed, within what is ticked."""
        return suggesting.suggest(text, snapshot or self.snapshot(), filters=filters)


def prepare(snapshot: Snapshot) -> None:
    """Makes what words are read by, which would else be made when the first are asked."""
    spelling.of(snapshot)
    meaning.prepare(snapshot)
    concepts.of(snapshot).prepare()
    suggesting.suggest("aa", snapshot)


def open_engine(index: Path) -> Engine:
    """An engine on the live generation. Raises IndexMissing or IndexOutdated."""
    engine = Engine(index)
    engine.snapshot()
    return engine
