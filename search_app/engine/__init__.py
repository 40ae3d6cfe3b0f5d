"""The search engine: `Engine` owns the live searcher, replaces it, and runs searches.

It turns a `SearchRequest` into `Results` and does not depend on HTTP. Pages, the API and the
command line use `Engine` and `Searcher` only. A folder is opened by `local_index`, and an address
of a cluster by `cluster_index`. No other part of the engine depends on the store.
"""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from math import inf
from pathlib import Path
from threading import Lock, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Self
from weakref import ref

from indexer.analysis.embeddings import Encoder
from indexer.catalogue.records import Publication
from indexer.cluster.connection import ClusterAddress, connect, parse_address
from indexer.generations.manifest import IndexUnusable
from indexer.generations.publish import LastBuild
from search_app.engine.admission import AdmissionControl, TooBusy
from search_app.engine.deadline import BudgetExceeded, Deadline
from search_app.engine.local_index import LoadOptions, LocalIndex, open_searcher
from search_app.engine.pacing import pause_often
from search_app.engine.request import InvalidRequest, SearchRequest
from search_app.engine.results import FileMatch, Results, Suggestion
from search_app.engine.search import Searcher
from search_app.engine.snapshot.loader import IntegrityCheck
from search_app.engine.store import StoreUnavailable

if TYPE_CHECKING:
    from search_app.engine.cluster_index import ClusterIndex

__all__ = [
    "BudgetExceeded",
    "Engine",
    "InvalidRequest",
    "LoadOptions",
    "SearchRequest",
    "Searcher",
    "StoreUnavailable",
    "TooBusy",
    "open_searcher",
]

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
"""Seconds between two checks for a new generation."""
RETRY_SECONDS = 60.0
"""Seconds until a generation that could not be opened is tried again. The cause may be
temporary."""


