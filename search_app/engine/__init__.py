"""The engine: it answers a `SearchRequest` with `Results`, and knows nothing of HTTP.

The way of a query: `parse` makes a tree of what was typed, `match` finds the publications,
`score` weighs them, `facets` counts them, `passages` shows where the words stand; `search`
goes this way from end to end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from typing import NamedTuple

from msgspec.structs import replace

from indexer import generations
from indexer.manifest import IndexMissing, IndexUnusable
from search_app.engine import concepts, meaning, opening, spelling
from search_app.engine import suggest as suggesting
from search_app.engine.lane import Busy, Lane, estimate
from search_app.engine.opening import Check
from search_app.engine.request import SearchRequest, within
from search_app.engine.results import Results
from search_app.engine.search import Answer, find, results
from search_app.engine.snapshot import Snapshot
from search_app.engine.stages import OverBudget, Stopwatch
from search_app.engine.suggest import Filters, Suggestion

__all__ = ["Busy", "Care", "Engine", "OverBudget", "SearchRequest", "open_engine"]

log = logging.getLogger(__name__)

WAITED = 1.0
"""How many seconds a request that sees a new generation waits for it, before it is answered
from the one held."""
RETRIED = 60.0
"""After so many seconds a generation that could not be taken up is tried again: what was wrong
may have passed."""


class Care(NamedTuple):
    """How a generation is opened.

    It is held in memory if it has at most so many bytes. For so many seconds its check is waited
    for; what is left of it then goes on beside requests.
    """

    memory: int = 0
    patience: float = 10.0


class Engine:
    """Answers searches from the live generation of an index, and takes up the next.

    Whoever asks keeps the snapshot that the question began with, so that an answer is never
    mixed from two generations. The first is opened when it is first asked for, which a server does
    at its start. From then on generations are checked, opened and warmed in a thread of
    their own; meanwhile, and if one can't be opened, the one held goes on answering. What
    can't be opened is told once. Safe to share between threads, and to fork while no
    generation is being taken up.

    A search may take `budget` milliseconds. Costly ones go one at a time.

    `index` is the index's folder, `held` the snapshot in use, if there is one; `failed` the name
    of a live generation that could not be taken up, empty where the index is gone. `taken` is
    called when one was.
    """

    def __init__(self, index: Path, care: Care = Care(), budget: float = inf) -> None:  # noqa: B008
        self.index, self._care, self._budget = index, care, budget
        self._costly = Lane()
        self._lock = Lock()
        self._taking: tuple[str, Thread] | None = None
        self._is_begun = False
        self._check: Check | None = None
        self._error: Exception | None = None
        self._tried = 0.0
        self.held: Snapshot | None = None
        self.failed: str | None = None
        self.taken: Callable[[], object] = lambda: None

    def snapshot(self) -> Snapshot:
        """The live generation, or the last good one.

        Raises IndexMissing, IndexOutdated or OSError if none can be had.
        """
        if not self._is_begun:
            self._begin()
        live, held = self._live_name(), self.held
        if held and held.name == live:
            self.failed = live if self._is_found_damaged(held) else None
        elif live != self.failed or monotonic() - self._tried > RETRIED:
            self._taken_up(live).join(WAITED)
        if self.held is None:
            error = self._error or IndexMissing(f"{live} is being opened", "Wait a little")
            raise error.with_traceback(None)  # which would grow each time that it is raised
        return self.held

    def _begin(self) -> None:
        with self._lock:
            if not self._is_begun:
                self._take_up(self._live_name())
                self._is_begun = True

    def _live_name(self) -> str:
        with suppress(IndexUnusable, OSError):
            return generations.current_name(self.index)
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
        """Holds a generation from now on; or notes why it can't, and tells that once."""
        if self.held and self.held.name == name:
            return
        self._tried = monotonic()
        try:
            snapshot, check = self._opened(name or generations.current_name(self.index))
        except Exception as error:
            if (live := self._live_name()) not in {"", name}:
                self._take_up(live)  # it was gone, as others came meanwhile
                return
            if self.held and self.failed != name:
                unforeseen = None if isinstance(error, IndexUnusable | OSError) else error
                log.error("%s stays in use: %s", self.held.name, error, exc_info=unforeseen)
            self.failed, self._error = name, error
            return
        self.held, self._check, self.failed, self._error = snapshot, check, None, None
        concepts.of(snapshot).prepare()
        self.taken()

    def _opened(self, name: str) -> tuple[Snapshot, Check]:
        """A generation, checked, and warm: its first answer has been given."""
        generation = generations.load(self.index, name)
        contents = opening.contents(generation, self._care.memory)
        check = Check(generation, contents)
        check.start()
        check.join(self._care.patience)
        if check.wrong:
            raise generations.damaged(name, check.wrong)
        snapshot = Snapshot(generation, lambda file: opening.arrays_of(file, contents))
        find(SearchRequest(fold=True), snapshot)
        prepare(snapshot)
        return snapshot, check

    def _is_found_damaged(self, held: Snapshot) -> bool:
        """Whether what is held turned out not to be as it was written, once all was checked."""
        check = self._check
        if check is None:
            return self.failed == held.name
        if check.wrong is None and not check.is_alive():  # it was left behind by a fork
            self._check = Check(check.generation, check.contents)
            self._check.start()
        elif check.wrong is not None:
            self._check = None
        if check.wrong:
            log.error("%s", generations.damaged(held.name, check.wrong))
        return bool(check.wrong)

    def find(self, request: SearchRequest, snapshot: Snapshot | None = None) -> Answer:
        """Which publications answer a search, in what order, and what they have."""
        return find(request, snapshot or self.snapshot())

    def search(self, request: SearchRequest, snapshot: Snapshot | None = None) -> Results:
        """The answer to a search, with all that is shown of it. Raises OverBudget and Busy."""
        with self.answered(request, snapshot or self.snapshot()) as found:
            return found

    @contextmanager
    def answered(self, request: SearchRequest, snapshot: Snapshot) -> Iterator[Results]:
        """The same for whoever has to show it: until that is done, no other costly one begins."""
        text, beyond = within(request.text)
        request = replace(request, text=text, beyond=request.beyond + beyond)
        with self._costly.entered(estimate(request, snapshot)) as give_way:
            yield results(find(request, snapshot, Stopwatch(self._budget, give_way)))

    def suggest(
        self, text: str, filters: Filters, snapshot: Snapshot | None = None
    ) -> list[Suggestion]:
        """What may be meant by a text that is being typed, within what is ticked."""
        return suggesting.suggest(text, snapshot or self.snapshot(), filters=filters)


def prepare(snapshot: Snapshot) -> None:
    """Makes what words are read by, which no request is to wait for."""
    spelling.of(snapshot)
    meaning.prepare(snapshot)
    suggesting.suggest("aa", snapshot)


def open_engine(index: Path) -> Engine:
    """An engine on the live generation. Raises IndexMissing or IndexOutdated."""
    engine = Engine(index)
    engine.snapshot()
    return engine
