"""The search engine: `Engine` owns the live searcher, replaces it, and runs searches.

It turns a `SearchRequest` into `Results` and knows nothing of HTTP. Pages, the API and the command
line use `Engine` and `Searcher` only. `open_searcher` chooses the store: nothing else in the engine
knows the arrays of a local index.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from threading import Lock, Thread
from time import monotonic, sleep
from typing import NamedTuple
from weakref import ref

from indexer.codec.segment import array_file
from indexer.generations import directory
from indexer.generations.manifest import Generation, IndexUnusable
from search_app.engine.admission import Busy, Lane
from search_app.engine.arrays.store import ArrayStore
from search_app.engine.deadline import OverBudget, Stopwatch
from search_app.engine.request import SearchRequest
from search_app.engine.results import Results
from search_app.engine.search import Searcher
from search_app.engine.snapshot import loader
from search_app.engine.snapshot.loader import Check
from search_app.engine.snapshot.snapshot import ReadArrays, Snapshot

__all__ = [
    "Busy",
    "Care",
    "Engine",
    "OverBudget",
    "SearchRequest",
    "Searcher",
    "open_engine",
    "open_searcher",
]

log = logging.getLogger(__name__)

LOOKED = 1.0
"""Seconds between two checks for a new generation."""
RETRIED = 60.0
"""Seconds until a generation that could not be opened is tried again. The cause may be
temporary."""


class Care(NamedTuple):
    """Settings for opening a generation.

    A generation of at most `memory` bytes is read into memory, a larger one is mapped. Opening
    waits up to `patience` seconds for the check of the files. The rest of it runs in the
    background.
    """

    memory: int = 0
    patience: float = 10.0


class Engine:
    """A search engine on the live generation of an index.

    A request keeps the searcher it started with. No response mixes two generations. No request
    opens a generation or looks for one: `refresh` opens the live generation in the background,
    checks and prepares it, and then replaces `held`. A server calls `watch`, which refreshes every
    second. If the live generation cannot be opened, the one in use stays in use, and the error is
    logged once. Threads may share an engine.

    A search may take `budget` milliseconds. Expensive searches run one at a time.

    `index` is the index folder. `held` is the searcher in use, or None. `failed` is the name of a
    live generation that could not be opened or is damaged. It is empty if the index is missing.
    `settle` is called after each switch, and by every refresh until the former searcher is freed.
    """

    def __init__(self, index: Path, care: Care = Care(), budget: float = inf) -> None:  # noqa: B008
        self.index, self._care, self._budget = index, care, budget
        self._costly = Lane()
        self._lock = Lock()
        self._is_begun = False
        self._check: Check | None = None
        self._error: Exception | None = None
        self._tried = 0.0
        self.held: Searcher | None = None
        self.failed: str | None = None
        self.settle: Callable[[], object] = lambda: None
        self._former: Callable[[], Searcher | None] = lambda: None

    def searcher(self) -> Searcher:
        """Return the generation in use. Only the first call opens one.

        Raise IndexMissing, IndexOutdated or OSError if none could be opened.
        """
        if not self._is_begun:
            self.refresh()
        if self.held is None:
            assert self._error is not None
            raise self._error.with_traceback(None)  # each raise would extend the traceback
        return self.held

    def watch(self) -> None:
        """Refresh every second, in a thread of this process and of each process forked from it.

        A fork waits while a generation is being opened, so no process inherits half of one.
        """
        os.register_at_fork(
            before=self._lock.acquire,
            after_in_parent=self._lock.release,
            after_in_child=self._begin_again,
        )
        self._begin_watching()

    def _begin_again(self) -> None:
        self._lock.release()
        self._begin_watching()

    def _begin_watching(self) -> None:
        Thread(target=self._refresh_for_ever, name="refresh", daemon=True).start()

    def _refresh_for_ever(self) -> None:
        while True:
            sleep(LOOKED)
            self.refresh()

    def is_behind(self) -> bool:
        """Return whether `refresh` has work to do. Only the file `CURRENT` is read."""
        live = self._live_name()
        if self.held is None or self.held.name != live:
            return live != self.failed or monotonic() - self._tried > RETRIED
        return self._is_left_behind() or self.failed != self._damaged()

    def refresh(self) -> None:
        """Open the live generation and switch to it, unless it is in use. Return when it is done.

        A generation that cannot be opened is logged once and tried again after RETRIED seconds.
        """
        with self._lock:
            if not self._is_begun or self.is_behind():
                self._catch_up()
            if self._former() is not None:
                self.settle()
            self._is_begun = True

    def _catch_up(self) -> None:
        live = self._live_name()
        if self.held is None or self.held.name != live:
            self._take_up(live)
        elif self._check and self._is_left_behind():
            self._check = Check(self._check.generation, self._check.contents)
            self._check.start()
        else:
            self._tell_damage()

    def _live_name(self) -> str:
        with suppress(IndexUnusable, OSError):
            return directory.current_name(self.index)
        return ""

    def _take_up(self, name: str) -> None:
        """Switch to a generation. If it cannot be opened, record the error and log it once."""
        self._tried = monotonic()
        try:
            searcher, check = self._opened(name or directory.current_name(self.index))
        except Exception as error:
            if (live := self._live_name()) not in {"", name}:
                self._take_up(live)  # a build removed it in the meantime
                return
            if self.held and self.failed != name:
                unforeseen = None if isinstance(error, IndexUnusable | OSError) else error
                log.error("%s stays in use: %s", self.held.name, error, exc_info=unforeseen)
            self.failed, self._error = name, error
            return
        if self.held is not None:
            self._former = ref(self.held)
        self.held, self._check, self.failed, self._error = searcher, check, None, None
        self.settle()

    def _opened(self, name: str) -> tuple[Searcher, Check]:
        """Open and check a generation, and derive everything that a search needs from it.

        Raise IndexOutdated if a file is missing or damaged, and OSError.
        """
        generation = directory.load(self.index, name)
        contents = loader.contents(generation, self._care.memory)
        check = Check(generation, contents)
        check.start()
        check.join(self._care.patience)
        if check.wrong:
            raise directory.damaged(name, check.wrong)
        searcher = open_searcher(generation, lambda file: loader.arrays_of(file, contents))
        searcher.prepare()
        return searcher, check

    def _is_left_behind(self) -> bool:
        """Return whether the check was lost in a fork: it has no result and no running thread."""
        check = self._check
        return check is not None and check.wrong is None and not check.is_alive()

    def _damaged(self) -> str | None:
        """Return the name of the generation in use if its check found damage, or None."""
        return self._check.generation.name if self._check and self._check.wrong else None

    def _tell_damage(self) -> None:
        self.failed = self._damaged()
        if self._check and self._check.wrong:
            log.error("%s", directory.damaged(self._check.generation.name, self._check.wrong))

    def search(self, request: SearchRequest) -> Results:
        """Return the results of a search of the generation in use. Raise OverBudget or Busy."""
        with self.answered(request, self.searcher()) as results:
            return results

    @contextmanager
    def answered(self, request: SearchRequest, searcher: Searcher) -> Iterator[Results]:
        """Yield the results of a search. Raise OverBudget or Busy.

        No other expensive search starts until the context ends, so rendering counts as well.
        """
        with self._costly.entered(searcher.store.estimate(request)) as give_way:
            yield searcher.search(request, Stopwatch(self._budget, give_way))


def open_searcher(generation: Generation, read: ReadArrays = array_file.read) -> Searcher:
    """Return a searcher of a local generation. `read` returns the arrays of a file.

    Raise IndexOutdated if the generation has another format or is damaged.
    """
    snapshot = Snapshot(generation, read)
    return Searcher(generation, ArrayStore(snapshot), snapshot.vocabulary)


def open_engine(index: Path) -> Engine:
    """Return an engine on the live generation. Raise IndexMissing, IndexOutdated or OSError."""
    engine = Engine(index)
    engine.searcher()
    return engine