class Engine:
    """A search engine on the live generation of an index.

    A request keeps the searcher it started with. No response mixes two generations. No request
    opens a generation or looks for one: `refresh` opens the live generation in the background,
    checks and prepares it, and then replaces `current`. A server calls `watch`, which refreshes
    every second, and pauses often meanwhile. If the live generation cannot be opened, the one in
    use stays in use, and the error is logged once. Threads may share an engine.

    A search may take `budget` milliseconds. Expensive searches run one at a time.

    `index` is the path of the index folder, or the URL of an index in a cluster. Another URL raises
    AddressError. `current` is the searcher in use, or None. `failed` is the name of a live
    generation that could not be opened or is damaged. It is empty if the index is missing.
    `on_reload` is called after each switch, and by every refresh until the previous searcher
    is freed. `on_search` gets the time of each stage of each search in milliseconds, also if the
    search fails.
    """

    def __init__(
        self,
        index: str | Path | ClusterAddress,
        options: LoadOptions = LoadOptions(),  # noqa: B008
        budget: float = inf,
    ) -> None:
        self.index = (parse_address(index) or Path(index)) if isinstance(index, str) else index
        self.options, self._budget = options, budget
        self._generations = _make_index(self.index, options)
        self._admission = AdmissionControl()
        self._lock = Lock()
        self._check: IntegrityCheck | None = None
        self._error: Exception | None = None
        self._tried = 0.0
        self.current: Searcher | None = None
        self.failed: str | None = None
        self.on_reload: Callable[[], object] = lambda: None
        self.on_search: Callable[[Mapping[str, float]], object] = lambda _stages: None
        self._previous: Callable[[], Searcher | None] = lambda: None

    @classmethod
    def open(
        cls,
        index: str | Path | ClusterAddress,
        encoder: Encoder | None = None,
        work: Path | None = None,
    ) -> Self:
        """Return an engine that has opened the live generation. Raise IndexUnusable or OSError.

        `encoder` and `work`: see LoadOptions.
        """
        engine = cls(index, LoadOptions(encoder=encoder, work=work))
        engine.get_searcher()
        return engine

    def get_searcher(self) -> Searcher:
        """Return the generation in use. Only the first call opens one.

        Raise IndexMissing, IndexOutdated or OSError if none could be opened.
        """
        if self.current is None and self._error is None:
            self.refresh()
        if self.current is None:
            assert self._error is not None
            raise self._error.with_traceback(None)  # each raise would extend the traceback
        return self.current

    def watch(self) -> None:
        """Refresh every second, in a thread of this process and of each process forked from it.

        A fork waits while a generation is being opened, so no process inherits half of one.
        """
        release = self._lock.release
        os.register_at_fork(
            before=self._lock.acquire, after_in_parent=release, after_in_child=release
        )
        os.register_at_fork(after_in_child=self._start_watching)
        self._start_watching()

    def _start_watching(self) -> None:
        Thread(target=self._refresh_forever, name="refresh", daemon=True).start()

    def _refresh_forever(self) -> None:
        while True:
            sleep(REFRESH_SECONDS)
            # Before the first generation, no request can be delayed.
            with pause_often() if self.current else nullcontext():
                self.refresh()

    def is_behind(self) -> bool:
        """Return whether `refresh` has work to do. Only the name of the live generation is read."""
        live = self._read_live_name()
        if self.current is None or self.current.name != live:
            return live != self.failed or monotonic() - self._tried > RETRY_SECONDS
        return self._is_check_interrupted() or self.failed != self._find_damaged()

    def refresh(self) -> None:
        """Open the live generation and switch to it, unless it is in use. Return when it is done.

        A generation that cannot be opened is logged once and tried again after RETRY_SECONDS
        seconds.
        """
        with self._lock:
            if self.is_behind():
                self._catch_up()
            if self._previous() is not None:
                self.on_reload()

    def _catch_up(self) -> None:
        live = self._read_live_name()
        if self.current is None or self.current.name != live:
            self._load_generation(live)
        elif self._check and self._is_check_interrupted():
            self._check = self._check.restart()
        else:
            self._log_damage()

    def _read_live_name(self) -> str:
        with suppress(IndexUnusable, OSError):
            return self._generations.read_live_name()
        return ""

    def _load_generation(self, name: str) -> None:
        """Switch to a generation. If it cannot be opened, record the error and log it once."""
        self._tried = monotonic()
        try:
            searcher, check = self._generations.open(name or self._generations.read_live_name())
            if self.options.prepared:
                searcher.prepare()
        except Exception as error:
            if (live := self._read_live_name()) not in {"", name}:
                self._load_generation(live)  # a build removed it in the meantime
                return
            if self.current and self.failed != name:
                unexpected = None if isinstance(error, IndexUnusable | OSError) else error
                log.error(
                    "the generation %s stays in use: %s",
                    self.current.name,
                    error,
                    exc_info=unexpected,
                )
            self.failed, self._error = name, error
            return
        if self._previous() is not None:
            # A cycle that a request left may hold it, and `on_reload` may have frozen the cycle.
            gc.unfreeze()
        if self.current is not None:
            self._previous = ref(self.current)
        self.current, self._check, self.failed, self._error = searcher, check, None, None
        self.on_reload()

    def _is_check_interrupted(self) -> bool:
        """Return whether the check was lost in a fork: it has no result and no running thread."""
        check = self._check
        return check is not None and check.errors is None and not check.is_alive()

    def _find_damaged(self) -> str | None:
        """Return the name of the generation in use if its check found damage, or None."""
        return self._check.generation.name if self._check and self._check.errors else None

    def _log_damage(self) -> None:
        self.failed = self._find_damaged()
        if self._check and (error := self._check.make_error()):
            log.error("%s", error)

    def read_last_build(self) -> LastBuild | None:
        """Return the outcome of the last build of the index, or None if it can't be read."""
        return self._generations.read_last_build()

    def search(self, request: SearchRequest | str) -> Results:
        """Return the results of a search of the live index. A text is a request without filters.

        Raise InvalidRequest, BudgetExceeded, TooBusy or StoreUnavailable.
        """
        with self.answer(request, self.get_searcher()) as results:
            return results

    @contextmanager
    def answer(self, request: SearchRequest | str, searcher: Searcher) -> Iterator[Results]:
        """Yield the results of a search. Raise BudgetExceeded, TooBusy or StoreUnavailable.

        No other expensive search starts until the context ends, so rendering counts as well.
        """
        with self._admit(request, searcher) as deadline:
            yield searcher.search(request, deadline)
            deadline.finish("render")

    @contextmanager
    def list_dated_ids(
        self, request: SearchRequest, searcher: Searcher
    ) -> Iterator[Sequence[tuple[str, int]]]:
        """Yield the ids of the hits of a page with the times of their changes, as in `answer`."""
        with self._admit(request, searcher) as deadline:
            yield searcher.list_dated_ids(request, deadline)
            deadline.finish("render")

    def find_in_files(
        self, identity: str, request: SearchRequest, searcher: Searcher
    ) -> Sequence[FileMatch]:
        """Return the pages with words of a text in the files of a publication, with passages.

        It is admitted as any search. Raise the errors of `search`.
        """
        with self._admit(request, searcher) as deadline:
            return searcher.find_in_files(identity, request, deadline)

    def suggest(
        self, text: str, within: SearchRequest, language: str, searcher: Searcher
    ) -> list[Suggestion]:
        """Return suggestions for a text that is being typed: see `Searcher.suggest`.

        They are admitted as any search. Raise the errors of `search`.
        """
        with self._admit(within, searcher) as deadline:
            return searcher.suggest(text, within, language, deadline)

    def scan(self, request: SearchRequest, searcher: Searcher) -> Iterator[Publication]:
        """Return all hits of a search in order. Raise the errors of `search`.

        The search is admitted as any other, and is complete on return. Taking the hits is not part
        of it, so a slow reader of them delays no search. It pauses while cheap searches run.
        """
        with self._admit(request, searcher) as deadline:
            return self._admission.pace(searcher.scan(request, deadline))

    @contextmanager
    def _admit(self, request: SearchRequest | str, searcher: Searcher) -> Iterator[Deadline]:
        """Admit a search, and yield its deadline. Report its stages, also if it fails."""
        with self._admission.admit(searcher.estimate_cost(request)) as yield_to_others:
            deadline = Deadline(self._budget, yield_to_others)
            try:
                yield deadline
            finally:
                self.on_search(deadline.stages)


def _make_index(index: Path | ClusterAddress, options: LoadOptions) -> LocalIndex | ClusterIndex:
    """Return the generations of an index. Raise ClusterError if the extra for it is missing."""
    if isinstance(index, Path):
        return LocalIndex(index, options)
    client = connect(index)
    # It needs the extra `opensearch`.
    from search_app.engine.cluster_index import ClusterIndex

    return ClusterIndex(client, index, options.work)
